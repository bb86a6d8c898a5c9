"""The visits of the browser tests: what they must not let pass."""

from typing import TYPE_CHECKING, Any

import pytest

from loadwatch.bootstrap import Services
from tests.support.athletes import EMPTY
from tests.support.browser import needs_browser

if TYPE_CHECKING:
    from tests.e2e.conftest import Visit

pytestmark = needs_browser

SCRIPT = "() => { const s = document.createElement('script'); %s; document.body.append(s); }"


@pytest.mark.parametrize(
    ("event", "fault", "complaint"),
    [
        ("console", "console.error('lost')", "console: lost"),
        ("pageerror", "setTimeout(() => { throw new Error('broke') }, 0)", "page error: broke"),
        ("console", SCRIPT % "s.textContent = '1'", "Content Security Policy"),
        ("console", "document.body.setAttribute('style', 'color: red')", "Content Security Policy"),
        ("console", SCRIPT % "s.src = '/static/nowhere.js'", "404: "),
        ("request", "location.assign('http://localhost:9/')", "asked elsewhere: http://localhost:9/"),
    ],
)
def test_a_visit_fails_for_what_the_page_complains_of(
    visit: "Visit", services: Services, event: Any, fault: str, complaint: str
) -> None:
    visiting = visit(services)
    page = visiting.__enter__()
    page.goto("/about")
    with page.expect_event(event):
        page.evaluate(fault)

    with pytest.raises(AssertionError, match=complaint):
        visiting.__exit__(None, None, None)


def test_a_visit_is_logged_in_as_who_is_asked_for(visit: "Visit", services: Services) -> None:
    with visit(services, email=EMPTY, javascript=False) as page:
        page.goto("/settings")

        assert page.get_by_label("Name").input_value() == "Emma"


def test_nobody_in_particular_is_asked_to_log_in(visit: "Visit", services: Services) -> None:
    with visit(services, email=None) as page:
        page.goto("/")

        assert page.get_by_label("Password").is_visible()
