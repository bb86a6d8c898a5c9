import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from itertools import pairwise
from zoneinfo import ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tinyhtml5.parser import HTMLParser

from loadwatch.domain.activity import Run
from loadwatch.domain.alerts import Alert, AlertState
from loadwatch.domain.ceilings import Ceiling
from loadwatch.domain.completeness import Gap
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.no_runs import NoRuns
from loadwatch.domain.pain_week import PainOn, PainWeek
from loadwatch.domain.rehab_week import RehabWeek
from loadwatch.domain.report import LoadLine, OpenProblem, WeeklyReport
from loadwatch.domain.rules import Evidence, Reason
from loadwatch.domain.symptoms import Problem
from loadwatch.domain.wording import Units
from loadwatch.emails import EmailContent, Picture
from loadwatch.emails.weekly import weekly_mail
from tests.support.mails import reader
from tests.unit.domain.symptoms_build import report

CEILING = Ceiling("longest_30d", 17_600.0, 17_600.0, 16_000.0, 1.0, 200, 90)
LEARNING = Ceiling("learning", None, None, None, None, 0, 0)


def run(id_: int, day: int, hour: int, km: float, minutes: float | None, name: str, sport: str = "Run") -> Run:
    start = datetime(2026, 11, day, hour, 5, tzinfo=UTC)
    moving_s = None if minutes is None else minutes * 60
    return Run(id_, start, date(2026, 11, day), sport, km * 1000, moving_s, None, None, name)


RUNS = (
    run(1, 17, 17, 8.2, 47, "Morning run"),
    run(2, 19, 17, 12.0, 66, "Tempo"),
    run(3, 21, 7, 6.1, None, "", "TrailRun"),
    replace(run(4, 22, 8, 16.0, 92, "Hill race"), is_race=True),
)

ALERT = Alert(
    id=17,
    rule="R-M1",
    rule_version="2026.11",
    severity=1,
    state=AlertState.FIRING,
    title="16.0 km: your longest in 30 days was 14.0 km",
    message="This race was 14 % longer than anything in the 30 days before it.",
    action="Keep the next runs within your usual distance, up to 14.0 km.",
    reasons=(Reason("run_distance", 16_000.0, "m", 14_000.0, 15_400.0, "longest of 30 days before"),),
    evidence=Evidence("A", "Frandsen et al. 2025"),
    coverage=(),
    run_id=4,
    problem_id=None,
    at=datetime(2026, 11, 22, 8, 5, tzinfo=UTC),
    created_at=datetime(2026, 11, 22, 11, 0, tzinfo=UTC),
)

QUIET = WeeklyReport(
    week=IsoWeek(2026, 47),
    runs=RUNS,
    other_sports=0,
    distance_m=42_300.0,
    moving_s=12_300.0,
    longest_m=16_000.0,
    previous=(
        (IsoWeek(2026, 43), 38_000.0),
        (IsoWeek(2026, 44), 40_400.0),
        (IsoWeek(2026, 45), 0.0),
        (IsoWeek(2026, 46), 82_000.0),
    ),
    usual_m=40_100.0,
    alerts=(),
    ceiling=CEILING,
    first_day=date(2026, 5, 4),
)
MILEAGE = LoadLine("mileage", 42_300.0, 40_100.0, 17_600.0, 4, 4)
LOADS = (
    MILEAGE,
    LoadLine("hills", 1_240.0, 310.0, 430.0, 4, 4, ascent_m=1_300.0),
    LoadLine("fast", 2_400.0, 2_000.0, 0.0, 3, 4, sprint_m=120.0, track_m=3_600.0, track_laps=9.0),
)
UNKNOWN = (MILEAGE, LoadLine("hills", None, None, None, 1, 4), LoadLine("fast", None, 1_800.0, None, 0, 4))
LOADED = replace(QUIET, loads=LOADS)
EMPTY = replace(QUIET, runs=(), distance_m=0.0, moving_s=0.0, longest_m=0.0)
FIRST = replace(QUIET, previous=(), usual_m=None, ceiling=LEARNING, first_day=date(2026, 11, 17))
NEVER = replace(EMPTY, previous=(), usual_m=None, ceiling=LEARNING, first_day=None)

Sound = Callable[[EmailContent], str]


def mail(report: WeeklyReport = QUIET, units: Units = "metric", timezone: str = "Europe/Berlin") -> EmailContent:
    return weekly_mail(report, reader(units, timezone))


