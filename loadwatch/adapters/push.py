"""Sending through Apprise, which knows a hundred services: only to those that are one HTTP request away."""

import functools
import importlib
import logging
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Final, cast

import requests
from apprise import AppriseAsset, NotifyFormat, NotifyType, PersistentStoreMode
from apprise.plugins.base import NotifyBase

from loadwatch.adapters.outside import Call, Reach
from loadwatch.domain.text import say
from loadwatch.services.channel_ports import Checked, Push
from loadwatch.services.channels import InvalidChannel
from loadwatch.services.errors import ChannelRefused, MailDelayed, MailRefused, MailUncertain

OWN_SERVERS: Final[Mapping[str, tuple[str, str]]] = {
    **dict.fromkeys(("apprise", "apprises"), ("apprise_api", "NotifyAppriseAPI")),
    **dict.fromkeys(("bark", "barks"), ("bark", "NotifyBark")),
    **dict.fromkeys(("gotify", "gotifys"), ("gotify", "NotifyGotify")),
    **dict.fromkeys(("hassio", "hassios"), ("home_assistant", "NotifyHomeAssistant")),
    **dict.fromkeys(("json", "jsons"), ("custom_json", "NotifyJSON")),
    **dict.fromkeys(("matrix", "matrixs"), ("matrix.base", "NotifyMatrix")),
    **dict.fromkeys(("mmost", "mmosts"), ("mattermost", "NotifyMattermost")),
    **dict.fromkeys(("ncloud", "nclouds"), ("nextcloud", "NotifyNextcloud")),
    **dict.fromkeys(("nctalk", "nctalks"), ("nextcloudtalk", "NotifyNextcloudTalk")),
    **dict.fromkeys(("ntfy", "ntfys"), ("ntfy", "NotifyNtfy")),
    **dict.fromkeys(("rocket", "rockets"), ("rocketchat", "NotifyRocketChat")),
    **dict.fromkeys(("signal", "signals"), ("signal_api", "NotifySignalAPI")),
    **dict.fromkeys(("synology", "synologys"), ("synology", "NotifySynology")),
}
"""Addresses that may name a server of one's own, with Apprise's module and class."""

SERVICES: Final[Mapping[str, tuple[str, str]]] = {
    **OWN_SERVERS,
    "discord": ("discord", "NotifyDiscord"),
    "gchat": ("google_chat", "NotifyGoogleChat"),
    "join": ("join", "NotifyJoin"),
    "line": ("line", "NotifyLine"),
    "pbul": ("pushbullet", "NotifyPushBullet"),
    "pover": ("pushover", "NotifyPushover"),
    "prowl": ("prowl", "NotifyProwl"),
    "psafer": ("pushsafer", "NotifyPushSafer"),
    "psafers": ("pushsafer", "NotifyPushSafer"),
    "slack": ("slack", "NotifySlack"),
    "tgram": ("telegram", "NotifyTelegram"),
    "threema": ("threema", "NotifyThreema"),
    "webex": ("webexteams", "NotifyWebexTeams"),
    "workflow": ("workflows", "NotifyWorkflows"),
    "workflows": ("workflows", "NotifyWorkflows"),
    "wxteams": ("webexteams", "NotifyWebexTeams"),
    "zulip": ("zulip", "NotifyZulip"),
}
"""
What an address may begin with: services that are told by HTTP, and nothing else.

None that runs a program, writes a file or shows something on this machine's screen, none that sends mail or SMS, and
none that publishes for everybody. Each is imported by itself: all that Apprise knows costs 19 MB and a quarter of a
second.
"""

_READS_FILES: Final = frozenset({"attach", "file_url", "template"})
"""Parts of addresses by which a file of this machine, or of another server, would be read and sent."""

_URGENT: Final[Mapping[str, tuple[str, str]]] = {
    "bark": ("level", "timeSensitive"),
    "gotify": ("priority", "emergency"),
    "join": ("priority", "high"),
    "ntfy": ("priority", "max"),
    "pover": ("priority", "high"),
    "prowl": ("priority", "high"),
    "psafer": ("priority", "high"),
}
"""How a service is told that a message may ring in silent hours."""

_METHODS: Final = frozenset({"POST", "PUT"})
"""Of a webhook: a message must not be able to read or delete something."""

_call: ContextVar[Call | None] = ContextVar("call", default=None)


