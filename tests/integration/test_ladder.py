"""The way back to running: runs that arrive climb the ladder, the gate and the circuit stand beside it."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from loadwatch.adapters.db import migrate
from loadwatch.adapters.db.engine import make_engines
from loadwatch.api import create_api
from loadwatch.bootstrap import Services, make_services
from loadwatch.dashboard import create_app
from loadwatch.domain.programme import LadderReached
from loadwatch.services.health_ports import Draft, InvalidCheckIn
from loadwatch.settings import Settings
from tests.support.seeding import PASSWORD, SeedRun, add_runs, seeded_services, sign_up

ANN, BOB = "ann@example.org", "bob@example.org"
DAY_0 = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
HALF_HOUR_M = 1800 / 0.34
"""Half an hour, by the pace of the seed."""

HAMSTRING: dict[str, Any] = {
    "side": "left",
    "regions": frozenset({"PM"}),
    "pain_run": 3,
    "pain_today": 1,
    "pain_morning": 1,
    "qualities": frozenset({"tight"}),
    "onset": "during",
    "aggravators": frozenset({"sprint"}),
}
NERVE: dict[str, Any] = {
    "side": "left",
    "regions": frozenset({"LT"}),
    "pain_today": 1,
    "qualities": frozenset({"burning", "tingling"}),
    "onset": "gradual",
    "aggravators": frozenset({"belt", "standing"}),
}
SADDLE: dict[str, Any] = {"side": "both_equal", "regions": frozenset({"BK"}), "signs": frozenset({"numb_saddle"})}
READY = {"walks_30_min_quietly": True, "single_leg_step_down_ok": True}
GATE = ("can_keep_trunk_steady", "can_keep_symptom_down", "will_stop_when_it_rises")


class Life:
    """A runner's days: the clock goes where the test sends it."""

    def __init__(self, folder: Path) -> None:
        self.now = DAY_0
        settings = Settings(data_dir=folder, base_url="http://127.0.0.1:8000")
        self.services: Services = make_services(settings, clock=lambda: self.now)
        self.ann, self.bob = (self._athlete(email) for email in (ANN, BOB))
        self._n_runs = 0

    def _athlete(self, email: str) -> int:
        found = self.services.accounts.athlete_by_email(email)
        assert found is not None
        return found

    def on(self, day: int, hour: int = 9) -> None:
        self.now = DAY_0 + timedelta(days=day, hours=hour - 9)

    def told(self, **said: Any) -> int:
        draft = Draft(**({"side": "left", "regions": frozenset({"PM"})} | said))
        return self.services.check_ins.record(self.ann, draft).problem_ids[0]

    def ran(self, day: int, minutes: float = 30, ascent_m: float | None = 0.0, hour: int = 8) -> int:
        self._n_runs += 1
        start = DAY_0 + timedelta(days=day, hours=hour - 9)
        run = SeedRun(start, minutes / 30 * HALF_HOUR_M, ascent_m=ascent_m)
        return add_runs(self.services, self.ann, [run], self._n_runs)[0]

    def quiet_run(self, day: int, minutes: float = 30) -> int:
        """A run in the morning, what it was like, and the next morning."""
        self.on(day)
        run = self.ran(day, minutes)
        self.told(pain_run=1, pain_today=1)
        self.on(day + 1, hour=7)
        self.told(pain_morning=1)
        return run

    def page(self, number: int) -> Any:
        return self.services.check_ins.problem(self.ann, number)

    def ladder(self, number: int) -> Any:
        return self.page(number).ladder

    def hamstring(self, level: int | None = 7) -> int:
        """Sixty days of running 12 km at most, then a problem whose exercises were agreed to; the ladder begun."""
        days = [(day, HALF_HOUR_M) for day in range(-60, -2, 6)] + [(-9, 12_000.0)]
        runs = [SeedRun(DAY_0 + timedelta(days=day, hours=-1), metres, ascent_m=0.0) for day, metres in days]
        add_runs(self.services, self.ann, runs, 500)
        number = self.told(**HAMSTRING, answers=READY)
        self.services.check_ins.note_step(self.ann, number, "agreed")
        if level is not None:
            self.services.check_ins.begin_ladder(self.ann, number, level)
        return number