def pain_url(problem_id: int, pain: int) -> str:
    return f"https://run.example/r/{problem_id}-{pain}"


def with_alerts(*alerts: Alert, of: WeeklyReport = LOADED) -> WeeklyReport:
    """Alerts of the week that still count."""
    return replace(of, alerts=alerts, standing=alerts)


def lines(content: EmailContent) -> list[str]:
    """What is read above the footer."""
    return [line for line in content.text.split("\n---\n")[0].splitlines() if line]


def test_the_subject_is_the_week_in_a_line() -> None:
    assert mail().subject == "Week 47: 42.3 km in 4 runs, close to your usual 40.1 km"


@pytest.mark.parametrize(
    ("usual_km", "words"),
    [
        (38.4, "more than your usual 38.4 km"),  # 42.3 / 38.4 = 1.102
        (38.5, "close to your usual 38.5 km"),  # 1.099
        (47.0, "close to your usual 47.0 km"),  # 0.900
        (47.1, "less than your usual 47.1 km"),  # 0.898
    ],
)
def test_within_a_tenth_a_week_is_close_to_the_usual(usual_km: float, words: str) -> None:
    assert mail(replace(QUIET, usual_m=usual_km * 1000)).subject == f"Week 47: 42.3 km in 4 runs, {words}"


def test_a_subject_that_would_be_cut_off_says_less() -> None:
    """In German the comparison alone would be longer than what lists of mails show; here a long title is."""
    long = replace(ALERT, severity=2, title="A title that goes on and on, far beyond what a list of mails would show")

    assert mail(with_alerts(long)).subject == "Week 47: 42.3 km in 4 runs"


def test_a_red_flag_is_never_cut_from_a_subject_however_long() -> None:
    long = "Stop running and get this looked at: a name of a warning sign that is far too long for any list"

    assert mail(with_alerts(replace(RED, title=long))).subject == long


@pytest.mark.parametrize(
    "report",
    [QUIET, EMPTY, FIRST, NEVER, LOADED, replace(QUIET, loads=UNKNOWN), with_alerts(ALERT, of=QUIET)],
)
@pytest.mark.parametrize("units", ["metric", "imperial"])
def test_every_week_is_a_sound_mail(report: WeeklyReport, units: Units, sound: Sound) -> None:
    sound(mail(report, units))


def test_the_verdict_comes_first_and_then_the_one_thing_to_do(sound: Sound) -> None:
    content = mail()

    assert lines(content)[1:4] == [
        "You ran 42.3 km in 4 runs, close to your usual 40.1 km.",
        "WHAT TO DO THIS WEEK",
        "Nothing unusual in your load: run as planned, up to 17.6 km.",
    ]
    assert (
        "You ran 42.3 km in 4 runs, close to your usual 40.1 km. What to do this week Nothing unusual in your load:"
        " run as planned, up to 17.6 km."
    ) in sound(content)


def test_a_quiet_week_is_short_and_lists_no_run() -> None:
    content = mail(LOADED)

    assert len(lines(content)) <= 25
    assert "Tempo" not in content.text
    assert "https://run.example/weeks/2026-W47" in content.text
    for section in ("STOOD OUT", "THIGHS"):
        assert section not in content.text


def test_an_unknown_time_zone_is_an_error() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        mail(timezone="Mars/Olympus")


def test_the_week_is_drawn_beside_the_four_before_it() -> None:
    """The longest week, 82.0 km, fills 20 signs; 42.3 km is 52 % of it and fills 10."""
    content = mail()

    assert (
        "Week 43 #########........... 38.0 km\n"
        "Week 44 #########........... 40.4 km\n"
        "Week 45 .................... 0.0 km\n"
        "Week 46 #################### 82.0 km\n"
        "Week 47 ##########.......... 42.3 km\n"
    ) in content.text
    assert 'width="52%"' in content.html


def test_a_picture_takes_the_place_of_the_bars() -> None:
    drawn = Picture("week", b"png", 520, 200, "Your three loads of the week")
    content = weekly_mail(LOADED, reader(), picture=drawn)

    assert content.pictures == (drawn,)
    assert "[Your three loads of the week]" in content.text
    assert "####" not in content.text


