"""Links of mails that answer without a log-in: looking changes nothing, pressing the button does it, once."""

import json
import sqlite3
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from loadwatch.bootstrap import Services
from loadwatch.dashboard import create_app
from loadwatch.domain.alerts import AlertState
from loadwatch.domain.findings import RED_FAMILY
from loadwatch.domain.symptoms import SymptomReport
from loadwatch.services.health_ports import Draft
from tests.support.seeding import ANN, BOB, NOW, PASSWORD, SeedRun, add_runs, athlete, seeded_services, sign_up

WEEK = "2026-W47"
SIGNS_OF_A_SADDLE = {"place": ["left-BK"], "pain_today": "1", "signs": ["numb_saddle"]}
"""A form that tells of something that must not wait, though it hardly hurts."""


@dataclass
class Door:
    """The pages for whoever comes by a link, and what is stored behind them."""

    services: Services
    app: Flask
    client: FlaskClient

    def token(self, purpose: str, about: object, answer: str = "", *, email: str = ANN, days: float = 7) -> str:
        links, until = self.services.reply_links, NOW + timedelta(days=days)
        return links.token(athlete(self.services, email), purpose, str(about), until, answer)

    def look(self, token: str, **kwargs: Any) -> TestResponse:
        return self.client.get(f"/r/{token}", **kwargs)

    def press(self, token: str, path: str = "", **form: Any) -> TestResponse:
        return self.client.post(f"/r/{token}{path}", data=form)

    def told(self, email: str = ANN) -> list[SymptomReport]:
        """The check-ins of today."""
        with self.services.store.read() as tx:
            return tx.symptom_reports(athlete(self.services, email), NOW)


@pytest.fixture(scope="module")
def apps() -> dict[str, Flask]:
    return {}


@pytest.fixture
def door(services: Services, apps: dict[str, Flask]) -> Door:
    """With safety marks asked of every form, as they are of all others."""
    if not apps:  # made once, as all copies of the data folder have the same key
        apps["one"] = create_app(services, config={"RATELIMIT_ENABLED": False})
    app = apps["one"]
    app.extensions["loadwatch"] = services
    return Door(services, app, app.test_client())


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    The data folder of Ann and Bob.

    She ran 10 km each other day, and 20 km on Saturday. A week ago she told that the front of her left thigh hurts.
    """
    folder = tmp_path_factory.mktemp("seeded")
    services = seeded_services(folder)
    ann, _ = sign_up(services, ANN).athlete_id, sign_up(services, BOB, name="Bob")
    told = Draft(side="left", regions=frozenset({"AM"}), pain_today=3, onset="gradual", at=NOW - timedelta(days=7))
    services.check_ins.record(ann, told)
    runs = [SeedRun(NOW - timedelta(days=days), 10_000) for days in range(29, 1, -2)]
    add_runs(services, ann, [*runs, SeedRun(NOW - timedelta(days=1), 20_000)])
    services.close()
    return folder


@pytest.fixture
def alert_id(services: Services) -> int:
    """The alert on Ann's run of Saturday."""
    with services.store.read() as tx:
        return tx.alerts_since(athlete(services), NOW - timedelta(days=2))[0].id


@pytest.fixture
def problem_id(services: Services) -> int:
    """Ann's problem."""
    with services.store.read() as tx:
        return tx.symptom_reports(athlete(services))[0].id


def changes_of(services: Services) -> Callable[[], bool]:
    """Whether anything was stored since it was last asked."""
    watch = sqlite3.connect(services.engines.read.url.database or "")
    seen = [watch.execute("PRAGMA data_version").fetchone()]

    def asked() -> bool:
        seen.append(watch.execute("PRAGMA data_version").fetchone())
        return seen[-1] != seen[-2]

    return asked


# looking


EVERY_KIND = (("felt", "fine"), ("felt", "pain"), ("planned", ""), ("not_useful", ""), ("read", ""), ("pain", "7"))


