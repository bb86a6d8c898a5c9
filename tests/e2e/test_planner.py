"""Planning runs in a browser: by typing, by dragging, by the arrow keys, and without a script."""

from datetime import timedelta

from tests.support.athletes import BUSY
from tests.support.browser import needs_browser, shoot
from tests.support.seeding import NOW, athlete

pytestmark = needs_browser

DAYS = [str(NOW.date() + timedelta(days=n)) for n in range(14)]


def planned(services) -> list[tuple[str, float]]:
    plan = services.planning.plan(athlete(services, BUSY))
    return [(str(item.stored.local_date), item.stored.distance_m / 1000) for item in plan.items]


def test_a_run_is_typed_looked_at_kept_dragged_and_moved_by_keys(services, visit):
    services.planning.clear(athlete(services, BUSY))
    with visit(services, email=BUSY, phone=False) as page:
        page.goto("/planner")
        page.get_by_label("Day").first.select_option(DAYS[2])
        page.get_by_label("Distance (km)").first.fill("60")
        page.locator("#thought strong", has_text="60.0 km: your longest in 30 days").wait_for()
        page.get_by_role("button", name="Add to the plan").click()
        run = page.locator(f'[data-day="{DAYS[2]}"] [data-run]')
        run.locator("strong", has_text="60.0 km: your longest").wait_for()
        assert planned(services) == [(DAYS[2], 60)]
        shoot(page, "planner-typed")

        handle = run.locator(".plan-handle")
        page.locator(f'[data-day="{DAYS[3]}"]').evaluate("day => day.scrollIntoView({block: 'center'})")
        start, end = handle.bounding_box(), page.locator(f'[data-day="{DAYS[4]}"]').bounding_box()
        page.mouse.move(start["x"] + 10, start["y"] + 10)
        page.mouse.down()
        page.mouse.move(end["x"] + 60, end["y"] + end["height"] / 2, steps=4)
        page.mouse.up()
        page.locator(f'[data-day="{DAYS[4]}"] [data-run]').wait_for()
        assert planned(services) == [(DAYS[4], 60)]

        page.locator(f'[data-day="{DAYS[4]}"] .plan-handle:focus').wait_for()
        page.keyboard.press("ArrowUp")
        page.locator(f'[data-day="{DAYS[3]}"] .plan-handle:focus').wait_for()
        assert planned(services) == [(DAYS[3], 60)]


def test_without_a_script_a_run_is_planned_moved_and_deleted(services, visit):
    services.planning.clear(athlete(services, BUSY))
    with visit(services, email=BUSY, javascript=False) as page:
        page.goto("/planner")
        page.get_by_label("Distance (km)").first.fill("8")
        page.get_by_role("button", name="Add to the plan").click()
        page.locator(f'[data-day="{DAYS[0]}"] summary', has_text="Change").click()
        page.locator(f'[data-day="{DAYS[0]}"]').get_by_label("Day").select_option(DAYS[5])
        page.get_by_role("button", name="Save").click()
        assert planned(services) == [(DAYS[5], 8)]
        page.locator(f'[data-day="{DAYS[5]}"] summary', has_text="Change").click()
        page.get_by_role("button", name="Delete", exact=False).first.click()
        assert planned(services) == []


def test_looking_back_shows_itself_when_it_is_worked_out(services, visit):
    with visit(services, email=BUSY) as page:
        page.goto("/backtest")
        page.get_by_text("Your history is being gone through").wait_for()
        services.backtests.replay(athlete(services, BUSY))
        page.get_by_role("heading", name="Rule by rule").wait_for()
        assert page.get_by_text("Your history is being gone through").count() == 0
        assert page.locator("svg.chart:visible").count() == 1
        shoot(page, "looking-back")
