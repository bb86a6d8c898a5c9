"""Ways beside the mail: what there is, a test of each, another one."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from loadwatch.dashboard.current import athlete_id, services
from loadwatch.dashboard.speech import _, lazy, said
from loadwatch.services.channels import MAX_ADDRESS, MAX_NAME, SEVERITIES, InvalidChannel, Wishes
from loadwatch.services.errors import LoadwatchError, MailUncertain

bp = Blueprint("channels", __name__)

EXAMPLES = (
    ("ntfy", "ntfys://ntfy.sh/my-own-topic"),
    ("Telegram", "tgram://123456789:ABC-token/987654321"),
    ("Discord", "https://discord.com/api/webhooks/…"),
    ("Slack", "https://hooks.slack.com/services/…"),
    ("Gotify", "gotifys://gotify.example.org/token"),
    ("Signal", "signals://signal.example.org/+4915…/+4917…"),
    ("Matrix", "matrixs://user:password@matrix.example.org/!room"),
    ("Pushover", "pover://user-key@app-token"),
    ("Home Assistant", "hassios://home.example.org/token"),
    (lazy("A webhook of your own"), "jsons://example.org/hook"),
)
"""What addresses of the common services look like."""


@bp.get("/settings/channels")
def channels() -> str:
    return _page()


@bp.post("/settings/channels")
def add() -> Response | tuple[str, int]:
    """A service that Apprise knows."""
    try:
        services().channels.add(athlete_id(), "apprise", request.form.get("address", ""), _wishes())
    except InvalidChannel as refused:
        return _page(said(refused.words)), 400
    flash(_("Saved. Send a test to see whether it arrives."))
    return redirect(url_for("channels.channels"))


@bp.post("/settings/channels/browser")
def add_browser() -> Response:
    """The browser that asks, with what its push service has given it."""
    wishes = Wishes(name=request.form.get("name", ""), takes_asks=True, is_discreet=False)
    try:
        services().channels.add(athlete_id(), "web_push", request.form.get("subscription", ""), wishes)
    except InvalidChannel as refused:
        flash(said(refused.words), "error")
    else:
        flash(_("Saved: this browser is told too. Send a test to see it."))
    return redirect(url_for("channels.channels"))


@bp.post("/settings/channels/<int:channel_id>")
def change(channel_id: int) -> Response:
    try:
        services().channels.change(athlete_id(), channel_id, _wishes())
    except InvalidChannel as refused:
        flash(said(refused.words), "error")
    else:
        flash(_("Saved."))
    return _back_to(channel_id)


@bp.post("/settings/channels/<int:channel_id>/test")
def test(channel_id: int) -> Response:
    """Send a test now and say what came of it."""
    name = services().channels.channel(athlete_id(), channel_id).name
    try:
        services().channels.test(athlete_id(), channel_id)
    except MailUncertain as error:
        flash(_("%(name)s: %(why)s Look whether it arrived.", name=name, why=said(error.words)), "error")
    except LoadwatchError as error:
        flash(_("%(name)s: %(why)s", name=name, why=said(error.words)), "error")
    else:
        flash(_("%(name)s took the test. Look whether it is there.", name=name))
    return _back_to(channel_id)


@bp.post("/settings/channels/<int:channel_id>/delete")
def delete(channel_id: int) -> Response:
    name = services().channels.channel(athlete_id(), channel_id).name
    services().channels.remove(athlete_id(), channel_id)
    flash(_("%(name)s is removed: nothing goes there any more.", name=name))
    return redirect(url_for("channels.channels"))


def _wishes() -> Wishes:
    form = request.form
    severity = form.get("least_severity", "")
    return Wishes(
        name=form.get("name", ""),
        least_severity=int(severity) if severity.isascii() and severity.isdecimal() else 0,
        takes_weekly="takes_weekly" in form,
        takes_asks="takes_asks" in form,
        is_discreet="is_discreet" in form,
    )


def _back_to(channel_id: int) -> Response:
    return redirect(url_for("channels.channels") + f"#channel-{channel_id}")


def _page(error: str = "") -> str:
    return render_template(
        "channels.html",
        channels=services().channels.channels(athlete_id()),
        given=request.form,
        wishes=_wishes() if error else Wishes(),
        error=error,
        examples=EXAMPLES,
        severities=SEVERITIES,
        max_address=MAX_ADDRESS,
        max_name=MAX_NAME,
        push_key=services().push_public_key(),
    )
