"""Each kind of mail as a mail server receives it: its headers, both of its forms, its links and its pictures."""

import email
import email.policy
import io
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image
from tinyhtml5.parser import HTMLParser as StrictParser

from loadwatch.bootstrap import make_services
from tests.mail_samples import ABOUT
from tests.support import running_smtp_server
from tests.support.mail_samples import MARA, NOAH, Clock, open_house, story
from tests.support.mails import BASE_URL
from tests.support.measuring import app_and_client

HTML_LIMIT = 100_000
"""Of longer ones Gmail shows the beginning. [bytes]"""

STOPPABLE = {"alert-load", "alert-symptom", "ask", "weekly-busy", "weekly-quiet", "weekly-without-data"}
"""Kinds that can be ended by a link; what must not be missed, and what was asked for, cannot."""


@dataclass(frozen=True)
class Arrived:
    """A mail, and the house as it was when the mail left: what its links ask about is there then."""

    name: str
    to: str
    at: datetime
    message: EmailMessage
    data: Path

    @property
    def text(self) -> str:
        return _part(self.message, "plain")

    @property
    def html(self) -> str:
        return _part(self.message, "html")


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content


@pytest.fixture(scope="module")
def arrived(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Arrived]:
    """Each kind, sent by the service that sends them, to a real server."""
    found: dict[str, Arrived] = {}
    folder, clock = tmp_path_factory.mktemp("received"), Clock()
    with running_smtp_server() as server:
        services = open_house(folder / "data", clock, smtp_url=server.url)
        for due in story(services, clock):
            if due.kind == "test":
                with services.store.write() as tx:
                    tx.add_outbox(due.athlete_id, "test", "mail", clock())
            wanted = "alert" if due.kind == "red" else due.kind
            services.notify.deliver_due()
            to = NOAH if due.name == "weekly-without-data" else MARA
            for received in reversed(server.messages):
                message = email.message_from_bytes(received.content, policy=email.policy.default)
                assert isinstance(message, EmailMessage)
                if message["Message-ID"].startswith(f"<{wanted}.") and received.rcpt_tos == [to]:
                    break
            else:
                pytest.fail(f"no mail of the kind {wanted} has arrived")
            data = folder / due.name
            shutil.copytree(folder / "data", data)
            found[due.name] = Arrived(due.name, to, clock(), message, data)
        services.close()
    return found


@pytest.fixture(scope="module", params=sorted(ABOUT))
def mail(request: pytest.FixtureRequest, arrived: dict[str, Arrived]) -> Arrived:
    return arrived[request.param]


@pytest.fixture(scope="module")
def readers(mail: Arrived) -> Iterator[tuple[FlaskClient, FlaskClient]]:
    """Browsers at the house as it was then: of who is logged in, and of whoever has a link."""
    from loadwatch.settings import Settings

    settings = Settings(data_dir=mail.data, secret_key="k", base_url=BASE_URL)  # type: ignore[arg-type]
    services = make_services(settings, clock=lambda: mail.at)
    app, owner = app_and_client(services, mail.to)
    yield owner, app.test_client()
    services.close()


