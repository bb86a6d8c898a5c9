"""From a check-in to what it says: stored on both databases, told by API, pages and command line."""

import itertools
import logging
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from loadwatch import cli
from loadwatch.adapters.db.store import SqlTx
from loadwatch.adapters.db.tables import Base
from loadwatch.api import create_api
from loadwatch.bootstrap import Services
from loadwatch.check_in_cli import run_interactive
from loadwatch.dashboard import create_app
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.programme import RehabSession
from loadwatch.domain.symptoms import EarlierInjury, WeeklyAnswers
from loadwatch.services.check_in import InvalidCheckIn, Superseded
from loadwatch.services.errors import NotYours
from loadwatch.services.health_ports import Draft, ProblemEvent, RiskProfile
from tests.support.seeding import NOW, PASSWORD, SeedRun, add_runs, seeded_services, sign_up

ANN, BOB = "ann@example.org", "bob@example.org"
SORE_HAMSTRING: dict[str, Any] = {
    "side": "left",
    "regions": ["PM"],
    "pain_run": 3,
    "qualities": ["tight"],
    "onset": "during",
    "aggravators": ["sprint"],
}
SADDLE: dict[str, Any] = {"side": "both_equal", "regions": ["BK"], "pain_today": 1, "signs": ["numb_saddle"]}


def draft(body: dict[str, Any] = SORE_HAMSTRING, **changes: Any) -> Draft:
    lists = ("regions", "qualities", "aggravators", "signs")
    given = body | changes
    return Draft(**{name: frozenset(value) if name in lists else value for name, value in given.items()})


# the store, on SQLite and on PostgreSQL


@pytest.fixture
def stored(database_url: str, tmp_path: Path) -> Iterator[Services]:
    services = seeded_services(tmp_path / "stored", database_url=database_url, secret_key="for-tests-alone")
    sign_up(services, ANN)
    sign_up(services, BOB)
    yield services
    services.close()


def athlete(services: Services, email: str = ANN) -> int:
    found = services.accounts.athlete_by_email(email)
    assert found is not None
    return found


def test_a_check_in_is_read_back_as_it_was_given(stored: Services) -> None:
    full = draft(
        pain_today=2,
        pain_morning=0,
        signs=["limp", "bruise"],
        answers={"bladder": False},
        note="after the 400s; 'quotes' and ÄÖ",
        at=datetime(2026, 11, 21, 23, 30, tzinfo=UTC),
    )

    report = stored.check_ins.record(athlete(stored), full).report

    with stored.store.read() as tx:
        assert tx.symptom_reports(athlete(stored)) == [report]
    assert report.local_date == date(2026, 11, 22)  # half past midnight in Berlin
    assert (report.side, report.regions, report.onset) == ("left", {"PM"}, "during")
    assert (report.pain_run, report.pain_today, report.pain_morning) == (3, 2, 0)
    assert report.signs == {"limp", "bruise"}
    assert report.answers == {"bladder": False}
    assert report.note == "after the 400s; 'quotes' and ÄÖ"


def test_reports_are_asked_for_from_a_moment_on_and_in_order_of_time(stored: Services) -> None:
    ann = athlete(stored)
    for days in (1, 5, 3):
        stored.check_ins.record(ann, draft(at=NOW - timedelta(days=days)))

    with stored.store.read() as tx:
        assert [(NOW - r.at).days for r in tx.symptom_reports(ann)] == [5, 3, 1]
        assert [(NOW - r.at).days for r in tx.symptom_reports(ann, NOW - timedelta(days=3))] == [3, 1]


def test_the_same_key_is_the_same_check_in_and_each_athlete_has_keys_of_their_own(stored: Services) -> None:
    first = stored.check_ins.record(athlete(stored), draft(client_key="k"))
    again = stored.check_ins.record(athlete(stored), draft(client_key="k"))
    bobs = stored.check_ins.record(athlete(stored, BOB), draft(client_key="k"))
    without = [stored.check_ins.record(athlete(stored), draft()) for _ in range(2)]

    assert (first.is_new, again.is_new, again.report) == (True, False, first.report)
    assert len({first.report.id, bobs.report.id, *(r.report.id for r in without)}) == 4


def test_a_key_with_another_check_in_is_refused(stored: Services) -> None:
    stored.check_ins.record(athlete(stored), draft(client_key="k"))

    with pytest.raises(Superseded):
        stored.check_ins.record(athlete(stored), draft(client_key="k", pain_run=4))


def test_a_second_try_is_known_again_after_questions_were_answered(stored: Services) -> None:
    first = stored.check_ins.record(athlete(stored), draft(client_key="k"))
    stored.check_ins.answer(athlete(stored), first.report.id, {"bladder": False})

    again = stored.check_ins.record(athlete(stored), draft(client_key="k"))

    assert (again.report.id, again.report.answers) == (first.report.id, {"bladder": False})