def test_the_three_loads_stand_side_by_side(sound: Sound) -> None:
    content = mail(LOADED)
    shown = sound(content)

    assert "- Mileage: This week: 42.3 km; Usual week: 40.1 km; Next run: up to 17.6 km\n" in content.text
    assert "Hills (ascent 1 300 m): This week: 1 240 m; Usual week: 310 m; Next run: below 430 m\n" in content.text
    assert "This week: at least 2 400 m; Usual week: 2 000 m; Next run: none for now\n" in content.text
    assert "This week Usual week Next run Mileage 42.3 km 40.1 km up to 17.6 km Hills" in shown


def test_a_load_that_is_not_known_is_called_so_and_not_nought() -> None:
    text = mail(replace(QUIET, loads=UNKNOWN)).text

    assert "This week: unknown; Usual week: not known yet; Next run: not known yet" in text
    assert "This week: unknown; Usual week: 1 800 m; Next run: not known yet" in text


def test_what_moved_is_said_in_words(sound: Sound) -> None:
    """42.3 km lies within 0 to 82 km; 1 240 m downhill is above the most of before, and four times the mean."""
    hills = replace(LOADS[1], usual_least=120.0, usual_most=610.0)
    mileage = replace(MILEAGE, usual_least=0.0, usual_most=82_000.0)
    content = mail(replace(LOADED, loads=(mileage, hills, LOADS[2])))

    for part in (content.text, sound(content)):
        assert "More downhill than in any of the weeks before: 1 240 m, at most 610 m then." in part
        assert "Further than" not in part


def test_the_alerts_of_the_week_come_with_advice_and_link(sound: Sound) -> None:
    content = mail(with_alerts(ALERT))
    for part in (content.text, sound(content)):
        assert "16.0 km: your longest in 30 days was 14.0 km" in part
        assert "Keep the next runs within your usual distance, up to 14.0 km." in part
    assert "https://run.example/alerts/17" in content.text
    assert 'href="https://run.example/alerts/17"' in content.html


def test_of_many_alerts_the_most_severe_are_told_and_the_others_counted(sound: Sound) -> None:
    many = [replace(ALERT, id=n, title=f"Alert {n} of the week") for n in range(1, 8)]
    content = mail(with_alerts(*many))

    for part in (content.text, sound(content)):
        assert "Alert 5 of the week" in part
        assert "Alert 6 of the week" not in part
        assert "2 more are on its page." in part


ACHE = OpenProblem(Problem("left", frozenset({"posterior"}), (report(pain_today=4),)), level=2)
TOLD = PainWeek(
    ACHE.problem,
    3,
    "better",
    "day",
    PainOn(date(2026, 11, 16), 4),
    PainOn(date(2026, 11, 21), 2),
    worst=5,
)
ACHING = replace(LOADED, problems=(ACHE,), pain=(TOLD,))


def test_what_hurts_takes_the_place_of_every_ceiling(sound: Sound) -> None:
    content = mail(ACHING)

    assert content.subject == "Left back of the thigh is still open, and got better this week"
    for part in (content.text, sound(content)):
        assert "Left back of the thigh is still open: run short and easy, and only while it stays quiet." in part
        assert "What hurts decides: while it is open, no distance is named here." in part
        assert "17.6 km" not in part
        assert "430 m" not in part
        assert "Next run" not in part


def test_how_the_pain_moved_is_told_with_its_days(sound: Sound) -> None:
    content = mail(ACHING)
    words = (
        "Better: pain by day went from 4 (Mon 16 Nov) to 2 (Sat 21 Nov). The worst of the week was 5. Told 3 times."
    )

    for part in (content.text, sound(content)):
        assert words in part
    assert f"https://run.example/problems/{ACHE.id}" in content.text


def test_pain_is_answered_by_one_tap_from_0_to_10() -> None:
    content = weekly_mail(ACHING, reader(), pain_url=pain_url)

    for pain in range(11):
        assert f"- {pain}: https://run.example/r/{ACHE.id}-{pain}\n" in content.text
        assert f'href="https://run.example/r/{ACHE.id}-{pain}"' in content.html


def test_nothing_is_asked_about_what_is_gone() -> None:
    gone = replace(TOLD, gone_on=date(2026, 11, 20), problem=replace(ACHE.problem, closed=ALERT.at))
    content = weekly_mail(replace(LOADED, pain=(gone,)), reader(), pain_url=pain_url)

    assert "You said on Fri 20 Nov that it is gone." in content.text
    assert "/r/" not in content.text


