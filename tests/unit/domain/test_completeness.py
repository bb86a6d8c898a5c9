"""What of an athlete's runs is missing for a judgement, and how it is said."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from loadwatch.domain.completeness import Completeness, Gap, gap_text, quiet_verdict

NOW = datetime(2026, 11, 14, 17, 20, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def before(**time: float) -> datetime:
    return NOW - timedelta(**time)


def test_where_nothing_is_awaited_there_is_no_gap():
    assert Completeness().gap(NOW) is None


def test_what_is_awaited_is_counted_up_to_the_start_of_the_oldest():
    known = Completeness(runs=(before(hours=3), before(hours=9)), samples=(before(days=1),))

    assert known.gap(NOW) == Gap(until=before(days=1), runs=2, samples=1)


def test_what_began_after_a_run_is_not_missing_for_its_alert():
    known = Completeness(runs=(before(hours=3),), samples=(before(hours=3),))

    assert known.gap(before(hours=4)) is None
    assert known.gap(before(hours=3)) == Gap(until=before(hours=3), runs=1, samples=1)


def test_samples_of_a_run_matter_for_a_week():
    known = Completeness(samples=(before(days=7, seconds=1),))

    assert known.gap(NOW) is None
    assert known.gap(before(seconds=1)) is not None


def test_of_unread_files_and_of_a_list_nobody_knows_when_their_runs_began():
    for known in (Completeness(runs=(NOW,), n_files=1), Completeness(runs=(NOW,), list_awaited=True)):
        gap = known.gap(NOW)
        assert gap is not None
        assert (gap.until, gap.runs) == (None, 1)


def test_where_nothing_arrives_all_is_known_up_to_the_last_look_at_the_list():
    known = Completeness(cut_off="reconnect", cut_off_at=before(hours=5))

    assert known.gap(NOW) == Gap(until=before(hours=5), cut_off="reconnect")
    assert known.gap(before(hours=6)) is None
    never = Completeness(cut_off="reconnect").gap(before(hours=6))
    assert never == Gap(until=None, cut_off="reconnect")


def test_a_gap_is_told_up_to_when_in_the_runners_time_and_what_is_missing():
    gap = Gap(until=NOW, runs=2, samples=1)

    assert gap_text(gap, BERLIN) == (
        "Counted up to Sat 14 Nov, 18:20: 2 activities are still awaited, hills and fast running of 1 run are still"
        " to come, so the load may be higher, and what is said here may change."
    )
    assert quiet_verdict(gap, BERLIN) == (
        "Nothing unusual up to Sat 14 Nov, 18:20; what came after is not all here yet."
    )


def test_without_a_time_a_gap_is_told_without_one():
    gap = Gap(until=None, files=1, list_awaited=True)

    assert gap_text(gap, BERLIN) == (
        "Not all is counted yet: the list of the last months is still to come, 1 file is still to be read, so the"
        " load may be higher, and what is said here may change."
    )
    assert "not all of it has arrived" in quiet_verdict(gap, BERLIN)
