"""The operator's page in a browser."""

from typing import TYPE_CHECKING

from sqlalchemy import update

from loadwatch.adapters.db import tables as t
from loadwatch.bootstrap import Services
from tests.support.browser import needs_browser
from tests.support.seeding import NOW

if TYPE_CHECKING:
    from tests.e2e.conftest import Visit

pytestmark = needs_browser


def test_a_failed_mail_and_all_failed_files_are_tried_again(visit: "Visit", services: Services) -> None:
    with services.engines.write.begin() as connection:
        failed = update(t.Outbox).where(t.Outbox.kind == "weekly", t.Outbox.athlete_id == 1)
        connection.execute(failed.values(state="failed", error="550 no such user"))
        unread = update(t.UploadRow).where(t.UploadRow.id <= 2)
        connection.execute(unread.values(state="failed", reason="the worker died"))

    with visit(services, javascript=False) as page:
        page.goto("/admin")
        page.get_by_role("listitem").filter(has_text="550 no such user").get_by_role("button").click()
        assert "tried again" in page.get_by_role("status").inner_text()
        page.get_by_role("button", name="Try all again: Files to read").click()
        assert "3 are tried again" in page.get_by_role("status").inner_text()
        assert page.get_by_text("Nothing. All that came in was worked off").is_visible()

    with services.store.read() as tx:
        assert len(tx.due_outbox_ids(NOW, 5)) == 1
        assert tx.n_due_uploads(NOW) == 3
