"""Ways to a runner beside the mail: set up, tried out, sent to, and switched off where they take nothing any more."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final, Literal

from loadwatch.domain.findings import RED
from loadwatch.domain.text import Speech, Units, render, say
from loadwatch.emails import EmailContent
from loadwatch.services.channel_ports import Push, Sender
from loadwatch.services.errors import ChannelRefused, LoadwatchError, MailRefused, NotYours
from loadwatch.services.ports import Clock, Database, Tx
from loadwatch.services.telling_ports import Channel

Kind = Literal["apprise", "web_push"]

MAX_CHANNELS: Final = 10
"""Of one athlete. Design choice: a phone, a watch, a browser or two, a club's room."""

MAX_NAME: Final = 100
MAX_ADDRESS: Final = 2000

SEVERITIES: Final = (2, 3, RED)
"""What a channel can be set to begin with: caution, act, red flags alone."""

_SOMETHING: Final = say("loadwatch has something for you")
_DISCREET: Final = {
    "alert": (_SOMETHING, say("There is an alert. Open loadwatch to read it.")),
    "weekly": (_SOMETHING, say("Your summary of the week is there.")),
    "ask": (_SOMETHING, say("There is a question for you.")),
}
_DISCREET_ELSE: Final = (_SOMETHING, say("Open loadwatch to read it."))
_DISCREET_RED: Final = (say("Please open loadwatch now"), say("There is a message that should not wait."))


