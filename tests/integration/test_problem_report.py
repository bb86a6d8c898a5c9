"""A problem for whoever examines it: the story behind its page, the page to print, the PDF read back."""

import io
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader

from loadwatch.bootstrap import Services, make_services
from loadwatch.dashboard import create_app
from loadwatch.domain.activity import Run, RunFeatures
from loadwatch.domain.completeness import Gap
from loadwatch.services.health_ports import Draft
from loadwatch.services.problem_story import ProblemStory
from tests.support.samples import features, give_features
from tests.support.seeding import ANN, BOB, NOW, PASSWORD, SeedRun, add_runs, athlete

SORE: dict[str, Any] = {
    "side": "left",
    "regions": frozenset({"PM"}),
    "qualities": frozenset({"tight"}),
    "onset": "during",
    "aggravators": frozenset({"sprint"}),
}


class Told:
    """Ann, a runner whose days the tests tell: the clock goes back for each check-in and comes home again."""

    def __init__(self, services: Services) -> None:
        self.now = NOW
        self.services = make_services(services.settings, clock=lambda: self.now)
        self.ann = athlete(services)

    def check_in(self, days_ago: int, **said: Any) -> int:
        self.now = NOW - timedelta(days=days_ago)
        result = self.services.check_ins.record(self.ann, Draft(**(SORE | said)))
        self.now = NOW
        return result.report.id

    def ran(self, *days_ago: int, hill_m: dict[int, float | None] | None = None) -> None:
        """A run of 8 km at six o'clock of each of these days; `hill_m` says which went downhill, None: not known."""
        hills = {(NOW - timedelta(days=n)).date(): m for n, m in (hill_m or {}).items()}
        add_runs(self.services, self.ann, [SeedRun(NOW - timedelta(days=n, hours=6), 8_000) for n in days_ago])

        def of(run: Run) -> RunFeatures | None:
            metres = hills.get(run.local_date, 0.0)
            return None if metres is None else features(run, hill_m=metres)

        give_features(self.services, self.ann, of)

    def story(self, number: int) -> ProblemStory:
        return self.services.check_ins.story(self.services.views.profile(self.ann), number)


@pytest.fixture
def told(services: Services) -> Iterator[Told]:
    told = Told(services)
    yield told
    told.services.close()


@pytest.fixture
def web(told: Told) -> Callable[..., FlaskClient]:
    def log_in(email: str = ANN) -> FlaskClient:
        app = create_app(told.services, config={"RATELIMIT_ENABLED": False, "WTF_CSRF_ENABLED": False})
        client = app.test_client()
        client.post("/login", data={"email": email, "password": PASSWORD})
        return client

    return log_in


def pdf_text(client: FlaskClient, number: int) -> tuple[PdfReader, str]:
    response = client.get(f"/problems/{number}/report.pdf")
    assert (response.status_code, response.mimetype) == (200, "application/pdf")
    reader = PdfReader(io.BytesIO(response.data))
    return reader, " ".join(" ".join(page.extract_text() for page in reader.pages).split())


# the story


def test_a_story_tells_the_flares_with_the_runs_before_them(told: Told) -> None:
    number = told.check_in(20, pain_run=1)
    told.check_in(10, pain_run=4)
    told.ran(12, 11, 5, hill_m={11: 300.0})

    story = told.story(number)

    (flare,) = story.flares
    assert flare.report.local_date == date(2026, 11, 12)
    assert [x.run.local_date for x in flare.runs] == [date(2026, 11, 10), date(2026, 11, 11)]
    hills = next(p for p in story.preceded if p.kind == "hills")
    assert (hills.flares, hills.n_flares, hills.runs) == (1, 1, 1)


def test_the_timeline_begins_five_weeks_before_on_a_monday_and_ends_today(told: Told) -> None:
    number = told.check_in(20, pain_run=3)  # Monday 2 November

    story = told.story(number)

    assert (story.since, story.until, story.days) == (date(2026, 9, 28), date(2026, 11, 22), 1)
    assert len(story.spans) == 56


def test_a_long_story_is_told_by_weeks(told: Told) -> None:
    number = told.check_in(100, pain_run=3)
    told.check_in(1, pain_run=3)

    story = told.story(number)

    assert story.days == 7
    assert story.spans[-1].last == date(2026, 11, 22)