@pytest.mark.parametrize(("purpose", "answer"), [*EVERY_KIND, ("ask", "sore"), ("stop", "")])
def test_looking_ten_times_changes_nothing(
    door: Door, alert_id: int, problem_id: int, purpose: str, answer: str
) -> None:
    about = {"pain": f"{problem_id}.{WEEK}", "ask": "2026-11-22", "stop": "all"}.get(purpose, alert_id)
    token = door.token(purpose, about, answer)
    anything_stored = changes_of(door.services)

    seen = [door.look(token, headers={"Sec-Purpose": "prefetch"}).status_code for _ in range(10)]
    seen += [door.client.head(f"/r/{token}").status_code, door.client.options(f"/r/{token}").status_code]

    assert seen == [200] * 12
    assert not anything_stored()


def test_what_is_stored_would_be_noticed(door: Door) -> None:
    anything_stored = changes_of(door.services)
    door.press(door.token("ask", "2026-11-22", "fine"))

    assert anything_stored()


@pytest.mark.parametrize("purpose", ["felt", "stop", "pain"])
def test_the_page_sets_no_cookie_and_may_not_be_kept_found_or_passed_on(
    door: Door, alert_id: int, problem_id: int, purpose: str
) -> None:
    about = {"pain": f"{problem_id}.{WEEK}", "stop": "weekly"}.get(purpose, alert_id)
    token = door.token(purpose, about, "7" if purpose == "pain" else "fine")

    for response in (door.look(token), door.press(token), door.look(token)):
        assert "Set-Cookie" not in response.headers
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in response.headers["X-Robots-Tag"]


def test_the_page_says_nothing_of_the_runner_but_the_day_of_the_alert(door: Door, alert_id: int) -> None:
    for purpose, answer in (("felt", "fine"), ("felt", "sore"), ("planned", ""), ("not_useful", ""), ("read", "")):
        page = door.look(door.token(purpose, alert_id, answer)).text

        assert "Alert of Sat 21 Nov" in page
        for secret in ("Ann", ANN, "20 km", "20.0", "longest"):
            assert secret not in page


# how it feels


def test_fine_records_what_nothing_hurts_on_today_records(door: Door, alert_id: int) -> None:
    page = door.press(door.token("felt", alert_id, "fine"))
    bobs = create_app(door.services, config={"RATELIMIT_ENABLED": False, "WTF_CSRF_ENABLED": False}).test_client()
    bobs.post("/login", data={"email": BOB, "password": PASSWORD})
    bobs.post("/feel", data={"pain": "0"})

    (hers,), (his,) = door.told(), door.told(BOB)
    assert page.status_code == 200
    assert "Nothing hurts." in page.text
    assert hers == replace(his, id=hers.id)
    assert (hers.pain_today, hers.side, hers.local_date) == (0, None, NOW.date())


def test_whoever_hurts_gets_the_whole_form_with_nothing_filled_in(door: Door, alert_id: int) -> None:
    page = door.look(door.token("felt", alert_id, "pain")).text

    assert 'value="left-PM"' in page
    assert 'value="numb_saddle"' in page
    assert page.count(" checked>") == 4  # "not told" of three pains, and "hard to say" of how it began


def test_a_form_records_one_check_in_and_shows_first_what_must_not_wait(door: Door, alert_id: int) -> None:
    page = door.press(door.token("felt", alert_id, "pain"), **SIGNS_OF_A_SADDLE)

    (report,) = door.told()
    assert (report.side, report.regions, report.signs) == ("left", {"BK"}, {"numb_saddle"})
    assert (report.pain_today, report.pain_run, report.pain_morning) == (1, None, None)
    assert page.text.index("Get medical help now") < page.text.index("Where to go") < page.text.index("Noted")


def test_whoever_taps_twice_sees_again_what_must_not_wait(door: Door, alert_id: int) -> None:
    token = door.token("felt", alert_id, "pain")
    first, second = door.press(token, **SIGNS_OF_A_SADDLE), door.press(token, **SIGNS_OF_A_SADDLE)

    assert len(door.told()) == 1
    assert "Get medical help now" in first.text
    assert "Get medical help now" in second.text
    assert "Already answered" in second.text


