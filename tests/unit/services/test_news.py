"""What is told of what came while a page was open."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from loadwatch.domain.activity import Run
from loadwatch.domain.report import LoadLine
from loadwatch.services.news import LoadChange, News, Seen, news
from loadwatch.services.ports import AlertStep
from loadwatch.services.sync_ports import Pulse

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BEFORE = Pulse(n_runs=10, last_run_id=10, wanted=4, done=4, last_step=7, n_files_left=0, n_files_read=3)


def run(number: int, days_ago: int = 0) -> Run:
    start = NOON - timedelta(days=days_ago)
    return Run(id=number, start=start, local_date=start.date(), sport="Run", distance_m=8_200.0)


def now(**changed: int) -> Pulse:
    return replace(BEFORE, **changed)


def lines(mileage: float | None, hills: float | None, fast: float | None) -> list[LoadLine]:
    return [
        LoadLine("mileage", mileage, None, None, 3, 3),
        LoadLine("hills", hills, None, None, 3, 3),
        LoadLine("fast", fast, None, None, 3, 3),
    ]


def test_a_judgement_that_changes_nothing_to_be_seen_is_no_news() -> None:
    assert not news(Seen(BEFORE), now(wanted=5, done=5), [], [], ()).is_any


def test_a_run_is_told_with_what_it_did_to_the_week() -> None:
    told = news(
        Seen(BEFORE, (12_000.0, 340.0, None)),
        now(n_runs=11, last_run_id=11),
        [run(11)],
        [],
        lines(20_200.0, 520.0, 400.0),
    )

    assert (told.run, told.n_runs, told.n_gone) == (run(11), 1, 0)
    assert told.loads == (
        LoadChange("mileage", 12_000.0, 20_200.0),
        LoadChange("hills", 340.0, 520.0),
        LoadChange("fast", None, 400.0),
    )


def test_a_load_that_looks_the_same_is_not_told() -> None:
    told = news(Seen(BEFORE, (12_000.0, 340.0, 0.0)), now(), [], [], lines(12_040.0, 345.0, 0.0))

    assert told.loads == ()
    assert not told.is_any


def test_of_more_runs_than_are_looked_at_the_number_is_still_right() -> None:
    told = news(Seen(BEFORE), now(n_runs=110, last_run_id=110), [run(110), run(109, 1)], [], ())

    assert (told.run, told.n_runs, told.n_gone) == (run(110), 100, 0)


def test_a_run_that_is_gone_is_told_also_beside_one_that_came() -> None:
    assert news(Seen(BEFORE), now(n_runs=9), [], [], ()).n_gone == 1
    both = news(Seen(BEFORE), now(last_run_id=11), [run(11)], [], ())
    assert (both.n_runs, both.n_gone) == (1, 1)


def test_an_alert_counts_as_new_only_while_it_still_fires() -> None:
    steps = [AlertStep(1, "firing"), AlertStep(2, "firing"), AlertStep(2, "retracted"), AlertStep(3, "acknowledged")]
    told = news(Seen(BEFORE), now(last_step=11), [], steps, ())

    assert (told.n_alerts, told.n_taken_back) == (1, 1)


def test_what_the_reader_did_with_an_alert_is_no_news() -> None:
    assert not news(Seen(BEFORE), now(last_step=8), [], [AlertStep(1, "acknowledged")], ()).is_any


def test_files_are_told_as_read_and_left() -> None:
    told = news(Seen(BEFORE), now(n_files_read=6, n_files_left=2), [], [], ())

    assert (told.n_read, told.n_left, told.is_any) == (3, 2, True)
    assert not News(is_judged=False).is_any