def test_the_one_time_form_is_empty_until_filled_in_and_replaced_as_a_whole(stored: Services) -> None:
    ann = athlete(stored)
    assert stored.check_ins.risk_profile(ann) == RiskProfile()

    injuries = (EarlierInjury("hamstring", "left", date(2026, 3, 1)), EarlierInjury("quad", None, None))
    told = RiskProfile(1980, injuries, {"smoker": False, "clot_before": True})
    assert stored.check_ins.put_risk_profile(ann, told) == told
    assert told.risks == {"clot_before"}

    assert stored.check_ins.put_risk_profile(ann, RiskProfile(1981)) == RiskProfile(1981)


def test_a_week_is_answered_once_and_can_be_corrected(stored: Services) -> None:
    ann, week = athlete(stored), IsoWeek.parse("2026-W47")
    steps = {"participation": 1, "volume": 0, "performance": 0, "pain": 1}
    stored.check_ins.put_week_answers(ann, week, steps)
    stored.check_ins.put_week_answers(ann, week, steps | {"pain": 3})

    with stored.store.read() as tx:
        assert tx.weekly_answers(ann) == [WeeklyAnswers(date(2026, 11, 22), 1, 0, 0, 3)]
        assert tx.weekly_answers(ann, date(2026, 11, 23)) == []
        assert tx.weekly_answers(athlete(stored, BOB)) == []


def test_exercises_are_kept_with_their_problem_and_a_moment_is_one_session(stored: Services) -> None:
    ann = athlete(stored)
    number = stored.check_ins.record(ann, draft()).problem_ids[0]
    session = RehabSession(NOW, date(2026, 11, 22), frozenset({"a", "b"}), 2, signs=frozenset({"limp"}))
    with stored.store.write() as tx:
        tx.put_rehab_session(ann, number, session, NOW)
        tx.put_rehab_session(ann, number, session, NOW)
        tx.add_problem_event(ann, ProblemEvent(number, "seen", NOW, date(2026, 11, 22)))

    with stored.store.read() as tx:
        assert tx.sessions_by_problem(ann) == {number: [session]}
        assert tx.problem_events(ann) == [ProblemEvent(number, "seen", NOW, date(2026, 11, 22))]
        assert tx.problem_log(ann) == ({number: [session]}, tx.problem_events(ann))


def test_no_query_finds_what_belongs_to_another(stored: Services) -> None:
    ann, bob = athlete(stored), athlete(stored, BOB)
    number = stored.check_ins.record(ann, draft(client_key="k")).report.id
    with stored.store.write() as tx:
        tx.put_rehab_session(ann, number, RehabSession(NOW, NOW.date(), frozenset({"a"}), 0), NOW)
        tx.add_problem_event(ann, ProblemEvent(number, "seen", NOW, NOW.date()))
        tx.put_answers(bob, number, {"gone": True})

    with stored.store.read() as tx:
        assert tx.symptom_report(bob, number) is None
        assert tx.lock_report(bob, number) is None
        assert tx.report_by_key(bob, "k") is None
        assert tx.symptom_reports(bob) == tx.problem_events(bob) == []
        assert tx.sessions_by_problem(bob) == {}
        assert tx.problem_log(bob) == ({}, [])
        found = tx.symptom_report(ann, number)
        assert found is not None
        assert found.answers == {}


def test_every_check_in_asks_for_an_assessment_from_its_own_time_on(stored: Services) -> None:
    ann = athlete(stored)
    stored.check_ins.record(ann, draft(at=NOW - timedelta(days=3)))
    stored.check_ins.record(ann, draft(at=NOW - timedelta(days=1)))

    with stored.store.write() as tx:
        waiting = tx.lock_assessment(ann)
    assert waiting is not None
    assert waiting[1] == NOW - timedelta(days=3)


def test_whoever_goes_takes_their_reports_along(stored: Services) -> None:
    ann = athlete(stored)
    number = stored.check_ins.record(ann, draft()).report.id
    with stored.store.write() as tx:
        tx.put_rehab_session(ann, number, RehabSession(NOW, NOW.date(), frozenset({"a"}), 0), NOW)
    stored.check_ins.put_risk_profile(ann, RiskProfile(1980))

    athletes = Base.metadata.tables["athletes"]
    with stored.engines.write.begin() as raw:
        raw.execute(athletes.delete().where(athletes.c.id == ann))

    with Session(stored.engines.read) as session:
        tx = SqlTx(session)
        assert tx.symptom_reports(ann) == []
        assert tx.sessions_by_problem(ann) == {}
        assert tx.risk_profile(ann) == RiskProfile()


# the service


