"""The button that lets a browser take web pushes. Its push service, which would be Google’s, is played here."""

import json
from typing import TYPE_CHECKING

from loadwatch.bootstrap import Services
from tests.integration.test_web_push import Browser
from tests.support.athletes import EMPTY
from tests.support.browser import needs_browser
from tests.support.push_server import running_push_server
from tests.support.seeding import athlete

if TYPE_CHECKING:
    from tests.e2e.conftest import Visit

pytestmark = needs_browser

PLAYED = """
(() => {
    window.asked = 0;
    Notification.requestPermission = async () => { window.asked += 1; return "%s"; };
    PushManager.prototype.getSubscription = async () => null;
    PushManager.prototype.subscribe = async (options) => {
        const key = String.fromCharCode(...options.applicationServerKey);
        sessionStorage.setItem("key", btoa(key).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""));
        sessionStorage.setItem("visible", options.userVisibleOnly);
        return %s;
    };
})()
"""


READY = """
async () => {
    await navigator.serviceWorker.register("/static/push_worker.js");
    const one = await navigator.serviceWorker.getRegistration("/static/");
    while (!one.active) await new Promise((later) => setTimeout(later, 20));
}
"""
SHOWN = """
async () => {
    const one = await navigator.serviceWorker.getRegistration("/static/");
    for (let n = 0; n < 200; n++) {
        const all = await one.getNotifications();
        if (all.length) return all.map((each) => [each.title, each.body, each.data, each.requireInteraction]);
        await new Promise((later) => setTimeout(later, 20));
    }
    return [];
}
"""


def test_the_button_asks_for_permission_subscribes_and_the_browser_is_told(
    services: Services, visit: "Visit"
) -> None:
    services.settings.push_to_private = "yes"
    taker = Browser()
    with running_push_server() as service, visit(services, email=EMPTY) as page:
        told = taker.subscription(f"http://{service.host}/push")
        page.add_init_script(PLAYED % ("granted", told))
        page.goto("/settings/channels")
        assert page.evaluate("window.asked") == 0
        page.get_by_label("Name").first.fill("This laptop")
        page.get_by_role("button", name="Tell this browser").click()
        page.get_by_role("heading", name="This laptop").wait_for()

        assert page.evaluate("sessionStorage.getItem('key')") == services.push_public_key()
        assert page.evaluate("sessionStorage.getItem('visible')") == "true"
        scopes = "navigator.serviceWorker.getRegistrations().then(all => all.map(one => new URL(one.scope).pathname))"
        assert page.evaluate(scopes) == ["/static/"]

        page.get_by_role("button", name="Send a test").click()
        page.get_by_text("took the test").wait_for()
        (got,) = service.received
    assert json.loads(taker.read(got.body))["title"] == "A test from loadwatch"
    (channel,) = services.channels.channels(athlete(services, EMPTY))
    assert (channel.kind, channel.name, channel.is_discreet) == ("web_push", "This laptop", False)


def test_what_arrives_is_shown_as_it_was_sent(services: Services, visit: "Visit") -> None:
    """Handed to the page's worker as Chromium does when its push service has something."""
    sent = {
        "title": "24.6 km today",
        "body": "Take two easy days.",
        "url": "http://x.example/alerts/7",
        "urgent": True,
    }
    with visit(services, email=EMPTY, permissions=["notifications"]) as page:
        page.goto("/settings/channels")
        page.evaluate(READY)
        chromium = page.context.new_cdp_session(page)
        registered: list[str] = []
        chromium.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda told: registered.extend(one["registrationId"] for one in told["registrations"]),
        )
        chromium.send("ServiceWorker.enable")
        page.wait_for_timeout(100)
        where = {"origin": page.evaluate("location.origin"), "registrationId": registered[0]}
        chromium.send("ServiceWorker.deliverPushMessage", where | {"data": json.dumps(sent)})
        assert page.evaluate(SHOWN) == [list(sent.values())]


def test_a_browser_that_may_not_show_messages_says_how_to_allow_it(services: Services, visit: "Visit") -> None:
    with visit(services, email=EMPTY) as page:
        page.add_init_script(PLAYED % ("denied", "null"))
        page.goto("/settings/channels")
        page.get_by_role("button", name="Tell this browser").click()
        page.get_by_text("does not allow loadwatch to show messages").wait_for()

    assert services.channels.channels(athlete(services, EMPTY)) == []