def test_what_was_told_is_shown_again_to_whoever_presses_not_to_whoever_looks(door: Door, alert_id: int) -> None:
    """Scanners of mails look; they learn that something was answered, not what it means."""
    token = door.token("felt", alert_id, "pain")
    door.press(token, **SIGNS_OF_A_SADDLE)

    looked, pressed = door.look(token), door.press(token)

    assert "medical" not in looked.text
    assert "Show again what it says" in looked.text
    assert "Get medical help now" in pressed.text


def test_a_form_without_a_side_is_asked_again_and_can_still_be_sent(door: Door, alert_id: int) -> None:
    token = door.token("ask", "2026-11-22", "sore")

    refused = door.press(token, regions="PM", pain_today="4")
    taken = door.press(token, place="right-PM", pain_today="4")

    assert refused.status_code == 400
    assert "On which side does it hurt?" in refused.text
    assert taken.status_code == 200
    assert [(r.side, r.pain_today) for r in door.told()] == [("right", 4)]


def test_an_empty_form_is_not_taken_for_no_pain(door: Door) -> None:
    assert door.press(door.token("ask", "2026-11-22", "pain")).status_code == 400
    assert door.told() == []


def test_open_questions_are_answered_under_the_same_link_and_can_raise_a_flag(door: Door) -> None:
    token = door.token("ask", "2026-11-22", "pain")
    asked = door.press(token, place="left-AM", pain_today="3")
    flagged = door.press(token, "/answers", night_rest="yes")

    assert f"/r/{token}/answers" in asked.text
    assert "Bone stress" not in asked.text
    assert "Bone stress" in flagged.text
    (report,) = door.told()
    assert report.answers == {"night_rest": True}


def test_an_answer_that_raised_a_flag_is_not_taken_back_by_the_link(door: Door) -> None:
    token = door.token("ask", "2026-11-22", "pain")
    door.press(token, place="left-AM", pain_today="3")
    door.press(token, "/answers", night_rest="yes")
    again = door.press(token, "/answers", night_rest="no", gone="yes")

    assert "Bone stress" in again.text
    assert door.told()[0].answers == {"night_rest": True}


# once


def test_a_question_is_answered_once_whichever_of_its_links_is_used(door: Door, alert_id: int) -> None:
    door.press(door.token("felt", alert_id, "fine"))
    other = door.token("felt", alert_id, "pain")

    looked, pressed = door.look(other), door.press(other, place="left-PM", pain_today="6")

    for page in (looked, pressed):
        assert page.status_code == 200
        assert "Already answered" in page.text
        assert "Nothing hurts." in page.text
        assert "Sun 22 Nov 2026, 13:00" in page.text  # by the clock of Berlin
    assert len(door.told()) == 1


def test_the_same_alert_may_be_answered_for_each_purpose(door: Door, alert_id: int) -> None:
    for purpose, answer in (("felt", "fine"), ("planned", ""), ("not_useful", "")):
        page = door.press(door.token(purpose, alert_id, answer))
        assert page.status_code == 200
        assert "Already answered" not in page.text


@pytest.fixture
def stored(database_url: str, tmp_path: Path) -> Iterator[Services]:
    services = seeded_services(tmp_path / "stored", database_url=database_url, secret_key="for-tests-alone")
    sign_up(services, ANN)
    yield services
    services.close()


def test_of_two_answers_at_the_same_moment_one_is_taken(stored: Services) -> None:
    ann, until = athlete(stored), NOW + timedelta(days=7)
    fine, pain = (stored.reply_links.token(ann, "ask", "2026-11-22", until, answer) for answer in ("fine", "pain"))
    together = threading.Barrier(4)
    form = Draft(side="left", regions=frozenset({"PM"}), pain_today=6)

    def press(token: str) -> bool:
        together.wait()
        answered = stored.replies.answer(token, None if token == fine else form)
        assert answered is not None
        assert answered.result is not None
        return answered.is_new

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(press, [fine, pain, fine, pain]))

    assert sorted(taken) == [False, False, False, True]
    with stored.store.read() as tx:
        assert [r.pain_today for r in tx.symptom_reports(ann)] == [0 if taken.index(True) % 2 == 0 else 6]


