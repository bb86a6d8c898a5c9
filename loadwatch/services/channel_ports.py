"""What channels need of the store, and of the outside."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from loadwatch.services.telling_ports import Channel


@dataclass(frozen=True, slots=True)
class Push:
    """
    What a channel is handed.

    Attributes
    ----------
    title, words, url : str
        The page that it opens is the url.
    is_urgent : bool
        A red flag: it may ring where other things wait.
    """

    title: str
    words: str
    url: str
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """
    An address that can be sent to.

    Attributes
    ----------
    address : str
        As it is kept.
    service : str
        What the service behind it is called: "ntfy".
    shown : str
        The address without its secrets.
    """

    address: str
    service: str
    shown: str


class Sender(Protocol):
    """One kind of channel's way out."""

    def check(self, address: str) -> Checked:
        """
        Raises
        ------
        InvalidChannel
            If nothing can be sent there; the text says what to do.
        """

    def send(self, address: str, push: Push) -> None:
        """
        Raises
        ------
        ChannelRefused, MailRefused, MailDelayed, MailUncertain
            See `services.errors`.
        """


class ChannelTx(Protocol):
    """The part of a transaction that holds channels."""

    def add_channel(
        self, athlete_id: int, kind: Literal["apprise", "web_push"], checked: Checked, **wishes: Any
    ) -> int:
        """Its id; `wishes` are the columns that its owner sets, and `created_at`."""
        ...

    def channel(self, channel_id: int) -> Channel | None:
        """Whoever's it is: for what has been written to be sent there."""
        ...

    def channel_address(self, channel_id: int) -> str: ...

    def change_channel(self, athlete_id: int, channel_id: int, **changes: Any) -> bool:
        """Whether there was such a channel of this athlete."""
        ...

    def delete_channel(self, athlete_id: int, channel_id: int) -> bool: ...

    def note_channel(
        self,
        channel_id: int,
        *,
        ok_at: datetime | None = None,
        disabled_at: datetime | None = None,
        why: str | None = None,
    ) -> None:
        """What came of sending: it arrived (which also switches it on again), or it is refused for good."""
        ...

    def server_key(self, name: str, make: Callable[[], str], now: datetime) -> str:
        """A secret of this server; made and kept when it is first asked for."""
        ...
