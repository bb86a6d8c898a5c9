"""Whether a runner is told, when, and why not: for mails and all other ways alike."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadwatch.domain.alerts import Wishes
from loadwatch.domain.findings import Finding
from loadwatch.domain.telling import (
    Asked,
    Mailed,
    QuietHours,
    alert_telling,
    ask_due,
    ask_telling,
    asks_at,
    weekly_telling,
)
from tests.unit.domain.build import DAY_0
from tests.unit.domain.test_hygiene import of_report, of_run

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
UTC_NIGHT = QuietHours("UTC")
BERLIN = QuietHours("Europe/Berlin")

# alerts


def told(finding: Finding, left_at: datetime | None = None, **more: Any) -> Mailed:
    return Mailed(finding.dedup_key, finding.at, finding.severity, finding.symptom_level, left_at, **more)


@pytest.mark.parametrize(
    ("finding", "mailed", "wishes", "when", "why"),
    [
        (of_run(0), [], Wishes(), "now", "Told at once."),
        (of_run(0, severity=1, level=1), [], Wishes(), "weekly", "Too small a jump to be told at once."),
        (of_run(0), [], Wishes(muted={"M:mileage"}), "weekly", "You called its kind not useful three times."),
        (of_run(0), [told(of_run(-2))], Wishes(), "weekly", "You were told the same lately, and this is no worse."),
        (
            of_run(0),
            [told(of_run(0, family="T"))],
            Wishes(),
            "weekly",
            "You were told something else about this run or check-in already.",
        ),
        (
            of_run(0),
            [told(of_run(-2, family="H")), told(of_run(-4, family="T"))],
            Wishes(),
            "weekly",
            "You were told 2 times in 7 days, which is the most.",
        ),
        (
            of_run(0, family="T"),
            [told(of_run(-n, family="H")) for n in (8, 15, 22, 29)],
            Wishes(),
            "weekly",
            "You were told 4 times in 30 days, which is the most.",
        ),
        (
            of_report(0.5),
            [told(of_report(0, what="right medial"))],
            Wishes(),
            "weekly",
            "You were told something as severe within a day.",
        ),
    ],
)
def test_each_alert_that_leaves_or_stays_has_its_reason(finding, mailed, wishes, when, why):
    telling = alert_telling(finding, mailed, as_of=finding.at, wishes=wishes)

    assert (telling.when, str(telling.why)) == (when, why)
    assert telling.leaves is (when == "now")


def test_what_became_known_after_three_days_is_told_by_no_mail_and_no_summary():
    late = alert_telling(of_run(0), [], as_of=of_run(0).at + 3 * DAY + timedelta(seconds=1))

    assert (late.when, late.leaves) == ("never", False)


def test_at_night_an_alert_waits_for_the_morning_and_says_so():
    at_ten = DAY_0.replace(hour=22)
    telling = alert_telling(of_run(0), [], as_of=at_ten, quiet=UTC_NIGHT)

    assert (telling.when, telling.at) == ("later", at_ten + 9 * HOUR)
    assert telling.why == "Told when your quiet hours end."


def test_a_red_flag_leaves_at_once_whatever_was_told_and_wished():
    flag = of_report(0, severity=4, family="RED", what="any")
    mailed = [told(of_report(0, severity=4, family="RED", what="any"))] * 5
    wishes = Wishes(muted={flag.dedup_key})
    at_night = flag.at.replace(hour=23)

    telling = alert_telling(flag, mailed, as_of=at_night, quiet=UTC_NIGHT, wishes=wishes)

    assert (telling.when, telling.at) == ("now", at_night)


def test_runs_that_arrive_late_bring_no_more_words_than_the_budget():
    """Runs of days 0, 4 and 8: a third word within a week only if the first run was known three days later."""
    first, second, third = of_run(0, family="H"), of_run(4, family="T"), of_run(8, family="M")

    in_time = [told(first, first.at), told(second, second.at)]
    late = [told(first, first.at + 3 * DAY), told(second, second.at)]

    assert alert_telling(third, in_time, as_of=third.at).when == "now"
    assert alert_telling(third, late, as_of=third.at).when == "weekly"


def test_an_alert_that_was_taken_back_still_took_its_place_in_the_budget():
    mailed = [told(of_run(-1, family="H"), is_withdrawn=True), told(of_run(-2, family="T"), is_withdrawn=True)]

    assert alert_telling(of_run(0), mailed, as_of=of_run(0).at).when == "weekly"


def test_an_alert_that_was_taken_back_stands_for_no_other_on_the_same_run():
    mailed = [told(of_run(0), is_withdrawn=True)]

    assert alert_telling(of_run(0, family="T"), mailed, as_of=of_run(0).at).when == "now"


@settings(max_examples=60, deadline=None)
@given(
    runs=st.lists(
        st.tuples(st.integers(0, 20), st.floats(0, 3), st.sampled_from("MHT"), st.sampled_from([2, 2, 3])),
        max_size=40,
    ),
    begin=st.integers(0, 23),
    end=st.integers(0, 23),
)
def test_whenever_runs_arrive_no_more_leaves_in_any_window_than_the_budget(runs, begin, end):
    """Some are known at once, some three days later; the windows are counted where the words leave."""
    quiet = QuietHours("UTC", begin, end)
    findings = [(late * DAY, of_run(day, family=family, severity=severe)) for day, late, family, severe in set(runs)]
    arrivals = sorted(((f.at + late, f) for late, f in findings), key=lambda arrival: arrival[0])
    mailed: list[Mailed] = []
    for now, finding in arrivals:
        telling = alert_telling(finding, mailed, as_of=now, quiet=quiet)
        if telling.at is not None:
            mailed.append(told(finding, telling.at))

    small = sorted(m.left_at for m in mailed if m.severity < 3 and m.left_at)
    severe = sorted(m.left_at for m in mailed if m.severity == 3 and m.left_at)
    assert most_in(small, 7 * DAY) <= 2
    assert most_in(small, 30 * DAY) <= 4
    assert most_in(severe, DAY) <= 1


def most_in(moments: Sequence[datetime], window: timedelta) -> int:
    """The greatest number within any window, counted from each of them on."""
    return max((sum(at <= other < at + window for other in moments) for at in moments), default=0)


# questions


MORNING = datetime(2026, 7, 5, 7, tzinfo=UTC)
"""A Sunday; the run was on Saturday."""
RUN = datetime(2026, 7, 4, 9, tzinfo=UTC)


def mail(days_ago: float, **more: Any) -> Mailed:
    at = MORNING - days_ago * DAY
    return Mailed("M:mileage", at, 2, left_at=at, **more)


def question(days_ago: float, about: datetime | None = None) -> Asked:
    at = MORNING - days_ago * DAY
    return Asked(about or at - DAY, at, at.date())


@pytest.mark.parametrize(
    ("mailed", "asked", "why"),
    [
        ([], [], None),
        ([mail(1)], [], None),  # the alert itself: the question is the second word in 7 days
        ([mail(1), mail(3)], [], "You were told 2 times in 7 days, which is the most."),
        ([mail(1)], [question(6)], "You were told 2 times in 7 days, which is the most."),
        ([mail(1)], [question(7)], None),
        ([mail(1), mail(9)], [question(16), question(23)], "You were told 4 times in 30 days, which is the most."),
        ([mail(1, is_withdrawn=True), mail(3)], [], "You were told 2 times in 7 days, which is the most."),
        ([], [question(1, about=RUN)], "You were asked about this run already."),
        ([], [question(0)], "You were asked today already."),
        ([Mailed("M:mileage", RUN, 2, left_at=MORNING)], [], "The alert of today asks the same."),
    ],
)
def test_a_question_leaves_where_alerts_and_questions_leave_room_for_it(mailed, asked, why):
    telling = ask_telling(RUN, mailed, asked, as_of=MORNING, quiet=UTC_NIGHT)

    assert telling.leaves is (why is None)
    assert why is None or telling.why == why


def test_no_question_leaves_within_quiet_hours():
    assert not ask_telling(RUN, [], [], as_of=MORNING - HOUR, quiet=UTC_NIGHT).leaves
    assert not ask_telling(RUN, [], [], as_of=MORNING.replace(hour=21), quiet=UTC_NIGHT).leaves


def test_questions_take_no_alert_its_place():
    asked = [question(n) for n in (1, 2, 3)]
    assert not ask_telling(RUN, [], asked, as_of=MORNING, quiet=UTC_NIGHT).leaves

    assert alert_telling(of_run(0), [], as_of=of_run(0).at).leaves  # it does not even take them


@pytest.mark.parametrize(
    ("ask_at", "quiet", "expected"),
    [
        ("2026-07-05T05:00", BERLIN, "2026-07-05T05:00"),  # 07:00 in Berlin
        ("2026-07-05T05:00", QuietHours("Europe/Berlin", 22, 9), "2026-07-05T07:00"),  # sleeps until nine
        ("2026-07-05T05:00", QuietHours("Europe/Berlin", 0, 0), "2026-07-05T05:00"),
        ("2026-07-05T01:30", QuietHours("Europe/Berlin", 0, 0), "2026-07-05T05:00"),  # not at half past three
        ("2026-07-05T16:30", BERLIN, "2026-07-05T16:30"),  # two days after a run downhill at half past six
        ("2026-07-05T20:30", BERLIN, "2026-07-06T05:00"),  # half past ten: the morning after
    ],
)
def test_a_question_is_asked_in_the_morning_or_two_days_after_a_run_downhill(ask_at, quiet, expected):
    at = datetime.fromisoformat(ask_at).replace(tzinfo=UTC)

    assert asks_at(at, quiet) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_a_question_is_planned_until_its_day_is_over():
    finding = of_run(0, ask_at=MORNING)

    assert ask_due(finding, as_of=RUN, quiet=UTC_NIGHT) == MORNING
    assert ask_due(finding, as_of=MORNING.replace(hour=23), quiet=UTC_NIGHT) == MORNING
    assert ask_due(finding, as_of=MORNING + 17 * HOUR, quiet=UTC_NIGHT) is None
    assert ask_due(of_run(0), as_of=RUN, quiet=UTC_NIGHT) is None


# summaries


def test_a_summary_leaves_at_its_hour_though_it_lies_in_quiet_hours():
    due = datetime(2026, 7, 6, 1, tzinfo=UTC)  # three in Berlin

    assert weekly_telling(due, as_of=due + timedelta(minutes=59), quiet=BERLIN).when == "now"
    late = weekly_telling(due, as_of=due + HOUR, quiet=BERLIN)
    assert (late.when, late.at) == ("later", datetime(2026, 7, 6, 5, tzinfo=UTC))
    assert weekly_telling(due, as_of=due + 10 * HOUR, quiet=BERLIN).when == "now"


def test_a_day_of_a_question_is_that_of_the_runner():
    """Half past six in Auckland is still yesterday in Greenwich."""
    night = QuietHours("Pacific/Auckland", 0, 0)
    asked = [Asked(RUN, datetime(2026, 7, 4, 19, tzinfo=UTC), date(2026, 7, 5))]

    assert not ask_telling(RUN - DAY, [], asked, as_of=datetime(2026, 7, 5, 8, tzinfo=UTC), quiet=night).leaves
