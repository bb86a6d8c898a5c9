"""A mail server that takes everything and notes of each mail to whom, which, how large: as lean as can be."""

import asyncio
import json
import sys
from contextlib import suppress

_MOST: int = 1 << 20


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    to = ""

    def say(line: str) -> None:
        writer.write(f"{line}\r\n".encode())

    say("220 sink")
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            line = (await reader.readuntil(b"\r\n")).decode().strip()
            match line[:4].upper():
                case "EHLO":
                    say("250-sink")
                    say("250 8BITMIME")
                case "RCPT":
                    to = line.partition("<")[2].partition(">")[0]
                    say("250 OK")
                case "DATA":
                    say("354 go on")
                    await writer.drain()
                    content = await reader.readuntil(b"\r\n.\r\n")
                    print(json.dumps(_noted(to, content)), flush=True)
                    say("250 taken")
                case "QUIT":
                    say("221 bye")
                    break
                case _:
                    say("250 OK")
            await writer.drain()
    writer.close()


def _noted(to: str, content: bytes) -> dict[str, object]:
    head = content.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ")
    headers = dict(line.split(b": ", 1) for line in head.split(b"\r\n"))
    return {
        "to": to,
        "id": headers[b"Message-ID"].decode(),
        "bytes": len(content),
        "pictures": content.count(b"Content-Type: image/png"),
    }


async def _serve(port: int) -> None:
    server = await asyncio.start_server(_talk, "127.0.0.1", port, limit=_MOST)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