REHAB = RehabWeek(
    ACHE.id, "Left back of the thigh", "Hamstring strain", "First load", 2, 7, 2, 4, 4, running="None yet."
)


def test_the_next_step_of_a_programme_is_what_to_do_and_its_days_are_counted(sound: Sound) -> None:
    content = mail(replace(ACHING, rehab=(REHAB,)))

    for part in (content.text, sound(content)):
        assert "Do the exercises of your stage, “First load”, on 4 days. Running: None yet." in part
        assert "Stage 2 of 7: First load. Exercises on 2 of 4 days that it asks for." in part
        assert "Not yet reviewed by a clinician." in part


RED = replace(
    ALERT,
    id=18,
    rule="R-RED",
    severity=4,
    title="Stop running and get this looked at: Nerves of the lower back",
    action="Stop running and go to an emergency department now.",
    report_id=9,
    symptom_level=4,
)


def test_beside_a_red_flag_nothing_else_is_said(sound: Sound) -> None:
    content = weekly_mail(with_alerts(RED, of=ACHING), reader(), pain_url=pain_url)
    shown = sound(content)

    assert content.subject == "Stop running and get this looked at: Nerves of the lower back"
    for part in (content.text, shown):
        assert "Stop running and go to an emergency department now." in part
        for left_out in ("42.3 km", "LOADS", "The three loads", "went from", "/r/"):
            assert left_out not in part


def test_a_week_without_runs_says_why_that_may_be_and_gives_one_link(sound: Sound) -> None:
    content = mail(replace(EMPTY, no_runs=NoRuns("strava")))

    assert content.subject == "No runs arrived in week 47, your usual is 40.1 km"
    for part in (content.text, sound(content)):
        assert "Strava is connected, and no run of the week came." in part
    assert "See what is still awaited: https://run.example/sync" in content.text
    assert "<th" not in content.html
    assert "#" not in content.text.replace("#mails", "")


@pytest.mark.parametrize(
    ("no_runs", "words", "link"),
    [
        (NoRuns("none"), "Nothing is connected yet, so no run can arrive.", "welcome"),
        (NoRuns("strava", cut_off="reconnect"), "The connection to Strava has ended", "settings"),
        (NoRuns("strava", cut_off="permission"), "without the permission to read activities", "settings"),
        (NoRuns("strava", cut_off="inactive"), "Strava has switched off this server’s access", "upload"),
        (NoRuns("files", last_from_files=date(2026, 11, 7)), "the newest is of Sat 7 Nov 2026", "upload"),
        (NoRuns("strava", sports=("Ride", "AlpineSki")), "counts as no run: Ride, Alpine ski.", "runs"),
    ],
)
def test_each_reason_for_an_empty_week_has_its_remedy(no_runs: NoRuns, words: str, link: str, sound: Sound) -> None:
    gap = Gap(None, cut_off=no_runs.cut_off) if no_runs.cut_off else None
    content = mail(replace(EMPTY, no_runs=no_runs, gap=gap))

    assert words in sound(content)
    assert content.text.count(words) == 1
    assert content.text.count(f": https://run.example/{link}\n") == 1


def test_who_has_just_begun_is_told_what_will_be_here(sound: Sound) -> None:
    content = mail(replace(FIRST, loads=UNKNOWN))

    assert content.subject == "Week 47: 42.3 km in 4 runs"
    for part in (content.text, sound(content)):
        assert "Your first week here: 42.3 km in 4 runs." in part
        assert "From next week on this mail holds your three loads against your own weeks" in part
        assert "Run as you are used to: what is usual for you is still being learnt" in part
        assert "14 more days of history and 4 more runs to go" in part


def test_who_has_no_run_at_all_gets_a_short_mail_without_tables(sound: Sound) -> None:
    content = mail(replace(NEVER, no_runs=NoRuns("none")))

    sound(content)
    assert content.subject == "No runs here yet"
    assert "<th" not in content.html
    assert len(lines(content)) <= 6


def test_after_weeks_without_a_run_no_share_is_made_of_nothing(sound: Sound) -> None:
    nothing = tuple((week, 0.0) for week, _ in QUIET.previous)
    content = mail(replace(QUIET, previous=nothing, usual_m=0.0))
    empty = mail(replace(EMPTY, previous=nothing, usual_m=0.0))

    assert content.subject == "Week 47: 42.3 km in 4 runs, after 4 weeks without a run"
    assert empty.subject == "No runs arrived in week 47"
    sound(content)
    sound(empty)