def test_twelve_weeks_around_the_onset_reach_back_before_anything_hurt(told: Told) -> None:
    number = told.check_in(20, pain_run=3)
    told.ran(80, 20)

    weeks = told.story(number).onset_weeks

    assert (len(weeks), weeks[0].first, weeks[-1].first) == (12, date(2026, 8, 31), date(2026, 11, 16))
    assert (weeks[0].n_runs, weeks[0].distance_m) == (1, 8_000)  # of Thursday 3 September, 80 days ago
    assert sum(w.n_runs for w in weeks) == 2


def test_a_problem_that_is_gone_ends_on_the_day_that_the_runner_said_so(told: Told) -> None:
    number = told.check_in(20, pain_run=3)
    told.now = NOW - timedelta(days=6)
    told.services.check_ins.close_problem(told.ann, number)
    told.now = NOW
    told.ran(10, 3)

    story = told.story(number)

    assert story.until == date(2026, 11, 16)
    assert next(p for p in story.preceded if p.kind == "any").runs == 1


def test_the_screen_s_questions_stand_with_their_latest_answer_and_the_open_ones_follow(told: Told) -> None:
    first = told.check_in(2, pain_today=3, regions=frozenset({"AP"}), onset="gradual")
    asked = told.services.check_ins.result(told.ann, first).follow_ups
    told.services.check_ins.answer(told.ann, first, {asked[0].code: False})

    story = told.story(first)

    assert (story.asked[0].code, story.asked[0].answer) == (asked[0].code, False)
    assert {a.code for a in story.asked if a.answer is None} >= {q.code for q in asked[1:3]}


def test_a_session_counts_for_its_week_and_days_before_the_stage_do_not(told: Told) -> None:
    number = told.check_in(3, pain_run=2)
    told.services.check_ins.note_step(told.ann, number, "agreed")
    story = told.story(number)
    assert story.week is not None
    assert (story.week.done, story.week.planned) == (0, 4)  # daily walks since the day of the check-in

    told.services.check_ins.log_session(told.ann, number, exercises=["easy_walk"], pain_during=0)

    week = told.story(number).week
    assert week is not None
    assert (week.done, week.planned) == (1, 4)


def test_days_whose_runs_are_awaited_are_not_taken_for_rest(told: Told) -> None:
    number = told.check_in(20, pain_run=3)
    told.ran(30, 10)
    profile = told.services.views.profile(told.ann)

    story = told.services.check_ins.story(profile, number, Gap(until=NOW - timedelta(days=2), runs=1))

    assert [s.is_complete for s in story.spans[-4:]] == [True, False, False, False]


# the page


def test_the_page_names_flares_and_what_is_not_known(told: Told, web: Callable[..., FlaskClient]) -> None:
    number = told.check_in(20, pain_run=1)
    told.check_in(10, pain_run=4)
    told.ran(12, 11, 5, hill_m={11: 300.0, 5: None})

    page = web().get(f"/problems/{number}").text

    assert "1 of 1 flare came within 3 days of a run with at least 150\xa0m of downhill load." in page
    assert "There was 1 such run: 1 before a flare, 0 followed by check-ins without a new one" in page
    assert "1 run does not tell its downhill." in page
    assert page.count('<svg class="chart pain-chart"') == 2


def test_a_session_without_a_tick_is_asked_for_and_keeps_what_was_told(
    told: Told, web: Callable[..., FlaskClient]
) -> None:
    number = told.check_in(1, pain_run=2)
    told.services.check_ins.note_step(told.ann, number, "agreed")
    client = web()

    nothing = client.post(f"/problems/{number}/sessions", data={"pain_during": "2", "signs": "limp"})
    no_pain = client.post(f"/problems/{number}/sessions", data={"exercises": "easy_walk"})

    assert (nothing.status_code, no_pain.status_code) == (400, 400)
    assert "Tick what you have done" in nothing.text
    assert 'value="2" required checked' in nothing.text
    assert 'value="limp" checked' in nothing.text
    assert "Tell the worst pain during it" in no_pain.text
    assert 'value="easy_walk" aria-describedby="how-easy_walk" checked' in no_pain.text


def test_the_list_has_open_problems_first_and_those_that_are_gone_after(
    told: Told, web: Callable[..., FlaskClient]
) -> None:
    old = told.check_in(60, side="right", regions=frozenset({"LK"}), pain_run=3)
    told.now = NOW - timedelta(days=50)
    told.services.check_ins.close_problem(told.ann, old)
    told.now = NOW
    told.check_in(2, pain_run=3)

    page = web().get("/problems").text

    assert page.index("Back of the thigh, middle") < page.index("Outer side of the knee")
    assert "It resembles: hamstring strain." in page
    assert "1 check-in told of it." in page


