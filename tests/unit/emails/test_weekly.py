from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfoNotFoundError

import pytest

from loadwatch.domain.activity import Run
from loadwatch.domain.alerts import Alert, AlertState
from loadwatch.domain.ceilings import Ceiling
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.report import LoadLine, OpenProblem, WeeklyReport
from loadwatch.domain.rules import Evidence, Reason
from loadwatch.domain.symptoms import Problem
from loadwatch.domain.wording import Units
from loadwatch.emails import EmailContent
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
FIRST = replace(QUIET, previous=(), usual_m=None, ceiling=LEARNING)

Sound = Callable[[EmailContent], str]


def mail(report: WeeklyReport = QUIET, units: Units = "metric", timezone: str = "Europe/Berlin") -> EmailContent:
    return weekly_mail(report, reader(units, timezone))


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


@pytest.mark.parametrize(
    "report",
    [QUIET, EMPTY, FIRST, LOADED, replace(QUIET, loads=UNKNOWN), replace(QUIET, alerts=(ALERT,), other_sports=2)],
)
@pytest.mark.parametrize("units", ["metric", "imperial"])
def test_every_week_is_a_sound_mail(report: WeeklyReport, units: Units, sound: Sound) -> None:
    sound(mail(report, units))


def test_the_verdict_comes_first(sound: Sound) -> None:
    content = mail()
    start = (
        "Mara · Week 47 · Mon 16 Nov – Sun 22 Nov 2026 You ran 42.3 km in 4 runs, close to your usual 40.1 km."
        " No run and no check-in set off an alert."
    )

    assert " ".join(content.text.split()).startswith(start)
    assert start in sound(content)


def test_each_run_has_day_time_name_distance_and_duration(sound: Sound) -> None:
    """17:05 UTC in November is 18:05 in Berlin."""
    content = mail()
    shown = sound(content)

    assert "- Tue 17 Nov, 18:05: Morning run, 8.2 km, 47 min\n" in content.text
    assert "- Thu 19 Nov, 18:05: Tempo, 12.0 km, 1 h 06 min\n" in content.text
    assert "Morning run Tue 17 Nov, 18:05 8.2 km 47 min" in shown
    assert "Tempo Thu 19 Nov, 18:05 12.0 km 1 h 06 min" in shown


def test_a_run_without_a_title_is_named_by_its_sport_and_one_without_a_time_has_none(sound: Sound) -> None:
    content = mail()

    assert "- Sat 21 Nov, 08:05: Trail run, 6.1 km\n" in content.text
    assert "Trail run Sat 21 Nov, 08:05 6.1 km –" in sound(content)


def test_a_race_is_called_one(sound: Sound) -> None:
    content = mail()
    for part in (content.text, sound(content)):
        assert "Hill race (race)" in part


def test_a_run_on_another_day_than_at_home_shows_no_clock() -> None:
    """17:05 UTC on the 17th is 06:05 on the 18th in Auckland: the runner was elsewhere."""
    assert "- Tue 17 Nov: Morning run, 8.2 km, 47 min\n" in mail(timezone="Pacific/Auckland").text


def test_an_unknown_time_zone_is_an_error() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        mail(timezone="Mars/Olympus")


def test_the_sum_and_the_longest_run_are_named(sound: Sound) -> None:
    timed = replace(QUIET, runs=(*RUNS[:2], replace(RUNS[2], moving_s=2_400.0), RUNS[3]), moving_s=14_700.0)
    content = mail(timed)
    for part in (content.text, sound(content)):
        assert "Together 42.3 km in 4 h 05 min; the longest run was 16.0 km." in part


def test_the_time_is_not_summed_if_a_run_has_none(sound: Sound) -> None:
    content = mail()
    for part in (content.text, sound(content)):
        assert "Together 42.3 km; the longest run was 16.0 km." in part