@pytest.fixture(scope="module")
def two_runners(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runners")
    services = seeded_services(folder, now=DAY_0)
    sign_up(services, ANN)
    sign_up(services, BOB)
    services.close()
    return folder


@pytest.fixture
def life(two_runners: Path, tmp_path: Path) -> Iterator[Life]:
    shutil.copytree(two_runners, tmp_path / "data")
    life = Life(tmp_path / "data")
    yield life
    life.services.close()


# climbing


def test_two_clean_runs_with_quiet_mornings_pass_a_level(life: Life) -> None:
    number = life.hamstring()
    assert life.ladder(number).is_unlocked

    first = life.quiet_run(2)
    one = life.ladder(number).state
    assert (one.level, one.clean, [v.kind for v in one.verdicts]) == (7, 1, ["clean"])
    second = life.quiet_run(4)

    state = life.ladder(number).state
    assert (state.level, state.clean) == (8, 0)
    assert [(m.before, m.after, m.run_ids) for m in state.moves] == [(7, 8, (first, second))]
    assert state.step.longest_m == pytest.approx(1.15 * HALF_HOUR_M)  # below 6 tenths of the old 12 km


def test_more_than_the_step_locks_the_next_level(life: Life) -> None:
    number = life.hamstring()
    life.quiet_run(2)
    life.quiet_run(4, minutes=45)

    state = life.ladder(number).state

    assert (state.level, state.clean, state.verdicts[-1].kind) == (7, 0, "overshoot")
    assert "45 min of running where 30 were planned" in state.why_not_next


def test_the_day_after_a_run_and_an_untold_morning_lock_the_step(life: Life) -> None:
    number = life.hamstring()
    life.on(2)
    life.ran(2)
    assert life.ladder(number).why_locked == ("you have run today",)

    life.on(3)
    assert life.ladder(number).why_locked == ("a day of rest between runs",)

    life.on(4)
    assert life.ladder(number).why_locked == ("say how the morning after the last run was",)


def test_what_was_usual_is_taken_from_the_runs_before_the_problem(life: Life) -> None:
    entry = life.ladder(life.hamstring()).entry

    assert entry.old_long_m == pytest.approx(12_000)
    assert entry.old_fast_m is None  # no run had samples
    assert not entry.tendon


def test_what_no_run_tells_of_before_the_runner_can_and_the_climb_goes_on(life: Life) -> None:
    number = life.hamstring()
    life.quiet_run(2)
    life.quiet_run(4)

    page = life.services.check_ins.put_usual(life.ann, number, old_fast_m=3_000)

    assert page.ladder is not None
    assert (page.ladder.entry.old_long_m, page.ladder.entry.old_fast_m) == (pytest.approx(12_000), 3_000)
    assert page.ladder.state.level == 8


def test_a_run_that_was_not_measured_counts_on_the_runner_s_word(life: Life) -> None:
    """Running and walking cannot be told apart without samples: level 4, six times 4 and 1 minute."""
    number = life.hamstring(level=4)
    run = life.quiet_run(2)
    asked = life.ladder(number).not_measured
    assert [(a.run.id, a.kept) for a in asked] == [(run, None)]
    assert "running and walking" in asked[0].what
    assert life.ladder(number).state.verdicts[-1].kind == "unclear"

    life.services.check_ins.say_kept(life.ann, number, run, kept=True)
    assert life.ladder(number).state.verdicts[-1].kind == "clean"
    assert life.ladder(number).state.clean == 1

    life.services.check_ins.say_kept(life.ann, number, run, kept=False)
    assert life.ladder(number).state.verdicts[-1].kind == "overshoot"


def test_a_stage_that_waits_for_a_level_is_left_when_the_ladder_reaches_it(life: Life) -> None:
    check_ins = life.services.check_ins
    hamstring = check_ins.clinic.programmes["HS"]
    first = replace(hamstring.stages[0], criteria=(LadderReached(8, "level 8"),))
    stages = (first, *hamstring.stages[1:])
    check_ins.clinic = replace(check_ins.clinic, programmes={"HS": replace(hamstring, stages=stages)})
    number = life.hamstring()
    life.quiet_run(2)
    assert life.page(number).rehab.progress.number == 0

    life.quiet_run(4)

    assert life.page(number).rehab.progress.number == 1


# stepping on


@pytest.mark.parametrize(
    ("days_off", "proposed", "highest"), [(3, 1, 7), (13, 1, 7), (14, 4, 7), (28, 4, 7), (29, 1, 4)]
)
def test_the_level_proposed_follows_the_time_off_running(
    life: Life, days_off: int, proposed: int, highest: int
) -> None:
    life.ran(-days_off)
    number = life.told(**HAMSTRING)
    start = life.services.check_ins.note_step(life.ann, number, "agreed").start

    assert start is not None
    assert (start.proposed, start.levels[-1]) == (proposed, highest)
    with pytest.raises(InvalidCheckIn, match=r"^level:"):
        life.services.check_ins.begin_ladder(life.ann, number, highest + 1)
    page = life.services.check_ins.begin_ladder(life.ann, number)
    assert page.ladder is not None
    assert page.ladder.state.level == proposed


def test_after_a_run_of_yesterday_the_ladder_begins_tomorrow(life: Life) -> None:
    life.ran(-1)
    number = life.told(**HAMSTRING, answers=READY)
    life.services.check_ins.note_step(life.ann, number, "agreed")

    page = life.services.check_ins.begin_ladder(life.ann, number)

    assert page.ladder is not None
    assert page.ladder.why_locked == ("the ladder begins on Tue 3 Nov 2026",)


def test_the_questions_of_the_first_step_stay_asked_whatever_was_run_without_them(life: Life) -> None:
    life.ran(-20)
    number = life.told(**HAMSTRING)
    life.services.check_ins.note_step(life.ann, number, "agreed")
    life.services.check_ins.begin_ladder(life.ann, number, 1)
    life.ran(0, hour=10)
    life.on(2, hour=7)
    life.told(pain_morning=1)

    ladder = life.ladder(number)

    assert set(ladder.ask) == set(READY)
    assert not ladder.is_unlocked
    assert all(why.startswith("first: ") for why in ladder.why_locked)


def test_nobody_steps_on_before_agreeing_nor_while_a_red_flag_stands(life: Life) -> None:
    number = life.told(**HAMSTRING)
    with pytest.raises(InvalidCheckIn, match=r"^ladder:.*agreed"):
        life.services.check_ins.begin_ladder(life.ann, number)
    life.services.check_ins.note_step(life.ann, number, "agreed")
    life.told(**HAMSTRING | {"signs": frozenset({"numb_saddle"})})

    with pytest.raises(InvalidCheckIn, match=r"^ladder:.*warning sign"):
        life.services.check_ins.begin_ladder(life.ann, number)


def test_a_red_flag_of_another_problem_locks_the_ladder_of_this_one(life: Life) -> None:
    number = life.hamstring()
    assert life.ladder(number).is_unlocked
    other = life.told(**SADDLE | {"side": "right"})
    assert other != number

    ladder = life.ladder(number)

    assert not ladder.is_unlocked
    assert "Another problem that is open: A warning sign stands (RF1)" in ladder.why_locked[0]
    assert life.page(number).start is None


def test_beginning_anew_keeps_the_old_row_and_skips_nothing(life: Life) -> None:
    number = life.hamstring(level=5)
    run = life.quiet_run(2)
    life.services.check_ins.say_kept(life.ann, number, run, kept=True)
    life.on(5)
    assert life.page(number).start.levels == (1, 2, 3, 4, 5)

    page = life.services.check_ins.begin_ladder(life.ann, number, 2)

    assert page.ladder is not None
    assert (page.ladder.state.level, page.ladder.state.verdicts) == (2, ())
    with life.services.store.read() as tx:
        assert [(n, e.level) for n, e in tx.ladders(life.ann)[0]] == [(number, 5), (number, 2)]
        assert tx.ladders(life.bob) == ([], [])


def test_a_ladder_stopped_by_two_steps_down_waits_for_a_professional(life: Life) -> None:
    number = life.hamstring(level=5)
    for day in (2, 6):
        life.on(day)
        life.ran(day)
        life.told(pain_run=6, pain_today=1)
        life.on(day + 1, hour=7)
        life.told(pain_morning=1, pain_today=1)
    life.on(10)
    assert "2 steps down within 14 days" in life.ladder(number).why_locked[0]
    assert life.page(number).start is None

    page = life.services.check_ins.note_step(life.ann, number, "seen")

    assert page.start is not None
    assert page.start.levels[-1] == 3


# the API

Caller = Callable[..., TestResponse]


def caller(services: Services, athlete: int) -> Caller:
    headers = {"Authorization": f"Bearer {services.accounts.create_token(athlete)}"}
    client = create_api(services).test_client()

    def call(method: str, path: str, body: Any = None) -> TestResponse:
        return client.open(path, method=method, headers=headers, json=body)

    return call


def test_the_api_tells_and_begins_the_ladder(life: Life) -> None:
    number = life.hamstring(level=None)
    ann = caller(life.services, life.ann)
    before = ann("GET", f"/problems/{number}").get_json()

    begun = ann("POST", f"/problems/{number}/ladder", {"level": 4}).get_json()["ladder"]
    run = life.quiet_run(2)
    said = ann("POST", f"/problems/{number}/ladder/kept", {"run_id": run, "kept": True}).get_json()["ladder"]

    assert before["ladder"] is None
    assert before["ladder_start"] == {"on": "2026-11-02", "proposed": 1, "levels": [1, 2, 3, 4, 5, 6, 7]}
    assert (begun["level"], begun["is_unlocked"], begun["step"]["running_min"]) == (4, True, 24)
    assert begun["old_long_m"] == pytest.approx(12_000)
    assert begun["source"]["review"] == "unreviewed"
    assert (said["clean"], said["needed"]) == (1, 2)
    assert said["verdicts"][0]["run_ids"] == [run]
    assert [m["kept"] for m in said["not_measured"]] == [True]


@pytest.mark.parametrize(
    "body", [{"level": 0}, {"level": 8}, {"level": "4"}, {"level": 4.5}, {"surplus": 1}, {"level": True}]
)
def test_a_level_that_cannot_be_is_refused(life: Life, body: Any) -> None:
    number = life.hamstring(level=None)

    assert caller(life.services, life.ann)("POST", f"/problems/{number}/ladder", body).status_code == 422
    assert life.ladder(number) is None


def test_the_circuit_takes_half_an_hour_and_spares_the_sore_part(life: Life) -> None:
    number = life.hamstring(level=None)
    ann = caller(life.services, life.ann)
    library = life.services.check_ins.clinic.programmes["HS"].stages

    made = ann("GET", f"/problems/{number}/circuit").get_json()

    assert 25 <= made["minutes"] <= 35
    assert made["withheld"] is None
    assert len(made["exercises"]) >= 3
    loads = {p.exercise.id: p.exercise.loads for stage in library for p in stage.prescriptions}
    assert not any("hamstring" in loads.get(e["id"], ()) for e in made["exercises"])
    assert {e["source"]["review"] for e in made["exercises"]} == {"unreviewed"}


def test_the_circuit_is_withheld_as_exercises_are(life: Life) -> None:
    number = life.told(**HAMSTRING)
    ann = caller(life.services, life.ann)
    assert ann("GET", f"/problems/{number}/circuit").get_json()["withheld"]["reason"] == "not_confirmed"

    life.told(**HAMSTRING | {"signs": frozenset({"numb_saddle"})})

    made = ann("GET", f"/problems/{number}/circuit").get_json()
    assert (made["withheld"]["reason"], made["exercises"]) == ("red_flag", None)


def test_one_no_or_no_answer_at_the_gate_means_no_run_today(life: Life) -> None:
    number = life.told(**NERVE)
    life.services.check_ins.note_step(life.ann, number, "agreed")
    ann = caller(life.services, life.ann)
    yes = dict.fromkeys(GATE, True)

    def gate(answers: dict[str, bool]) -> Any:
        return ann("POST", f"/problems/{number}/gate", {"answers": answers}).get_json()

    assert [q["code"] for q in ann("GET", f"/problems/{number}").get_json()["gate"]] == list(GATE)
    assert gate(yes) == {"may_run": True, "why_not": [], "refused": [], "unanswered": []}
    for code in GATE:
        assert (gate(yes | {code: False})["may_run"], gate(yes | {code: False})["refused"]) == (False, [code])
    assert (gate({})["may_run"], gate({})["unanswered"]) == (False, list(GATE))
    assert ann("POST", f"/problems/{number}/gate", {"answers": {"nonsense": True}}).status_code == 422


def test_an_open_gate_does_not_open_a_locked_ladder_nor_a_red_flag(life: Life) -> None:
    number = life.told(**NERVE)
    life.services.check_ins.note_step(life.ann, number, "agreed")
    life.services.check_ins.begin_ladder(life.ann, number)
    yes = dict.fromkeys(GATE, True)

    locked = life.services.check_ins.gate(life.ann, number, yes)
    life.told(**SADDLE | {"side": "right"})
    flagged = life.services.check_ins.gate(life.ann, number, yes)

    assert not locked.may_run
    assert locked.why_not[0].startswith("The ladder: first: ")
    assert not flagged.may_run
    assert "RF1" in flagged.why_not[0]


def test_a_programme_without_a_gate_has_none(life: Life) -> None:
    number = life.hamstring()

    assert caller(life.services, life.ann)("POST", f"/problems/{number}/gate", {"answers": {}}).status_code == 422


def test_what_belongs_to_another_is_not_found(life: Life) -> None:
    number = life.hamstring(level=4)
    run = life.quiet_run(2)
    bob = caller(life.services, life.bob)

    for n in (number, 999):
        assert bob("POST", f"/problems/{n}/ladder", {}).status_code == 404
        assert bob("PATCH", f"/problems/{n}/ladder", {"old_long_m": 5000}).status_code == 404
        assert bob("POST", f"/problems/{n}/ladder/kept", {"run_id": run, "kept": True}).status_code == 404
        assert bob("GET", f"/problems/{n}/circuit").status_code == 404
        assert bob("POST", f"/problems/{n}/gate", {"answers": {}}).status_code == 404
    assert life.ladder(number).state.clean == 0


def test_a_word_on_a_run_of_somebody_else_is_not_taken(life: Life) -> None:
    number = life.hamstring()
    theirs = add_runs(life.services, life.bob, [SeedRun(DAY_0, 5_000)], 900)[0]
    body = {"run_id": theirs, "kept": True}

    ann = caller(life.services, life.ann)
    assert ann("POST", f"/problems/{number}/ladder/kept", body).status_code == 404


# the pages


def browser(services: Services, email: str = ANN) -> FlaskClient:
    client = create_app(services, config={"RATELIMIT_ENABLED": False, "WTF_CSRF_ENABLED": False}).test_client()
    client.post("/login", data={"email": email, "password": PASSWORD})
    return client


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("\xa0", " ")


def test_the_page_begins_the_ladder_and_tells_the_step_with_its_limits(life: Life) -> None:
    number = life.hamstring(level=None)
    web = browser(life.services)
    assert "Start the way back to running" in web.get(f"/problems/{number}").text

    page = words_of(web.post(f"/problems/{number}/ladder", data={"level": "7"}, follow_redirects=True).text)

    assert "Level 7 of 10: 30 min of easy running on the flat" in page
    assert "at most 50 m of descent" in page
    assert "you may run this step" in page
    assert "0 of 2 clean sessions" in page


def test_limits_are_told_in_the_runner_s_units(life: Life) -> None:
    number = life.hamstring()
    life.quiet_run(2)
    life.quiet_run(4)
    web = browser(life.services)
    metric = words_of(web.get(f"/problems/{number}").text)
    with life.services.engines.write.begin() as raw:
        raw.execute(text("UPDATE athletes SET units = 'imperial'"))

    imperial = words_of(web.get(f"/problems/{number}").text)

    assert "At most 6.1 km" in metric  # 1.15 x 5.29 km
    assert "At most 3.8 mi" in imperial
    assert "164 ft of descent" in imperial


def test_a_locked_step_says_why_and_links_the_run(life: Life) -> None:
    number = life.hamstring()
    run = life.quiet_run(2, minutes=45)
    page = browser(life.services).get(f"/problems/{number}").text

    assert "No run today" in page
    assert "A day of rest between runs" in page
    assert f'href="/runs/{run}"' in page
    assert "more than the step" in page


def test_the_runner_s_word_is_given_on_the_page(life: Life) -> None:
    number = life.hamstring(level=4)
    run = life.quiet_run(2)
    web = browser(life.services)
    assert "Did it keep to the step?" in web.get(f"/problems/{number}").text

    page = web.post(f"/problems/{number}/ladder/kept", data={"run_id": run, "kept": "yes"}, follow_redirects=True)

    assert "You said yes" in page.text
    assert "1 of 2 clean sessions" in page.text


def test_old_values_are_told_in_the_runner_s_units(life: Life) -> None:
    number = life.told(**HAMSTRING)
    life.services.check_ins.note_step(life.ann, number, "agreed")
    life.services.check_ins.begin_ladder(life.ann, number)
    web = browser(life.services)

    web.post(f"/problems/{number}/ladder/usual", data={"old_long": "15,5", "old_fast": "2400"})

    entry = life.ladder(number).entry
    assert (entry.old_long_m, entry.old_fast_m) == (15_500, 2_400)
    bad = web.post(f"/problems/{number}/ladder/usual", data={"old_long": "far"}, follow_redirects=True)
    assert "a distance, like 15" in bad.text


def test_the_gate_is_a_plain_page(life: Life) -> None:
    number = life.told(**NERVE)
    life.services.check_ins.note_step(life.ann, number, "agreed")
    web = browser(life.services)
    assert "May I run today?" in web.get(f"/problems/{number}").text

    yes = dict.fromkeys(GATE, "yes")
    assert "<h1>You may run</h1>" in web.post(f"/problems/{number}/gate", data=yes).text
    assert "<h1>No run today</h1>" in web.post(f"/problems/{number}/gate", data=yes | {GATE[1]: "no"}).text
    assert "<h1>No run today</h1>" in web.post(f"/problems/{number}/gate", data={}).text


def test_a_circuit_is_logged_in_one_tap(life: Life) -> None:
    number = life.hamstring(level=None)
    web = browser(life.services)
    page = web.get(f"/problems/{number}/circuit").text
    exercises = re.findall(r'name="exercises" value="([a-z_]+)"', page)
    assert "Not yet reviewed by a clinician." in page

    web.post(f"/problems/{number}/sessions", data={"exercises": exercises, "pain_during": "1"})

    assert [s.exercises for s in life.page(number).sessions] == [frozenset(exercises)]
    assert f'href="/problems/{number}/circuit"' in web.get(f"/problems/{number}").text


def test_options_are_folded_and_none_is_recommended(life: Life) -> None:
    number = life.hamstring(level=None)
    page = browser(life.services).get(f"/problems/{number}").text

    assert re.search(r"<details[^>]*>\s*<summary>What a clinician may offer</summary>", page)
    assert "Naming it recommends nothing" in page
    assert "Examination and imaging" in page


def test_beside_a_red_flag_there_is_no_ladder_no_option_and_no_circuit(life: Life) -> None:
    number = life.hamstring()
    life.told(**HAMSTRING | {"signs": frozenset({"numb_saddle"})})
    page = browser(life.services).get(f"/problems/{number}").text

    for words in ("The way back to running", "What a clinician may offer", "A circuit of half an hour"):
        assert words not in page


def test_a_problem_that_is_gone_is_praised_and_watched_for_twelve_weeks(life: Life) -> None:
    number = life.hamstring()
    life.on(10)
    life.services.check_ins.close_problem(life.ann, number)
    page = words_of(browser(life.services).get(f"/problems/{number}").text)

    assert "Well done." in page
    assert "Take up your plan again step by step" in page
    assert "stays on watch until Thu 4 Feb 2027" in page  # 12 November and 84 days
    assert "Start the way back" not in page
    said = caller(life.services, life.ann)("GET", f"/problems/{number}").get_json()
    assert said["watched_until"] == "2027-02-04T09:00:00Z"
    assert said["ladder_start"] is None


def test_pages_of_another_are_not_found(life: Life) -> None:
    number = life.hamstring(level=4)
    run = life.quiet_run(2)
    bob = browser(life.services, BOB)
    data = {"run_id": str(run), "kept": "yes", "level": "1", "old_long": "5"}

    assert bob.get(f"/problems/{number}/circuit").status_code == 404
    for path in ("ladder", "ladder/kept", "ladder/usual", "gate"):
        assert bob.post(f"/problems/{number}/{path}", data=data).status_code == 404, path
    assert life.ladder(number).entry.level == 4


def test_no_page_says_what_it_must_not(life: Life) -> None:
    number = life.hamstring()
    life.quiet_run(2, minutes=45)
    web = browser(life.services)
    for path in (f"/problems/{number}", f"/problems/{number}/circuit"):
        said = words_of(web.get(path).text).lower()
        for word in ("diagnos", "treats", "prevents", "%"):
            assert word not in said, (path, word)


# the tables


def test_check_ins_and_runs_outlive_the_coming_and_going_of_the_ladder(empty_database_url: str) -> None:
    engines = make_engines(empty_database_url)
    at = "'2026-11-22 12:00:00+00:00'"
    kept = (
        "INSERT INTO athletes (name, timezone, units, novice, alert_mails, weekly_mail, created_at)"
        f" VALUES ('Ann', 'UTC', 'metric', false, true, true, {at})",
        "INSERT INTO symptom_reports (athlete_id, at, local_date, regions, qualities, aggravators, signs,"
        f" answers, note, source, created_at) VALUES (1, {at}, '2026-11-22', '[]', '[]', '[]', '[]', '{{}}',"
        f" 'x', 'api', {at})",
        "INSERT INTO runs (athlete_id, source, source_id, name, sport, start, local_date, is_race, is_manual,"
        " start_hidden, distance_trusted, streams, fetched_at, created_at)"
        f" VALUES (1, 'strava', 1, 'Run', 'Run', {at}, '2026-11-22', false, false, false, true, 'ok', {at}, {at})",
    )
    ladder = (
        "INSERT INTO ladder_entries (athlete_id, problem_id, first_day, level, tendon, created_at)"
        f" VALUES (1, 1, '2026-11-22', 4, false, {at})",
        f"INSERT INTO ladder_kept (athlete_id, problem_id, run_id, kept, updated_at) VALUES (1, 1, 1, true, {at})",
    )

    def rows(*names: str) -> list[Any]:
        with engines.write.connect() as raw:
            return [raw.scalar(text(f"SELECT count(*) FROM {name}")) for name in names]

    try:
        migrate.upgrade(engines.write, "0004")
        with engines.write.begin() as raw:
            for statement in kept:
                raw.execute(text(statement))
        migrate.upgrade(engines.write, "0005")
        assert rows("athletes", "symptom_reports", "runs") == [1, 1, 1]
        with engines.write.begin() as raw:
            for statement in ladder:
                raw.execute(text(statement))
        migrate.downgrade(engines.write, "0004")
        assert rows("athletes", "symptom_reports", "runs") == [1, 1, 1]
        migrate.upgrade(engines.write, "0005")
        assert rows("ladder_entries", "ladder_kept") == [0, 0]
        with engines.write.begin() as raw:
            for statement in ladder:
                raw.execute(text(statement))
            raw.execute(text("DELETE FROM runs"))
        assert rows("ladder_entries", "ladder_kept") == [1, 0]  # a word on a run goes with it
    finally:
        engines.dispose()