# on paper


def test_the_report_has_the_runner_s_words_and_says_that_it_is_no_medical_finding(
    told: Told, web: Callable[..., FlaskClient]
) -> None:
    number = told.check_in(20, pain_run=3, note="it pulled <suddenly> & I \x07 stopped")
    told.check_in(1, pain_run=5, signs=frozenset({"limp"}))
    told.ran(21, 10)
    client = web()

    printed = " ".join(client.get(f"/problems/{number}/print").text.split())
    reader, read_back = pdf_text(client, number)

    for said in (
        "bit by bit during a run",
        "sprinting",
        "I limp",
        "no medical finding",
        "The worst pain was 5 of 10",
    ):
        assert said in printed
        assert said in read_back
    assert "it pulled &lt;suddenly&gt; &amp; I" in printed
    assert "it pulled <suddenly> & I stopped" in read_back
    assert reader.metadata is not None
    assert reader.metadata.title == "A problem of the thigh: report for a professional"
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert not {"/JavaScript", "/OpenAction", "/AA"} & set(reader.trailer["/Root"])


def test_a_problem_with_all_that_can_be_told_fits_on_two_pages(told: Told, web: Callable[..., FlaskClient]) -> None:
    note = "A long note on how it felt on the way home, in the car and on the stairs. " * 8
    numbers = [
        told.check_in(
            days,
            pain_run=1 + 4 * (days % 2),
            pain_today=3 * (days % 2),
            qualities=frozenset({"tight", "ache", "cramp", "weak"}),
            aggravators=frozenset({"sprint", "track", "uphill", "sitting", "bending", "stop_start"}),
            note=note,
        )
        for days in range(45, 0, -1)
    ]
    told.ran(*range(80, 0, -2), hill_m=dict.fromkeys(range(80, 0, -4), 200.0))

    reader, text = pdf_text(web(), numbers[0])

    assert len(reader.pages) == 2
    assert "more notes are in loadwatch." in text


def test_what_was_answered_with_yes_stands_in_the_report_however_much_else_was_asked(
    told: Told, web: Callable[..., FlaskClient]
) -> None:
    number = told.check_in(2, pain_today=3, regions=frozenset({"PM", "BK"}), qualities=frozenset({"tingling"}))
    asked = told.services.check_ins.result(told.ann, number).follow_ups
    assert len(asked) > 9
    told.services.check_ins.answer(told.ann, number, {q.code: q is asked[-1] for q in asked})

    text = pdf_text(web(), number)[1]

    assert " ".join(f"{asked[-1].ask} yes, 20 Nov".split()) in text


def test_the_report_tells_what_was_done(told: Told, web: Callable[..., FlaskClient]) -> None:
    number = told.check_in(20, pain_run=3)
    told.services.check_ins.note_step(told.ann, number, "agreed")
    told.services.check_ins.log_session(told.ann, number, exercises=["easy_walk"], pain_during=2)
    told.ran(30, 10, 5)

    text = pdf_text(web(), number)[1]

    assert "1 session, the last on Sun 22 Nov 2026; the worst pain during it 2 of 10." in text
    assert "Which of them Easy walk" in text
    assert "Runs since then 2 runs, 16.0 km" in text
    assert "The ladder of ten levels has not begun." in text


def test_the_report_speaks_the_reader_s_units(told: Told, web: Callable[..., FlaskClient]) -> None:
    number = told.check_in(20, pain_run=3)
    told.ran(21, 10)
    with told.services.store.write() as tx:
        tx.update_athlete(told.ann, units="imperial")

    client = web()

    assert "5.0 mi" in pdf_text(client, number)[1]
    assert "5.0 mi" in client.get(f"/problems/{number}").text
    assert "8.0 km" not in client.get(f"/problems/{number}/print").text


def test_another_s_report_is_not_found(told: Told, web: Callable[..., FlaskClient]) -> None:
    number = told.check_in(1, pain_run=3)

    bob = web(BOB)

    assert [bob.get(f"/problems/{number}{page}").status_code for page in ("", "/print", "/report.pdf")] == [404] * 3