# links that do not work


def test_an_expired_link_says_so_and_records_nothing(door: Door) -> None:
    token = door.token("ask", "2026-11-20", "fine", days=-0.1)

    looked, pressed = door.look(token), door.press(token)

    assert (looked.status_code, pressed.status_code) == (410, 410)
    assert "This link has expired" in looked.text
    assert 'href="/login"' in looked.text
    assert door.told() == []


def test_a_form_that_was_open_when_its_link_expired_is_still_taken_for_an_hour(door: Door) -> None:
    half_an_hour_ago = door.token("ask", "2026-11-20", "pain", days=-1 / 48)

    assert door.look(half_an_hour_ago).status_code == 410
    assert door.press(half_an_hour_ago, place="left-PM", pain_today="2").status_code == 200
    assert len(door.told()) == 1


def test_an_answer_is_not_shown_for_ever(door: Door) -> None:
    """A link that was answered says what, until it expires."""
    token = door.token("ask", "2026-11-20", "fine", days=-1 / 48)
    door.press(token)

    assert "Nothing hurts" not in door.look(token).text


@pytest.mark.parametrize("path", ["", "/answers", "/more"])
def test_a_link_that_was_changed_is_not_found(door: Door, path: str) -> None:
    token = door.token("stop", "all")
    changed = token[:-5] + ("A" if token[-5] != "A" else "B") + token[-4:]

    assert door.press(changed, path).status_code == 404
    assert door.press("x", path).status_code == 404
    looked = door.look(changed)
    assert looked.status_code == 404
    assert "This link does not work" in looked.text


def test_a_link_of_another_server_is_not_found(door: Door, tmp_path: Path) -> None:
    other = seeded_services(tmp_path / "other")
    token = other.reply_links.token(athlete(door.services), "stop", "all", NOW + timedelta(days=1))
    other.close()

    assert door.press(token).status_code == 404


def test_the_link_of_a_deleted_account_is_not_found(door: Door) -> None:
    tokens = [door.token("ask", "2026-11-22", "fine"), door.token("stop", "all")]
    door.services.account_deletion.delete(athlete(door.services))

    assert [door.look(token).status_code for token in tokens] == [404, 404]
    assert [door.press(token).status_code for token in tokens] == [404, 404]


def test_anothers_alert_is_answered_by_no_link(door: Door, alert_id: int) -> None:
    """None is made: but if one were, it would change nothing."""
    token = door.token("not_useful", alert_id, email=BOB)

    assert (door.look(token).status_code, door.press(token).status_code) == (410, 410)
    assert door.services.views.alert(athlete(door.services), alert_id).alert.feedback is None


def test_how_it_feels_can_be_told_though_the_alert_is_gone(door: Door) -> None:
    gone = 4711

    assert door.press(door.token("planned", gone)).status_code == 410
    assert "no longer here" in door.look(door.token("planned", gone)).text
    assert door.look(door.token("felt", gone, "fine")).status_code == 200
    assert door.press(door.token("felt", gone, "fine")).status_code == 200
    assert len(door.told()) == 1


def test_a_link_does_nothing_but_its_purpose(door: Door, alert_id: int, problem_id: int) -> None:
    ann, before = athlete(door.services), door.told()
    door.press(door.token("read", alert_id), **{"List-Unsubscribe": "One-Click", "again": "weekly"}, pain_today="7")
    door.press(door.token("not_useful", alert_id), "/more", place="left-PM", pain_today="7")
    door.press(door.token("stop", "weekly"), "/answers", night_rest="yes")
    door.press(door.token("felt", alert_id, "pain"), "/more", place="left-PM", pain_today="7")

    profile = door.services.views.profile(ann)
    assert (profile.alert_mails, profile.weekly_mail) == (True, True)
    assert door.told() == before
    assert door.services.views.alert(ann, alert_id).alert.feedback is None