class InvalidChannel(LoadwatchError):
    """Something of a channel cannot be so; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """
    What its owner sets of a channel.

    Attributes
    ----------
    name : str
        Empty: what its service is called.
    least_severity : int
        One of `SEVERITIES`.
    """

    name: str = ""
    least_severity: int = 2
    takes_weekly: bool = False
    takes_asks: bool = False
    is_discreet: bool = True


class ChannelService:
    """
    Keeps the channels of athletes and sends to them.

    Parameters
    ----------
    senders : mapping
        For each kind of channel how to come by its sender; asked for only when one is needed.
    speech : callable
        A language by its code, with units.
    """

    def __init__(
        self,
        database: Database,
        senders: Mapping[Kind, Callable[[], Sender]],
        clock: Clock,
        speech: Callable[[str, Units], Speech],
        base_url: str,
    ) -> None:
        self._database = database
        self._senders = senders
        self._clock = clock
        self._speech = speech
        self._base_url = base_url

    def channels(self, athlete_id: int) -> list[Channel]:
        """All of an athlete, the oldest first."""
        with self._database.read() as tx:
            return tx.channels(athlete_id)

    def channel(self, athlete_id: int, channel_id: int) -> Channel:
        """
        Raises
        ------
        NotYours
        """
        with self._database.read() as tx:
            return _mine(tx, athlete_id, channel_id)

    def add(self, athlete_id: int, kind: Kind, address: str, wishes: Wishes) -> Channel:
        """
        Keep a channel; nothing is sent yet.

        Raises
        ------
        InvalidChannel
            If nothing can be sent to the address, or something else cannot be so.
        """
        address = address.strip()
        if not address:
            raise InvalidChannel(say("Enter an address, like ntfys://ntfy.sh/the-name-of-your-topic."))
        if len(address) > MAX_ADDRESS:
            raise InvalidChannel(say("That is longer than an address can be."))
        _check(wishes)
        with self._database.read() as tx:
            if tx.is_sample(athlete_id):
                raise InvalidChannel(say("The sample runner sends nothing. Make an account of your own for that."))
            known = tx.channels(athlete_id)
            if any(tx.channel_address(each.id) == address for each in known):
                raise InvalidChannel(say("This one is on the list already."))
            if len(known) >= MAX_CHANNELS:
                raise InvalidChannel(say("There are {n} ways already: remove one first.", n=MAX_CHANNELS))
        checked = self._senders[kind]().check(address)
        given = asdict(wishes) | {"name": wishes.name.strip() or checked.service[:MAX_NAME]}
        with self._database.write() as tx:
            channel_id = tx.add_channel(athlete_id, kind, checked, **given, created_at=self._clock())
            return _mine(tx, athlete_id, channel_id)

    def change(self, athlete_id: int, channel_id: int, wishes: Wishes) -> None:
        """
        Raises
        ------
        InvalidChannel, NotYours
        """
        _check(wishes)
        given = {name: value for name, value in asdict(wishes).items() if name != "name" or value.strip()}
        with self._database.write() as tx:
            if not tx.change_channel(athlete_id, channel_id, **given):
                raise NotYours(f"channel {channel_id}")

    def remove(self, athlete_id: int, channel_id: int) -> None:
        """
        Raises
        ------
        NotYours
        """
        with self._database.write() as tx:
            if not tx.delete_channel(athlete_id, channel_id):
                raise NotYours(f"channel {channel_id}")

    def test(self, athlete_id: int, channel_id: int) -> None:
        """
        Send a test now; where it is taken, a channel that was switched off works again.

        Raises
        ------
        MailRefused, MailDelayed, MailUncertain
            If it was not taken; the text says what to do.
        NotYours
        """
        channel = self.channel(athlete_id, channel_id)
        with self._database.read() as tx:
            if tx.is_sample(athlete_id):
                raise MailRefused(say("The sample runner sends nothing."))
            profile = tx.athlete(athlete_id)
        assert profile is not None  # the channel is theirs
        speech = self._speech(profile.language, profile.units)
        content = EmailContent(
            subject=render(say("A test from loadwatch"), speech),
            text="",
            html="",
            short=render(say("It arrived: this is how loadwatch reaches you here."), speech),
            url=f"{self._base_url}/settings/channels",
        )
        self._send(channel, content, kind="test", is_red=False)

    def send(self, channel_id: int, content: EmailContent, *, kind: str, severity: int, at: datetime) -> None:  # noqa: ARG002
        """As `telling_ports.Pusher` promises."""
        with self._database.read() as tx:
            channel = tx.channel(channel_id)
        if channel is None:
            raise MailRefused(say("This way was removed."))
        is_red = severity >= RED
        if channel.disabled_at is not None and not is_red:
            raise MailRefused(say("This way is switched off."))
        self._send(channel, content, kind=kind, is_red=is_red)

    def _send(self, channel: Channel, content: EmailContent, *, kind: str, is_red: bool) -> None:
        with self._database.read() as tx:
            push = self._push(tx, channel, content, kind=kind, is_red=is_red)
            address = tx.channel_address(channel.id)
        try:
            self._senders[channel.kind]().send(address, push)
        except ChannelRefused as error:
            with self._database.write() as tx:
                tx.note_channel(channel.id, disabled_at=self._clock(), why=error.words)
            raise
        with self._database.write() as tx:
            tx.note_channel(channel.id, ok_at=self._clock())

    def _push(self, tx: Tx, channel: Channel, content: EmailContent, *, kind: str, is_red: bool) -> Push:
        if not channel.is_discreet:
            return Push(content.subject, content.short, content.url, is_red)
        profile = tx.athlete(channel.athlete_id)
        assert profile is not None  # the channel is theirs
        speech = self._speech(profile.language, profile.units)
        title, words = _DISCREET_RED if is_red else _DISCREET.get(kind, _DISCREET_ELSE)
        return Push(render(title, speech), render(words, speech), content.url, is_red)


def _mine(tx: Tx, athlete_id: int, channel_id: int) -> Channel:
    found = next((each for each in tx.channels(athlete_id) if each.id == channel_id), None)
    if found is None:
        raise NotYours(f"channel {channel_id}")
    return found


def _check(wishes: Wishes) -> None:
    if len(wishes.name) > MAX_NAME or not wishes.name.isprintable():
        raise InvalidChannel(say("Give it a name of at most {n} characters.", n=MAX_NAME))
    if wishes.least_severity not in SEVERITIES:
        raise InvalidChannel(say("Choose from which alerts on it is told."))