@pytest.fixture(scope="module")
def two_runners(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with Ann and Bob, made once and copied: hashing their passwords takes its time."""
    folder = tmp_path_factory.mktemp("runners")
    services = seeded_services(folder)
    sign_up(services, ANN)
    sign_up(services, BOB)
    services.close()
    return folder


@pytest.fixture
def services(two_runners: Path, tmp_path: Path) -> Iterator[Services]:
    shutil.copytree(two_runners, tmp_path / "data")
    services = seeded_services(tmp_path / "data", base_url="http://127.0.0.1:8000")
    yield services
    services.close()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"pain_run": 11}, "pain_run"),
        ({"pain_today": -1}, "pain_today"),
        ({"pain_morning": True}, "pain_morning"),
        ({"side": "middle"}, "side"),
        ({"side": None}, "side"),
        ({"regions": ["XX"]}, "regions"),
        ({"qualities": ["bruise"]}, "qualities"),
        ({"aggravators": ["swimming"]}, "aggravators"),
        ({"signs": ["sprint"]}, "signs"),
        ({"onset": "yesterday"}, "onset"),
        ({"answers": {"no_such_question": True}}, "answers"),
        ({"answers": {"gone": True}}, "answers"),
        ({"note": "x" * 2001}, "note"),
        ({"at": NOW + timedelta(hours=1)}, "at"),
        ({"at": datetime(2026, 11, 20, 12)}, "at"),
        ({"client_key": ""}, "Idempotency-Key"),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_not_stored(
    services: Services, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidCheckIn, match=f"^{field}:"):
        services.check_ins.record(athlete(services), draft(**changes))

    assert services.check_ins.results(athlete(services)) == []


def test_nothing_at_all_is_no_check_in_but_no_pain_is_one(services: Services) -> None:
    with pytest.raises(InvalidCheckIn, match="nothing was told"):
        services.check_ins.record(athlete(services), Draft())

    result = services.check_ins.record(athlete(services), Draft(pain_today=0))
    assert (result.level, result.resemblance, result.problem_ids) == (0, None, ())


def test_a_sign_is_heard_whatever_else_is_missing(services: Services) -> None:
    result = services.check_ins.record(athlete(services), Draft(signs=frozenset({"dark_urine"})))

    assert [f.flag.id for f in result.red_flags] == ["RF2"]
    assert result.level == 4


@pytest.mark.parametrize("side", ["left", "both_equal"])
def test_a_red_flag_is_found_at_a_pain_of_one_and_on_both_sides(services: Services, side: str) -> None:
    result = services.check_ins.record(athlete(services), draft(SADDLE, side=side))

    assert [f.flag.id for f in result.red_flags] == ["RF1"]
    assert result.follow_ups == ()  # there is nothing left to ask


def test_questions_are_asked_until_answered_and_an_answer_counts(services: Services) -> None:
    """A groin that aches for weeks: whether it hurts at every footfall decides."""
    ann = athlete(services)
    first = services.check_ins.record(ann, draft(regions=["MT"], onset="gradual", aggravators=[]))
    assert first.red_flags == ()
    asked = {q.code for q in first.follow_ups}
    assert "footfall" in asked

    no = services.check_ins.answer(ann, first.report.id, dict.fromkeys(asked, False))
    assert no.red_flags == no.follow_ups == ()

    yes = services.check_ins.answer(ann, first.report.id, {"footfall": True})
    assert [f.flag.id for f in yes.red_flags] == ["RF5"]


def test_answers_may_come_with_the_check_in(services: Services) -> None:
    told = draft(regions=["MT"], onset="gradual", aggravators=[], answers={"footfall": True})

    assert [f.flag.id for f in services.check_ins.record(athlete(services), told).red_flags] == ["RF5"]


def test_a_jump_in_fast_running_or_distance_is_among_the_loads_that_a_pattern_sees(services: Services) -> None:
    ann = athlete(services)
    easy = [SeedRun(NOW - timedelta(days=3 * n), 8_000) for n in range(2, 20)]
    outer_knee = draft(regions=["LK"], aggravators=["repeatable_distance"], qualities=[], onset="gradual")
    add_runs(services, ann, easy)
    before = services.check_ins.record(ann, outer_knee).resemblance
    add_runs(services, ann, [SeedRun(NOW - timedelta(days=1), 17_000)], 900)
    after = services.check_ins.record(ann, outer_knee).resemblance

    assert before is not None
    assert after is not None
    scores = [next(s for s in like.scores if s.pattern.id == "ITBS").score for like in (before, after)]
    assert scores[1] == scores[0] + 2  # "load: session/volume spike <= 21 d"


def test_an_injury_of_the_last_year_counts_and_one_of_the_other_side_does_not(services: Services) -> None:
    def score() -> int:
        like = services.check_ins.record(athlete(services), draft()).resemblance
        assert like is not None
        return next(s for s in like.scores if s.pattern.id == "HS").score

    def told(side: Any) -> None:
        injury = EarlierInjury("hamstring", side, date(2026, 6, 1))
        services.check_ins.put_risk_profile(athlete(services), RiskProfile(injuries=(injury,)))

    none = score()
    told("right")
    assert score() == none
    told("left")
    assert score() == none + 2


def test_age_is_taken_for_the_more_careful_band_in_the_year_of_a_birthday() -> None:
    day = date(2026, 11, 22)
    bands = {year: RiskProfile(year).age_band(day) for year in (2008, 2007, 1986, 1985)}

    assert bands == {2008: "under_18", 2007: "18_to_40", 1986: "18_to_40", 1985: "over_40"}
    assert RiskProfile().age_band(day) is None


def test_in_whatever_order_reports_come_the_problems_and_levels_are_the_same(
    two_runners: Path, tmp_path: Path
) -> None:
    days = [
        draft(at=NOW - timedelta(days=6)),
        draft(at=NOW - timedelta(days=4), pain_run=4),
        draft(side="right", regions=["LK"], at=NOW - timedelta(days=3)),
        Draft(side="left", regions=frozenset({"PM"}), answers={"gone": True}, at=NOW - timedelta(days=2)),
        draft(at=NOW - timedelta(days=1), pain_run=6),
    ]
    seen = set()
    for number, order in enumerate(itertools.islice(itertools.permutations(days), 0, 120, 17)):
        shutil.copytree(two_runners, tmp_path / str(number))
        services = seeded_services(tmp_path / str(number))
        ann = athlete(services)
        for each in order:
            services.check_ins.record(ann, each)
        pages = services.check_ins.problems(ann)
        seen.add(
            (
                tuple((p.problem.laterality, p.problem.opened, p.problem.closed, p.level) for p in pages),
                tuple((r.report.at, r.level) for r in services.check_ins.results(ann)),
            )
        )
        services.close()
    assert len(seen) == 1


def test_an_old_address_of_a_problem_still_leads_there_when_an_earlier_report_arrives(services: Services) -> None:
    ann = athlete(services)
    number = services.check_ins.record(ann, draft()).report.id
    late = services.check_ins.record(ann, draft(at=NOW - timedelta(days=2))).report.id

    assert services.check_ins.problem(ann, number).id == late


def test_a_problem_is_gone_when_the_runner_says_so_and_only_that_one(services: Services) -> None:
    ann = athlete(services)
    left = services.check_ins.record(ann, draft()).problem_ids[0]
    right = services.check_ins.record(ann, draft(side="right")).problem_ids[0]

    assert not services.check_ins.close_problem(ann, left).problem.is_open
    assert services.check_ins.problem(ann, right).problem.is_open
    services.check_ins.close_problem(ann, left)  # twice is once
    assert len(services.check_ins.results(ann)) == 3


def test_a_problem_without_a_place_is_not_closed_together_with_others(services: Services) -> None:
    ann = athlete(services)
    services.check_ins.record(ann, draft())
    nowhere = services.check_ins.record(ann, Draft(side="left", pain_today=3)).problem_ids[0]

    with pytest.raises(InvalidCheckIn, match="would close others"):
        services.check_ins.close_problem(ann, nowhere)


def test_a_red_flag_stands_and_holds_exercises_back_until_a_professional_has_seen_it(services: Services) -> None:
    ann = athlete(services)
    number = services.check_ins.record(ann, draft(SADDLE)).problem_ids[0]
    services.check_ins.record(ann, draft(SADDLE, signs=[]))  # not told again is not gone
    page = services.check_ins.problem(ann, number)
    assert [f.flag.id for f in page.red_flags] == ["RF1"]
    assert page.held_back is not None
    assert page.held_back.reason == "red_flag"

    services.check_ins.note_step(ann, number, "seen")

    assert services.check_ins.problem(ann, number).red_flags == ()


def test_exercises_are_shown_once_the_runner_agrees_and_a_session_is_logged(services: Services) -> None:
    ann = athlete(services)
    number = services.check_ins.record(ann, draft()).problem_ids[0]
    page = services.check_ins.problem(ann, number)
    assert page.rehab is not None
    assert getattr(page.rehab.today, "reason", "") == "not_confirmed"

    page = services.check_ins.note_step(ann, number, "agreed")
    assert page.rehab is not None
    items = getattr(page.rehab.today, "items", ())
    if not items:
        pytest.fail("no exercise is due on the first day")
    done = [items[0].exercise.id]
    page = services.check_ins.log_session(ann, number, exercises=done, pain_during=1)

    assert [s.exercises for s in page.sessions] == [frozenset(done)]


def test_the_questions_of_a_stage_are_asked_and_their_answers_move_it_on(services: Services) -> None:
    """Days 0 to 2 of a hamstring: on from the third day, once one walks normally."""
    ann = athlete(services)
    first = services.check_ins.record(ann, draft(at=NOW - timedelta(days=3)))
    latest = services.check_ins.record(ann, draft(pain_run=1))
    page = services.check_ins.problem(ann, first.problem_ids[0])
    assert page.rehab is not None
    assert page.rehab.progress.number == 0
    assert page.rehab.ask

    services.check_ins.answer(ann, latest.report.id, dict.fromkeys(page.rehab.ask, True))

    page = services.check_ins.problem(ann, first.problem_ids[0])
    assert page.rehab is not None
    assert page.rehab.progress.number == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"exercises": ["levitation"]}, "exercises"),
        ({"exercises": []}, "exercises"),
        ({"pain_during": 11}, "pain_during"),
        ({"pain_next_morning": -1}, "pain_next_morning"),
        ({"signs": ["sneeze"]}, "signs"),
    ],
)
def test_a_session_that_cannot_be_is_refused(services: Services, changes: dict[str, Any], field: str) -> None:
    number = services.check_ins.record(athlete(services), draft()).problem_ids[0]
    known = sorted(services.check_ins.clinic.exercises)[:1]

    with pytest.raises(InvalidCheckIn, match=f"^{field}:"):
        services.check_ins.log_session(
            athlete(services), number, **({"exercises": known, "pain_during": 1} | changes)
        )


def test_what_is_written_in_a_note_never_reaches_the_log(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = draft(note="poison-note")
    services.check_ins.record(athlete(services), told)

    assert "poison" not in caplog.text
    assert "poison" not in repr(told)


# the API


Caller = Callable[..., TestResponse]


def caller(services: Services, email: str = ANN) -> Caller:
    headers = {"Authorization": f"Bearer {services.accounts.create_token(athlete(services, email))}"}
    client = create_api(services).test_client()

    def call(method: str, path: str, body: Any = None, **more: str) -> TestResponse:
        return client.open(path, method=method, headers=headers | more, json=body)

    return call


@pytest.fixture
def ann(services: Services) -> Caller:
    return caller(services)


@pytest.fixture
def bob(services: Services) -> Caller:
    return caller(services, BOB)


def test_a_report_comes_in_and_the_pattern_goes_back(ann: Caller) -> None:
    response = ann("POST", "/check-ins", SORE_HAMSTRING)

    assert response.status_code == 201
    body = response.get_json()
    assert {k: body[k] for k in SORE_HAMSTRING} == SORE_HAMSTRING
    assert [p["id"] for p in body["resembles"]] == ["HS"]
    assert body["resembles"][0]["source"]["review"] == "unreviewed"
    assert len(body["resembles"][0]["reasons_for"]) == 3
    assert body["red_flags"] == []
    assert ann("GET", f"/check-ins/{body['id']}").get_json() == body
    assert ann("GET", "/check-ins").get_json() == [body]
    problem = ann("GET", f"/problems/{body['problem_ids'][0]}").get_json()
    assert (problem["state"], problem["side"], problem["regions"]) == ("open", "left", ["PM"])
    assert [p["id"] for p in problem["resembles"]] == ["HS"]


def test_beside_a_red_flag_nothing_softer_is_told(ann: Caller) -> None:
    body = ann("POST", "/check-ins", SORE_HAMSTRING | {"signs": ["numb_saddle"]}).get_json()

    assert [f["id"] for f in body["red_flags"]] == ["RF1"]
    assert body["red_flags"][0]["urgency"] == "emergency_now"
    assert body["resembles"] == []
    problem = ann("GET", f"/problems/{body['problem_ids'][0]}").get_json()
    assert problem["resembles"] == []
    assert problem["exercises"] is None
    assert problem["withheld"]["reason"] == "red_flag"


def test_an_idempotency_key_makes_a_second_try_the_same(ann: Caller) -> None:
    key = {"Idempotency-Key": "a-key"}
    first = ann("POST", "/check-ins", SORE_HAMSTRING, **key)
    again = ann("POST", "/check-ins", SORE_HAMSTRING, **key)
    other = ann("POST", "/check-ins", SORE_HAMSTRING | {"pain_run": 5}, **key)

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 422)
    assert first.get_json() == again.get_json()
    assert len(ann("GET", "/check-ins").get_json()) == 1


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"pain_run": 11}, "pain_run"),
        ({"pain_run": "3"}, "pain_run"),
        ({"pain_run": 3.5}, "pain_run"),
        ({"side": "up"}, "side"),
        ({"regions": ["ZZ"], "side": "left"}, "regions"),
        ({"signs": ["wings"]}, "signs"),
        ({"at": "2026-11-20T12:00:00"}, "at"),
        ({"answers": {"gone": "yes"}}, "answers"),
        ({"answers": {"gone": True}, "pain_today": 3}, "answers"),
        ({"surplus": 1}, "surplus"),
        ({}, "pain_today"),
        ([], "body"),
    ],
)
def test_errors_name_the_field(ann: Caller, body: Any, says: str) -> None:
    response = ann("POST", "/check-ins", body)

    assert (response.status_code, response.mimetype) == (422, "application/problem+json")
    assert says in response.get_json()["detail"] or says == "body"


def test_follow_ups_are_answered_with_a_patch(ann: Caller) -> None:
    body = ann("POST", "/check-ins", {"side": "left", "regions": ["MT"], "pain_run": 3}).get_json()
    codes = [q["code"] for q in body["follow_ups"]]
    assert codes

    answered = ann("PATCH", f"/check-ins/{body['id']}", {"answers": dict.fromkeys(codes, False)}).get_json()
    flagged = ann("PATCH", f"/check-ins/{body['id']}", {"answers": {"footfall": True}}).get_json()

    assert answered["follow_ups"] == []
    assert [f["id"] for f in flagged["red_flags"]] == ["RF5"]
    assert ann("PATCH", f"/check-ins/{body['id']}", {"answers": {"nonsense": True}}).status_code == 422


def test_a_problem_is_closed_and_its_exercises_logged(ann: Caller, services: Services) -> None:
    number = ann("POST", "/check-ins", SORE_HAMSTRING).get_json()["problem_ids"][0]
    agreed = ann("PATCH", f"/problems/{number}", {"exercises_agreed": True}).get_json()
    exercise = agreed["exercises"][0]["id"]
    logged = ann("POST", f"/problems/{number}/sessions", {"exercises": [exercise], "pain_during": 1})
    gone = ann("PATCH", f"/problems/{number}", {"state": "gone"})

    assert agreed["stage"]["number"] == 0
    assert (logged.status_code, logged.get_json()["n_sessions"]) == (200, 1)
    assert gone.get_json()["state"] == "gone"
    last = services.check_ins.results(athlete(services))[0].report
    assert last.answers == {"gone": True}
    assert ann("PATCH", f"/problems/{number}", {"state": "open"}).status_code == 422


def test_the_form_and_the_week_are_put_and_read(ann: Caller) -> None:
    form = {
        "birth_year": 1980,
        "injuries": [{"kind": "quad", "side": None, "ended": "2026-01-31"}],
        "answers": {"smoker": False},
    }
    week = {"participation": 1, "volume": 0, "performance": 2, "pain": 1}

    assert ann("GET", "/me/health").get_json() == {"birth_year": None, "injuries": [], "answers": {}}
    assert ann("PUT", "/me/health", form).get_json() == form == ann("GET", "/me/health").get_json()
    assert ann("PUT", "/me/health", {"birth_year": 1850}).status_code == 422
    assert ann("PUT", "/me/health", {"answers": {"shoe_size": True}}).status_code == 422
    assert ann("GET", "/weeks/2026-W47/questionnaire").get_json()["answers"] is None
    told = ann("POST", "/weeks/2026-W47/questionnaire", week).get_json()
    assert (told["answers"], told["score"], told["severity"]) == (week, 8 + 0 + 17 + 8, "moderate")
    assert ann("POST", "/weeks/2026-W47/questionnaire", week | {"pain": 4}).status_code == 422
    assert ann("POST", "/weeks/2026-W49/questionnaire", week).status_code == 422
    assert ann("GET", "/weeks/nonsense/questionnaire").status_code == 422


def test_what_belongs_to_another_is_not_found(ann: Caller, bob: Caller) -> None:
    number = ann("POST", "/check-ins", SORE_HAMSTRING).get_json()["id"]
    session = {"exercises": ["x"], "pain_during": 0}

    for n in (number, 999):
        assert bob("GET", f"/check-ins/{n}").status_code == 404
        assert bob("PATCH", f"/check-ins/{n}", {"answers": {"bladder": True}}).status_code == 404
        assert bob("GET", f"/problems/{n}").status_code == 404
        assert bob("PATCH", f"/problems/{n}", {"state": "gone"}).status_code == 404
        assert bob("PATCH", f"/problems/{n}", {"seen_by_professional": True}).status_code == 404
        assert bob("POST", f"/problems/{n}/sessions", session).status_code in (404, 422)
    assert bob("GET", "/check-ins").get_json() == bob("GET", "/problems").get_json() == []
    assert ann("GET", f"/check-ins/{number}").get_json()["answers"] == {}
    assert ann("GET", f"/problems/{number}").get_json()["state"] == "open"


def test_another_s_problem_takes_no_session(services: Services) -> None:
    number = services.check_ins.record(athlete(services), draft()).problem_ids[0]
    known = sorted(services.check_ins.clinic.exercises)[:1]

    with pytest.raises(NotYours):
        services.check_ins.log_session(athlete(services, BOB), number, exercises=known, pain_during=0)


# the pages


@pytest.fixture
def web(services: Services) -> FlaskClient:
    return browser(services, ANN)


def browser(services: Services, email: str) -> FlaskClient:
    app = create_app(services, config={"RATELIMIT_ENABLED": False, "WTF_CSRF_ENABLED": False})
    client = app.test_client()
    client.post("/login", data={"email": email, "password": PASSWORD})
    return client


FORM: dict[str, Any] = SORE_HAMSTRING | {"key": "from-the-form"}


def test_the_form_leads_to_what_it_resembles(web: FlaskClient) -> None:
    page = web.post("/check-in", data=FORM, follow_redirects=True).text

    assert "It resembles: hamstring strain" in page
    assert "Not yet reviewed by a clinician." in page
    assert "not a medical device" in page


def test_sending_the_form_twice_is_one_check_in_and_changing_it_makes_two(
    web: FlaskClient, services: Services
) -> None:
    places = [web.post("/check-in", data=FORM).headers["Location"] for _ in range(2)]
    web.post("/check-in", data=FORM | {"pain_run": "4"})

    assert places[0] == places[1]
    assert len(services.check_ins.results(athlete(services))) == 2


def test_a_red_flag_page_says_what_to_do_and_nothing_softer(web: FlaskClient) -> None:
    page = web.post("/check-in", data=FORM | {"signs": ["numb_saddle"]}, follow_redirects=True).text

    assert "Now: emergency" in page
    assert "Where to go" in page
    assert "It resembles" not in page
    assert "Show me exercises" not in page


def test_the_result_repeats_what_was_asked_and_what_the_form_does_not_offer(
    web: FlaskClient, services: Services
) -> None:
    told = draft(signs=["little_urine"], answers={"dark_urine": False, "fever": True})
    number = services.check_ins.record(athlete(services), told).report.id

    page = web.get(f"/check-ins/{number}").text

    asked = [re.sub(r"<[^>]+>|\s+", " ", part) for part in page.split("<dt>")]
    lines = {
        heading: next((part for part in asked if part.startswith(heading)), "")
        for heading in ("What was noticed", "Asked, and answered with yes", "Asked, and answered with no")
    }
    assert "hardly any urine" in lines["What was noticed"]
    assert "fever?" in lines["Asked, and answered with yes"]
    assert "like cola?" in lines["Asked, and answered with no"]


def test_a_red_flag_of_another_day_says_of_which(web: FlaskClient, services: Services) -> None:
    days = [services.check_ins.record(athlete(services), draft(SADDLE, at=NOW - timedelta(days=d))) for d in (0, 3)]

    today, earlier = (web.get(f"/check-ins/{result.report.id}").text for result in days)

    assert "This was said of your check-in" not in today
    assert "This was said of your check-in of Thu 19 Nov 2026, 13:00" in earlier


def test_a_mistake_in_the_form_is_named_and_what_was_told_stays(web: FlaskClient) -> None:
    response = web.post("/check-in", data={"regions": "PM", "pain_run": "3", "note": "<b>hm</b>"})

    assert response.status_code == 400
    assert "On which side does it hurt?" in response.text
    assert "Tap it there: Back of the thigh, middle" in response.text
    assert "&lt;b&gt;hm&lt;/b&gt;" in response.text
    assert re.search(r'name="pain_run" value="3" checked', response.text)


def test_a_tap_in_the_drawing_is_side_and_region(web: FlaskClient, services: Services) -> None:
    web.post("/check-in", data={"place": ["right-PM", "right-PD"], "pain_today": "2"})

    (stored,) = services.check_ins.results(athlete(services))
    assert (stored.report.side, stored.report.regions) == ("right", {"PM", "PD"})


def test_what_is_not_told_of_pain_stays_unknown(web: FlaskClient, services: Services) -> None:
    web.post("/check-in", data={"place": "left-PM", "pain_run": "", "pain_today": "0"})

    (stored,) = services.check_ins.results(athlete(services))
    assert (stored.report.pain_run, stored.report.pain_today, stored.report.pain_morning) == (None, 0, None)


def test_a_link_fills_the_form_in(web: FlaskClient) -> None:
    page = web.get("/check-in?side=left&regions=PM&pain_today=4").text

    assert re.findall(r'value="(\w+-\w+)"[^>]* checked', page) == ["left-PM"]
    assert 'name="pain_today" value="4" checked' in page
    assert 'name="pain_run" value="" checked' in page


def test_the_result_repeats_what_was_told(web: FlaskClient) -> None:
    page = web.post("/check-in", data=FORM | {"note": "after the 400s"}, follow_redirects=True).text

    for told in ("3 of 10", "Left", "Back of the thigh, middle", "Sprinting", "Tight", "after the 400s"):
        assert told in page


def test_questions_are_asked_on_the_page_and_answered_there(web: FlaskClient) -> None:
    response = web.post("/check-in", data={"side": "left", "regions": "MT", "pain_run": "3"})
    place = response.headers["Location"]
    assert 'name="footfall"' in web.get(place).text

    page = web.post(f"{place}/answers", data={"footfall": "yes", "night_rest": ""}, follow_redirects=True).text

    assert "Stop all running" in page
    assert web.post(f"{place}/answers", data={"nonsense": "yes"}).status_code == 400


def test_a_problem_is_closed_on_its_page(web: FlaskClient) -> None:
    web.post("/check-in", data=FORM)
    assert "Show me exercises" in web.get("/problems/1").text
    assert 'name="exercises"' in web.post("/problems/1/agree", follow_redirects=True).text

    page = web.post("/problems/1/gone", follow_redirects=True).text

    assert "Noted: it is gone" in page
    assert "Gone" in web.get("/problems").text


def test_the_one_time_and_the_weekly_form_keep_what_was_told(web: FlaskClient, services: Services) -> None:
    answers = {"birth_year": "1980", "kind_0": "quad", "side_0": "left", "ended_0": "2026-01-31", "risk_smoker": "no"}
    assert "Saved" in web.post("/about-you", data=answers, follow_redirects=True).text
    mine = services.check_ins.risk_profile(athlete(services))
    assert mine == RiskProfile(1980, (EarlierInjury("quad", "left", date(2026, 1, 31)),), {"smoker": False})
    assert 'value="1980"' in web.get("/about-you").text
    assert web.post("/about-you", data={"birth_year": "MCM"}).status_code == 400
    assert web.post("/about-you", data={"kind_0": "quad", "ended_0": "spring"}).status_code == 400

    week = "/weeks/2026-W47/questionnaire"
    steps = {"participation": "1", "volume": "0", "performance": "0", "pain": "1"}
    saved = web.post(week, data=steps, follow_redirects=True).text
    assert "16 of 100" in saved
    assert "Say where it hurts" in saved
    assert web.post(week, data={"pain": "1"}).status_code == 400
    assert web.get("/weeks/2026-W48/questionnaire").status_code == 404


PAGES = ("/check-ins/1", "/problems/1", "/problems/1/print", "/problems/1/report.pdf", "/problems/1/circuit")
POSTS = ("/check-ins/1/answers", "/problems/1/gone", "/problems/1/agree", "/problems/1/seen", "/problems/1/sessions")


def test_pages_of_another_are_not_found(services: Services, web: FlaskClient) -> None:
    web.post("/check-in", data=FORM)
    bob = browser(services, BOB)
    some = {"footfall": "yes", "exercises": sorted(services.check_ins.clinic.exercises)[0], "pain_during": "1"}

    assert [bob.get(path).status_code for path in PAGES] == [404] * len(PAGES)
    assert [bob.post(path, data=some).status_code for path in POSTS] == [404] * len(POSTS)
    assert services.check_ins.problem(athlete(services), 1).problem.is_open
    assert "Nothing hurts, as far as you told" in bob.get("/problems").text


@pytest.mark.parametrize("path", ["/check-in", "/about-you", "/weeks/2026-W47/questionnaire", *POSTS])
def test_no_form_is_taken_without_its_token(services: Services, path: str) -> None:
    services.check_ins.record(athlete(services), draft())
    client = create_app(services, config={"RATELIMIT_ENABLED": False}).test_client()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login").text)
    assert token
    client.post("/login", data={"email": ANN, "password": PASSWORD, "csrf_token": token[1]})
    assert client.get("/problems").status_code == 200

    response = client.post(path, data=FORM)

    assert response.status_code == 400
    assert "safety mark" in response.text
    assert len(services.check_ins.results(athlete(services))) == 1


def test_no_page_says_what_it_must_not(web: FlaskClient) -> None:
    web.post("/check-in", data=FORM)
    web.post("/check-in", data=FORM | {"key": "b", "side": "right", "signs": ["numb_saddle"]})
    paths = ["/check-in", "/check-ins/1", "/check-ins/2", "/problems", "/problems/1", "/problems/2", "/about-you"]
    for path in [*paths, "/weeks/2026-W47/questionnaire"]:
        text = re.sub(r"<[^>]+>", " ", web.get(path).text).lower()
        for word in ("diagnos", "treats", "prevents", "%"):
            assert word not in text, (path, word)


# the command line


@pytest.fixture
def run(services: Services, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setenv("LOADWATCH_DATA_DIR", str(services.settings.data_dir))

    def run(*argv: str, **options: Any) -> Any:
        return CliRunner().invoke(cli.main, ["check-in", "--athlete", ANN, *argv], **options)

    return run


def test_the_command_tells_the_pattern_with_its_reasons(run: Callable[..., Any]) -> None:
    argv = "--side left --region PM --pain-run 3 --quality tight --onset during --aggravator sprint"
    result = run(*argv.split())

    assert result.exit_code == 0, result.output
    assert "It resembles: hamstring strain\n  for: " in result.output
    assert "Not yet reviewed by a clinician." in result.output


def test_the_command_tells_a_red_flag_first_and_nothing_softer(run: Callable[..., Any]) -> None:
    result = run("--side", "left", "--region", "PM", "--pain-run", "3", "--sign", "pop", "--sign", "dark_urine")

    assert result.output.startswith("RED FLAG RF2")
    assert "resembles" not in result.output


def test_the_command_asks_what_may_change_the_result(run: Callable[..., Any]) -> None:
    asked = run("--side", "left", "--region", "MT", "--pain-run", "3")
    told = run("--side", "left", "--region", "MT", "--pain-run", "3", "--yes", "footfall")

    assert "--yes footfall" in asked.output
    assert told.output.startswith("RED FLAG RF5")


def test_the_command_refuses_what_cannot_be_in_one_line(run: Callable[..., Any]) -> None:
    for argv in (("--sign", "wings"), ("--region", "PM", "--pain-run", "3"), ("--pain-run", "12"), ()):
        result = run(*argv)
        assert result.exit_code != 0
        assert "Traceback" not in result.output


def test_on_a_terminal_it_is_asked_question_by_question(services: Services) -> None:
    """Pain 3 on the run; left; inner thigh; an ache; slowly; nothing else. Then what decides: every footfall."""

    @click.command()
    def asked() -> None:
        run_interactive(services, athlete(services), click.echo)

    first = ["3", "", "", "1", "9", "2", "4", "", ""]
    result = CliRunner().invoke(asked, input="\n".join([*first, *["y"] * 60]))

    assert "Which side?" in result.output
    assert "RED FLAG RF5" in result.output, result.output
    (stored,) = services.check_ins.results(athlete(services))
    assert (stored.report.side, stored.report.regions, stored.report.onset) == ("left", {"MT"}, "gradual")
    assert stored.follow_ups == ()


def test_on_a_terminal_two_enters_and_a_no_say_that_nothing_hurts(services: Services) -> None:
    @click.command()
    def asked() -> None:
        run_interactive(services, athlete(services), click.echo)

    result = CliRunner().invoke(asked, input="eleven\n0\n\n\nn\n")

    assert "Noted: nothing hurts." in result.output
    (stored,) = services.check_ins.results(athlete(services))
    assert (stored.report.pain_run, stored.report.pain_today, stored.level) == (0, 0, 0)