class ApprisePushes:
    """The port `Sender` for addresses of Apprise."""

    def __init__(self, reach: Reach, site_url: str) -> None:
        self._reach = reach
        # Without addresses of pictures, for which Apprise would send the phone to a site of its own.
        self._asset = AppriseAsset(
            app_id="loadwatch",
            app_desc="loadwatch",
            app_url=site_url,
            image_url_mask="",
            image_url_logo="",
            http_redirects=False,
            pem_autogen=False,
            pgp_autogen=False,
            storage_mode=PersistentStoreMode.MEMORY,
        )

    def check(self, address: str) -> Checked:
        plugin = self._plugin(address)
        if plugin.schema in OWN_SERVERS and getattr(plugin, "mode", "") != "cloud":
            try:
                Call(self._reach).find(plugin.host, plugin.port or (443 if plugin.secure else 80))
            except ChannelRefused as error:
                raise InvalidChannel(error.words) from error
            except MailDelayed as error:
                raise InvalidChannel(
                    say("No server called {host} can be found: check how it is written.", host=plugin.host)
                ) from error
        return Checked(address, str(plugin.service_name), _shown(plugin))

    def send(self, address: str, push: Push) -> None:
        try:
            plugin = self._plugin(address, is_urgent=push.is_urgent)
        except InvalidChannel as error:  # it was one when it was saved
            raise ChannelRefused(error.words) from error
        call = Call(self._reach)
        under_way = _call.set(call)
        try:
            is_taken = plugin.notify(
                title=push.title,
                body=f"{push.words}\n{push.url}".strip(),
                notify_type=NotifyType.WARNING if push.is_urgent else NotifyType.INFO,
                body_format=NotifyFormat.TEXT,
            )
        finally:
            _call.reset(under_way)
        if not is_taken:
            raise _fault(call, len(plugin))

    def _plugin(self, address: str, *, is_urgent: bool = False) -> NotifyBase:
        schema, parsed = _parsed(address)
        if parsed is None:
            raise InvalidChannel(
                say(
                    "This address is not one that loadwatch can send to: {start}. Addresses look like"
                    " ntfys://ntfy.sh/your-topic or tgram://token/chat.",
                    start=_start(address),
                )
            )
        if files := _READS_FILES & set(parsed.get("qsd", {})):
            raise InvalidChannel(say("Leave out “{part}=” from the address.", part=min(files)))
        parsed |= {"redirect": False, "overflow": "split"}
        if is_urgent and (how := _URGENT.get(schema.removesuffix("s"))):
            parsed[how[0]] = how[1]
        try:
            plugin = _service(schema)(**parsed, asset=self._asset)
        except Exception as error:  # each has faults of its own kind
            raise InvalidChannel(
                say("Something of this address is missing or wrong: look up what {service}:// needs.", service=schema)
            ) from error
        if getattr(plugin, "method", "POST").upper() not in _METHODS:
            raise InvalidChannel(say("A webhook is called with POST or PUT: leave out “method=”."))
        if hasattr(plugin, "include_image"):
            plugin.include_image = False
        return plugin


def _parsed(address: str) -> tuple[str, dict[str, Any] | None]:
    """What an address begins with, and its parts as Apprise names them; None where no service takes it."""
    schema = address.partition("://")[0].lower()
    if schema in SERVICES:
        return schema, _service(schema).parse_url(address)
    # As the sites of some services show it: https://discord.com/api/webhooks/…
    for known in SERVICES.keys() - OWN_SERVERS.keys() if schema == "https" else ():
        if parsed := _service(known).parse_native_url(address):
            return known, parsed
    return schema, None


def _fault(call: Call, n_targets: int) -> Exception:
    """What it means that Apprise said no."""
    failed = next((each for each in reversed(call.exchanges) if not each.is_taken), None)
    if failed is None:
        if call.exchanges:
            return MailRefused(say("The service answered that it did not take the message."))
        return ChannelRefused(say("Nothing could be sent: the address lacks something that the service needs."))
    if n_targets > 1 and any(each.is_taken for each in call.exchanges):
        return MailUncertain(say("Not all whom the address names got the message."))
    return failed.fault()


def _start(address: str) -> str:
    """So much of an address that was mistyped as holds no secret."""
    scheme, found, _ = address.partition("://")
    return f"{scheme[:20]}://" if found else "…"


def _shown(plugin: NotifyBase) -> str:
    shown = str(plugin.url(privacy=True)).partition("?")[0]
    if plugin.schema in ("json", "jsons"):  # Apprise does not know which part of a webhook's path is its secret
        scheme, _, rest = shown.partition("://")
        host, _, path = rest.partition("/")
        return f"{scheme}://{host}/{'****' if path else ''}"
    return shown


class _Requests:
    """Stands in for `requests` inside of Apprise: each request is one of the call that is under way."""

    def __getattr__(self, name: str) -> Any:
        if name == "Session":
            raise AttributeError(name)  # what it asked would pass us by
        return getattr(requests, name)

    def request(self, method: str, url: str, **given: Any) -> requests.Response:
        call = _call.get()
        if call is None:
            raise requests.ConnectionError("nothing is being sent")
        return call.request(method, url, **given)

    def get(self, url: str, params: Any = None, **given: Any) -> requests.Response:
        return self.request("GET", url, params=params, **given)

    def post(self, url: str, data: Any = None, json: Any = None, **given: Any) -> requests.Response:
        return self.request("POST", url, data=data, json=json, **given)

    def put(self, url: str, data: Any = None, **given: Any) -> requests.Response:
        return self.request("PUT", url, data=data, **given)

    def delete(self, url: str, **given: Any) -> requests.Response:
        return self.request("DELETE", url, **given)


@functools.cache
def _service(schema: str) -> type[NotifyBase]:
    """The class behind an address; its requests go through `Call` alone, and its logs, full of addresses, nowhere."""
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    name, kind = SERVICES[schema]
    module = importlib.import_module(f"apprise.plugins.{name}")
    module.requests = _Requests()  # type: ignore[attr-defined]
    return cast("type[NotifyBase]", getattr(module, kind))