@pytest.mark.parametrize(
    ("n", "words"), [(1, "1 more recording of the week is kept"), (2, "2 more recordings of the week are kept")]
)
def test_what_does_not_count_is_named(n: int, words: str, sound: Sound) -> None:
    content = mail(replace(QUIET, other_sports=n))
    for part in (content.text, sound(content)):
        assert f"{words} but not counted" in part


def test_miles_for_those_who_run_in_miles(sound: Sound) -> None:
    """42 300 m / 1609.344 = 26.28; 40 100 m = 24.92; 82 000 m = 50.95; 17 600 m = 10.94; 1 240 m / 0.3048 = 4 068."""
    content = mail(LOADED, units="imperial")

    assert content.subject == "Week 47: 26.3 mi in 4 runs, close to your usual 24.9 mi"
    for part in (content.text, sound(content)):
        for amount in ("51.0 mi", "10.9 mi", "4 068 ft"):
            assert amount in part
        assert " km" not in part


def test_what_a_runner_typed_cannot_become_markup() -> None:
    typed = replace(ALERT, title="<script>alert(1)</script>: 16.0 km")
    content = mail(with_alerts(typed))

    assert "<script>alert(1)</script>: 16.0 km" in content.text
    assert "<script" not in content.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in content.html


def test_a_push_says_what_was_and_what_to_do() -> None:
    content = mail(LOADED)

    assert content.short == (
        "You ran 42.3 km in 4 runs, close to your usual 40.1 km."
        " Nothing unusual in your load: run as planned, up to 17.6 km."
    )
    assert content.url == "https://run.example/weeks/2026-W47"


amounts = st.none() | st.floats(0, 90_000)


@st.composite
def some_reports(draw: st.DrawFn) -> WeeklyReport:
    """Weeks of any kind: with and without runs, weeks before, loads, alerts, problems, a gap."""
    runs = RUNS[: draw(st.integers(0, 4))]
    previous = QUIET.previous[: draw(st.integers(0, 4))]
    usual = draw(st.floats(0, 90_000)) if previous else None
    n = len(runs)
    line = partial(LoadLine, known_runs=n, n_runs=n)
    loads = tuple(
        line(kind, draw(amounts), draw(amounts), draw(amounts), usual_least=draw(amounts), usual_most=draw(amounts))
        for kind in ("mileage", "hills", "fast")
    )
    alerts = tuple(draw(st.lists(st.sampled_from([ALERT, replace(ALERT, id=3, severity=2), RED]), max_size=2)))
    return replace(
        QUIET,
        runs=runs,
        distance_m=1000.0 * n,
        previous=previous,
        usual_m=usual,
        loads=draw(st.sampled_from([loads, ()])),
        alerts=alerts,
        standing=alerts,
        ceiling=draw(st.sampled_from([CEILING, LEARNING])),
        first_day=draw(st.sampled_from([None, date(2026, 11, 17), date(2025, 1, 1)])),
        no_runs=None if runs else draw(st.sampled_from([NoRuns("none"), NoRuns("files"), NoRuns("strava")])),
        gap=draw(st.sampled_from([None, Gap(None, runs=1), Gap(None, cut_off="reconnect")])),
        problems=draw(st.sampled_from([(), (ACHE,)])),
        pain=draw(st.sampled_from([(), (TOLD,), (replace(TOLD, n_told=0, trend=None),)])),
        rehab=draw(st.sampled_from([(), (REHAB,), (replace(REHAB, planned=None, asked=0, held_back="No."),)])),
    )


@given(some_reports())
def test_no_week_has_an_empty_table_section_or_line(report: WeeklyReport) -> None:
    """A heading is followed by something, a table has a row, a list an item; and browsers find no fault."""
    content = weekly_mail(report, reader(), pain_url=pain_url)
    said = lines(content)

    assert not any(a.isupper() and b.isupper() and not a.startswith("-") for a, b in pairwise(said))
    assert not said[-1].isupper()
    assert all(table.count("<td") for table in re.findall(r"<table[^>]*>.*?</table>", content.html, re.DOTALL))
    assert len(re.findall(r"<th[ >]", content.html)) in (0, 2, 3)
    parser = HTMLParser()
    parser.parse(content.html)
    assert parser.errors == []
    assert len(content.subject) <= 75