def test_the_link_decides_for_whom_it_answers_whoever_is_logged_in(door: Door) -> None:
    app = create_app(door.services, config={"RATELIMIT_ENABLED": False, "WTF_CSRF_ENABLED": False})
    bob = app.test_client()
    bob.post("/login", data={"email": BOB, "password": PASSWORD})
    door.services.accounts.update_profile(athlete(door.services), language="de")
    token = door.token("ask", "2026-11-22", "fine")

    looked = [browser.get(f"/r/{token}", headers={"Accept-Language": "en"}) for browser in (bob, door.client)]
    bob.post(f"/r/{token}")

    assert all('<html lang="de">' in page.text for page in looked)
    assert (len(door.told(ANN)), len(door.told(BOB))) == (1, 0)


# alerts


def test_planned_not_useful_and_read_do_what_the_page_does(door: Door, alert_id: int) -> None:
    ann = athlete(door.services)
    pages = [door.press(door.token(purpose, alert_id)) for purpose in ("planned", "not_useful", "read")]

    alert = door.services.views.alert(ann, alert_id).alert
    with door.services.store.read() as tx:
        planned = tx.planned_days(ann, NOW.date() - timedelta(days=7))
    assert [page.status_code for page in pages] == [200, 200, 200]
    assert (alert.feedback, alert.state) == ("not_useful", AlertState.ACKNOWLEDGED)
    assert NOW.date() - timedelta(days=1) in planned


def test_a_red_flag_that_is_read_by_its_link_is_not_told_again(door: Door) -> None:
    ann = athlete(door.services)
    door.services.check_ins.record(ann, Draft(side="left", signs=frozenset({"numb_saddle"}), at=NOW))
    door.services.assess.assess(ann)
    red = next(a for a in door.services.views.alerts(ann, days=7) if a.dedup_key.startswith(RED_FAMILY))
    door.press(door.token("read", red.id))

    with door.services.store.read() as tx:
        assert tx.red_alerts(ann) == []


# pain of a problem


def test_a_number_is_recorded_at_the_place_of_its_problem_and_nothing_is_invented(
    door: Door, problem_id: int
) -> None:
    page = door.press(door.token("pain", f"{problem_id}.{WEEK}", "4"))

    (told,) = door.told()
    assert page.status_code == 200
    assert told == SymptomReport(told.id, NOW, NOW.date(), "left", frozenset({"AM"}), pain_today=4)
    assert told.pain_run is told.pain_morning is told.onset is None
    reports = door.services.check_ins.problem(athlete(door.services), problem_id).problem.reports
    assert [r.id for r in reports] == [problem_id, told.id]


@pytest.mark.parametrize(("pain", "is_asked"), [("0", False), ("3", False), ("4", False), ("5", True), ("6", True)])
def test_two_points_more_than_last_time_ask_for_the_whole_form(
    door: Door, problem_id: int, pain: str, is_asked: bool
) -> None:
    page = door.press(door.token("pain", f"{problem_id}.{WEEK}", pain))

    assert ("look through these questions" in page.text) is is_asked
    assert ('value="numb_saddle"' in page.text) is is_asked


def test_more_than_five_asks_for_the_whole_form_also_if_it_was_as_much_before(door: Door) -> None:
    told = Draft(side="left", regions=frozenset({"PM"}), pain_today=6, onset="gradual", at=NOW - timedelta(days=7))
    number = door.services.check_ins.record(athlete(door.services), told).report.id
    page = door.press(door.token("pain", f"{number}.{WEEK}", "6"))

    assert "look through these questions" in page.text
    assert "No running and no exercises today" in page.text
    assert 'value="left-PM" data-leg="left" data-place="Back of the thigh, middle" checked' in page.text