def test_a_single_run_is_not_summed_up(sound: Sound) -> None:
    one = replace(QUIET, runs=RUNS[:1], distance_m=8_200.0, moving_s=2_820.0, longest_m=8_200.0)
    content = mail(one)

    assert content.subject == "Week 47: 8.2 km in 1 run, less than your usual 40.1 km"
    assert "Together" not in content.text + sound(content)


def test_the_week_is_drawn_beside_the_four_before_it(sound: Sound) -> None:
    """The longest week, 82.0 km, fills 20 signs; 42.3 km is 52 % of it and fills 10."""
    content = mail()

    assert (
        "Week 43 #########........... 38.0 km\n"
        "Week 44 #########........... 40.4 km\n"
        "Week 45 .................... 0.0 km\n"
        "Week 46 #################### 82.0 km\n"
        "Week 47 ##########.......... 42.3 km\n"
        "Mean of the 4 weeks before: 40.1 km a week, taken as your usual.\n"
    ) in content.text
    assert (
        "Week 43 38.0 km Week 44 40.4 km Week 45 0.0 km Week 46 82.0 km Week 47 42.3 km"
        " Mean of the 4 weeks before: 40.1 km a week, taken as your usual."
    ) in sound(content)
    assert 'width="52%"' in content.html


def test_the_three_loads_stand_side_by_side(sound: Sound) -> None:
    content = mail(LOADED)
    shown = sound(content)

    assert (
        "THE THREE LOADS\n"
        "- Mileage: 42.3 km; usual week 40.1 km; next run up to 17.6 km\n"
        "- Hills: 1 240 m; usual week 310 m; next run below 430 m (ascent 1 300 m)\n"
        "- Fast running: at least 2 400 m; usual week 2 000 m; next run none for now (3 of 4 runs told;"
        " of it sprinted at least 120 m; on a track, jogging included, 3 600 m, 9.0 laps)\n"
    ) in content.text
    assert "This week Usual week Next run Mileage 42.3 km 40.1 km up to 17.6 km Hills" in shown
    assert "(ascent 1 300 m) 1 240 m 310 m below 430 m Fast running" in shown
    assert "9.0 laps) at least 2 400 m 2 000 m none for now" in shown


def test_a_load_that_is_not_known_is_called_so_and_not_nought(sound: Sound) -> None:
    content = mail(replace(QUIET, loads=UNKNOWN))

    assert "- Hills: unknown; usual week not known yet; next run not known yet (1 of 4 runs told" in content.text
    assert "- Fast running: unknown; usual week 1 800 m; next run not known yet (0 of 4 runs told" in content.text
    assert "too few to add up) unknown not known yet not known yet Fast running" in sound(content)


def test_a_week_without_runs_adds_nothing_up(sound: Sound) -> None:
    content = mail(replace(EMPTY, loads=LOADS))

    sound(content)
    assert "LOADS" not in content.text


def test_the_alerts_of_the_week_come_with_advice_and_link(sound: Sound) -> None:
    content = mail(replace(QUIET, alerts=(ALERT,)))
    for part in (content.text, sound(content)):
        assert "16.0 km: your longest in 30 days was 14.0 km" in part
        assert "Keep the next runs within your usual distance, up to 14.0 km." in part
        assert "Evidence: grade A" in part
        assert "Frandsen" in part
        assert "No run and no check-in set off an alert." not in part
    assert "https://run.example/alerts/17" in content.text
    assert 'href="https://run.example/alerts/17"' in content.html


ACHE = OpenProblem(Problem("left", frozenset({"posterior"}), (report(pain_today=4),)), level=2)


def test_what_is_open_is_named_and_takes_the_place_of_any_ceiling(sound: Sound) -> None:
    content = mail(replace(LOADED, problems=(ACHE,)))

    for part in (content.text, sound(content)):
        assert "Left back of the thigh" in part
        assert "What hurts decides: while it is open, no distance is named here." in part
        assert "17.6 km" not in part
    assert f"https://run.example/problems/{ACHE.id}" in content.text


def test_a_mild_ache_is_named_beside_the_ceiling() -> None:
    content = mail(replace(LOADED, problems=(replace(ACHE, level=1),)))

    assert "Left back of the thigh" in content.text
    assert "Up to 17.6 km" in content.text