class Links(HTMLParser):
    """What a page points to, and what it shows."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.images: list[str] = []
        self.words: list[str] = []
        self._hidden = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {key: value or "" for key, value in attrs}
        if tag == "a":
            self.links.append(told["href"])
        if tag == "img":
            self.images.append(told["src"])
            self.words.append(told["alt"])
        if tag in ("style", "title"):
            self._hidden = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._hidden:
            self._hidden = ""

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def numbers(words: str) -> set[str]:
    """The numbers that a reader sees; those in addresses are none."""
    return set(re.findall(r"\d+(?:[.:]\d+)*", re.sub(r"https?://\S+", "", words)))


def test_its_headers_say_from_whom_when_and_how_to_end_it(mail: Arrived) -> None:
    message = mail.message

    assert message["From"] == "loadwatch <runs@run.example>"
    assert message["To"] == mail.to
    assert message["Date"].datetime == mail.at
    assert re.fullmatch(r"<[a-z]+\.[\w.-]+\.\d+@run\.example>", message["Message-ID"])
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "en"
    assert len(message.get_all("Subject")) == 1
    assert 0 < len(message["Subject"]) <= 78
    if mail.name in STOPPABLE:
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert re.fullmatch(rf"<{BASE_URL}/r/[\w-]+>", message["List-Unsubscribe"])
    else:
        assert (message["List-Unsubscribe"], message["List-Unsubscribe-Post"]) == (None, None)


def test_its_text_comes_first_and_pictures_belong_to_the_page(mail: Arrived) -> None:
    types = [part.get_content_type() for part in mail.message.walk()]

    page = ["multipart/related", "text/html", *["image/png"] * types.count("image/png")]
    assert types == ["multipart/alternative", "text/plain", *(page if "image/png" in types else ["text/html"])]


def test_both_forms_tell_every_number_and_lead_to_the_same_pages(mail: Arrived) -> None:
    page = Links(mail.html)

    shown = " ".join(page.words)
    assert numbers(mail.text) == numbers(shown)
    in_text = set(re.findall(rf"{BASE_URL}[\w/.#?=&-]*", mail.text))
    assert set(page.links) <= in_text | {BASE_URL}


def test_its_page_is_sound_and_short_enough(mail: Arrived) -> None:
    parser = StrictParser()
    parser.parse(mail.html)

    assert parser.errors == []
    assert len(mail.html.encode()) < HTML_LIMIT
    assert len(mail.message.as_bytes()) < 2 * HTML_LIMIT


def test_every_picture_that_its_page_shows_travels_with_it(mail: Arrived) -> None:
    sent = {
        part["Content-ID"].strip("<>"): part.get_content()
        for part in mail.message.walk()
        if part.get_content_type() == "image/png"
    }

    assert {f"cid:{name}" for name in sent} == set(Links(mail.html).images)
    for png in sent.values():
        picture = Image.open(io.BytesIO(png))
        picture.load()
        assert picture.width >= 2 * 300  # sharp on a phone


def test_only_mails_about_load_carry_a_picture(arrived: dict[str, Arrived]) -> None:
    assert {name for name, mail in arrived.items() if Links(mail.html).images} == {
        "alert-load",
        "weekly-busy",
        "weekly-quiet",
    }


def test_every_link_opens_and_those_that_answer_need_no_log_in(
    mail: Arrived, readers: tuple[FlaskClient, FlaskClient]
) -> None:
    owner, anybody = readers
    links = Links(mail.html).links
    assert links
    for link in set(links):
        assert link.startswith(BASE_URL)
        path = link.removeprefix(BASE_URL).partition("#")[0] or "/"
        client = anybody if path.startswith("/r/") else owner
        assert client.get(path).status_code == 200, path


def test_an_answer_counts_once(mail: Arrived, readers: tuple[FlaskClient, FlaskClient]) -> None:
    _, anybody = readers
    stop = (mail.message["List-Unsubscribe"] or "").strip("<>")
    answers = [link for link in Links(mail.html).links if "/r/" in link and link != stop]
    for link in answers[:1]:  # of one question the others are no more use then
        path = link.removeprefix(BASE_URL)
        assert "Already answered" not in anybody.get(path).get_data(as_text=True)  # looking answers nothing

        assert "Already answered" not in anybody.post(path).get_data(as_text=True)

        assert "Already answered" in anybody.get(path).get_data(as_text=True)
        assert "Already answered" in anybody.post(path).get_data(as_text=True)


def test_one_click_ends_its_kind_without_a_log_in(mail: Arrived, readers: tuple[FlaskClient, FlaskClient]) -> None:
    owner, anybody = readers
    if mail.name not in STOPPABLE:
        assert "End mails of this kind" not in mail.text
        return
    path = mail.message["List-Unsubscribe"].strip("<>").removeprefix(BASE_URL)

    for _ in range(2):  # mail programs may press twice
        answer = anybody.post(path, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    field = {"alert": "alert_mails", "ask": "ask_mails", "weekly": "weekly_mail"}[mail.name.partition("-")[0]]
    assert f'checked id="{field}"' not in owner.get("/settings").get_data(as_text=True)