def test_the_whole_form_after_a_number_shows_what_the_number_could_not(door: Door, problem_id: int) -> None:
    token = door.token("pain", f"{problem_id}.{WEEK}", "7")
    asked = door.press(token)
    flagged = door.press(token, "/more", place="left-AM", pain_today="7", signs="cannot_walk")
    again = door.press(token, "/more", place="left-AM", pain_today="0")

    assert f'action="/r/{token}/more"' in asked.text
    assert "Get medical help" not in asked.text
    assert "Stop running until somebody has examined it." in flagged.text
    assert "Stop running until somebody has examined it." in again.text
    assert [(r.pain_today, r.signs) for r in door.told()] == [(7, set()), (7, {"cannot_walk"})]


def test_a_place_that_may_hide_something_is_asked_about_at_any_number(door: Door, problem_id: int) -> None:
    page = door.press(door.token("pain", f"{problem_id}.{WEEK}", "2"))

    assert "Please answer: it may change what is said here" in page.text
    assert "Does it hurt at every footfall?" in page.text


def test_no_pain_closes_no_problem(door: Door, problem_id: int) -> None:
    token = door.token("pain", f"{problem_id}.{WEEK}", "0")
    assert "stays open until you say on its page that it is gone" in door.look(token).text
    door.press(token)

    problem = door.services.check_ins.problem(athlete(door.services), problem_id).problem
    assert problem.is_open
    assert problem.latest.pain_today == 0


def test_a_problem_that_is_closed_takes_no_number(door: Door, problem_id: int) -> None:
    door.services.check_ins.close_problem(athlete(door.services), problem_id)
    token, n_told = door.token("pain", f"{problem_id}.{WEEK}", "4"), len(door.told())

    looked, pressed = door.look(token), door.press(token)

    assert (looked.status_code, pressed.status_code) == (410, 410)
    assert "This problem is closed" in looked.text
    assert len(door.told()) == n_told


def test_where_nobody_told_the_side_it_is_asked_and_not_guessed(door: Door) -> None:
    told = Draft(regions=frozenset({"AM"}), pain_today=2, signs=frozenset({"swelling"}), at=NOW - timedelta(days=5))
    number = door.services.check_ins.record(athlete(door.services), told).report.id
    token = door.token("pain", f"{number}.{WEEK}", "2")

    asked, refused = door.look(token), door.press(token, regions="AM", pain_today="2")
    taken = door.press(token, place="right-AM", pain_today="2")

    assert "On which side? Tap it there:" in asked.text
    assert 'name="pain_today" value="2" checked' in asked.text
    assert (refused.status_code, taken.status_code) == (400, 200)
    assert [(r.side, r.pain_today) for r in door.told()] == [("right", 2)]


def test_each_week_asks_anew(door: Door, problem_id: int) -> None:
    for week in ("2026-W46", WEEK):
        assert "Already answered" not in door.press(door.token("pain", f"{problem_id}.{week}", "3")).text

    assert len(door.told()) == 2


# no more mails


def post_as_gmail_does(door: Door, token: str) -> TestResponse:
    """RFC 8058: no cookie, no referrer, no safety mark, and this one field."""
    return door.app.test_client(use_cookies=False).post(
        f"/r/{token}",
        data="List-Unsubscribe=One-Click",
        content_type="application/x-www-form-urlencoded",
        headers={"User-Agent": "Gmail", "Accept": "*/*"},
    )


@pytest.mark.parametrize(
    ("about", "left_on"),
    [
        ("alerts", {"weekly_mail", "ask_mails"}),
        ("weekly", {"alert_mails", "ask_mails"}),
        ("asks", {"alert_mails", "weekly_mail"}),
        ("all", set()),
    ],
)
def test_one_click_ends_the_mails_it_names_and_no_others(door: Door, about: str, left_on: set[str]) -> None:
    token = door.token("stop", about, days=365)

    answers = [post_as_gmail_does(door, token) for _ in range(2)]

    assert [(r.status_code, r.location, "Set-Cookie" in r.headers) for r in answers] == [(200, None, False)] * 2
    profile = door.services.views.profile(athlete(door.services))
    assert {name for name in ("alert_mails", "weekly_mail", "ask_mails") if getattr(profile, name)} == left_on
    assert door.services.views.profile(athlete(door.services, BOB)).weekly_mail