def test_a_quiet_week_is_short() -> None:
    quiet, loud = mail(LOADED), mail(replace(LOADED, alerts=(ALERT,)))

    assert "STOOD OUT" not in quiet.text
    assert "arithmetic" not in quiet.text
    lines = [line for line in quiet.text.split("---")[0].splitlines() if line]
    assert len(lines) <= 22  # of which 3 loads, 4 runs and 5 weeks
    assert len(quiet.text) < len(loud.text)


def test_the_ceiling_of_the_next_run_is_said(sound: Sound) -> None:
    content = mail()
    for part in (content.text, sound(content)):
        assert "Up to 17.6 km: within 10 % of your longest run of the last 30 days, 16.0 km." in part


def test_a_week_without_runs_says_so_and_what_could_be_missing(sound: Sound) -> None:
    content = mail(EMPTY)

    assert content.subject == "Week 47: no runs arrived, your usual is 40.1 km"
    for part in (content.text, sound(content)):
        assert "No runs arrived in week 47, your usual is 40.1 km." in part
        assert "the run may not be synced yet" in part
        assert "No run and no check-in set off an alert." not in part
        assert "Together" not in part
    assert "Check the connection: https://run.example/settings" in content.text
    assert "Week 47 .................... none arrived\n" in content.text


def test_a_week_without_runs_has_no_table_of_runs(sound: Sound) -> None:
    assert "Run Distance Time" in sound(mail())
    assert "Run Distance Time" not in sound(mail(EMPTY))


def test_without_any_week_before_there_is_nothing_to_compare_with(sound: Sound) -> None:
    content = mail(FIRST)

    assert content.subject == "Week 47: 42.3 km in 4 runs"
    for part in (content.text, sound(content)):
        assert "There is no earlier week to compare with yet." in part
        assert "usual " not in part.split("Still learning what is usual")[0]
        assert "Still learning what is usual for you: 14 more days of history and 4 more runs to go." in part


def test_an_athlete_without_any_run_gets_a_mail_without_tables(sound: Sound) -> None:
    content = mail(replace(EMPTY, previous=(), usual_m=None, ceiling=LEARNING))

    sound(content)
    assert content.subject == "Week 47: no runs arrived"
    assert "<th" not in content.html
    assert "#" not in content.text


def test_a_single_week_before_is_not_called_a_mean(sound: Sound) -> None:
    content = mail(replace(QUIET, previous=QUIET.previous[-1:], usual_m=82_000.0))
    for part in (content.text, sound(content)):
        assert "The week before, 82.0 km, is all there is to compare with so far." in part


def test_after_weeks_without_a_run_no_share_is_made_of_nothing(sound: Sound) -> None:
    nothing = tuple((week, 0.0) for week, _ in QUIET.previous)
    content = mail(replace(QUIET, previous=nothing, usual_m=0.0))
    empty = mail(replace(EMPTY, previous=nothing, usual_m=0.0))

    assert content.subject == "Week 47: 42.3 km in 4 runs, after 4 weeks without a run"
    assert empty.subject == "Week 47: no runs arrived"
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
    """42 300 m / 1609.344 = 26.28; 40 100 m = 24.92; 8 200 m = 5.10; 82 000 m = 50.95."""
    content = mail(units="imperial")

    assert content.subject == "Week 47: 26.3 mi in 4 runs, close to your usual 24.9 mi"
    for part in (content.text, sound(content)):
        assert "5.1 mi" in part
        assert "51.0 mi" in part
        assert " km" not in part


def test_what_a_runner_typed_cannot_become_markup(sound: Sound) -> None:
    typed = replace(RUNS[0], name="<script>alert(1)</script>")
    content = mail(replace(QUIET, runs=(typed, *RUNS[1:])))

    assert "<script>alert(1)</script>, 8.2 km" in content.text
    assert "<script>alert(1)</script> Tue 17 Nov" in sound(content)
    assert "<script" not in content.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in content.html