def test_a_mail_that_waits_does_not_leave_once_its_kind_is_stopped_and_a_red_flag_does(door: Door) -> None:
    ann = athlete(door.services)
    door.services.check_ins.record(ann, Draft(side="left", signs=frozenset({"numb_saddle"})))
    door.services.assess.assess(ann)
    with door.services.store.write() as tx:
        weekly = tx.add_outbox(ann, "weekly", WEEK, NOW)
    assert weekly is not None
    post_as_gmail_does(door, door.token("stop", "all", days=365))
    door.services.notify.deliver_due()

    with door.services.store.read() as tx:
        states = {item.kind: item.state for item in tx.outbox_items(ann, 10)}
    assert states == {"weekly": "cancelled", "alert": "sent"}


def test_what_was_stopped_is_switched_on_again_on_the_page(door: Door) -> None:
    ann, token = athlete(door.services), door.token("stop", "all")
    door.services.accounts.update_profile(ann, weekly_mail=False)

    stopped = door.press(token)
    again = [name for name in ("alerts", "weekly", "asks") if f'name="again" value="{name}"' in stopped.text]
    page = door.press(token, again=again)

    assert "Red flags still reach you" in stopped.text
    assert again == ["alerts", "asks"]  # not what had been off before
    assert "switched on again" in page.text
    profile = door.services.views.profile(ann)
    assert (profile.alert_mails, profile.weekly_mail, profile.ask_mails) == (True, False, True)


def test_whoever_looks_after_one_click_can_switch_on_again(door: Door) -> None:
    token = door.token("stop", "weekly")
    post_as_gmail_does(door, token)

    looked = door.look(token)

    assert "The weekly summary is switched off" in looked.text
    assert 'name="again" value="weekly"' in looked.text


def test_a_link_switches_on_no_mails_but_its_own(door: Door) -> None:
    ann = athlete(door.services)
    door.services.accounts.update_profile(ann, alert_mails=False)
    door.press(door.token("stop", "weekly"), again=["alerts", "weekly"])

    assert not door.services.views.profile(ann).alert_mails


# around it


def test_one_runner_presses_thirty_times_a_minute_and_may_still_look_as_others_may_press(services: Services) -> None:
    door = Door(services, app := create_app(services), app.test_client())
    token, bobs = door.token("stop", "weekly"), door.token("stop", "weekly", email=BOB)

    answers = [door.press(token).status_code for _ in range(31)]

    assert answers == [200] * 30 + [429]
    assert (door.look(token).status_code, door.press(bobs).status_code) == (200, 200)


def test_a_scanner_that_opens_every_link_of_a_mail_keeps_nobody_from_answering(services: Services) -> None:
    door = Door(services, app := create_app(services), app.test_client())
    links = [door.token("pain", f"{n // 11}.{WEEK}", str(n % 11)) for n in range(44)]

    assert {door.look(token).status_code for token in links} <= {200, 410}
    assert door.press(door.token("ask", "2026-11-22", "fine")).status_code == 200


def test_replies_are_in_the_archive_of_ones_data(door: Door) -> None:
    door.press(door.token("ask", "2026-11-22", "fine"))
    archive = BytesIO(b"".join(door.services.export.stream(athlete(door.services))))

    with zipfile.ZipFile(archive) as opened:
        (row,) = json.loads(opened.read("loadwatch/replies.json"))
    assert (row["purpose"], row["about"], row["answer"]) == ("ask", "2026-11-22", "fine")
    assert row["report_id"] == door.told()[0].id
