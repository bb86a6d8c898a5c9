"""Words that the database keeps are said in the language and the units of whoever reads them, also years later."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from loadwatch.adapters.catalogue import Translated
from loadwatch.adapters.db.tables import AlertRow
from loadwatch.bootstrap import Services
from loadwatch.dashboard import create_app
from loadwatch.domain.alerts import Alert
from loadwatch.domain.text import English, Text, distance_text, render, say
from loadwatch.emails.alert import alert_mail
from tests.support.mails import reader
from tests.support.samples import features
from tests.support.seeding import ANN, NOW, PASSWORD, SeedRun, add_runs, athlete


class German(Translated):
    """The messages as they are, so that what they are made of is seen; numbers and days as Germans write them."""

    def gettext(self, message: str) -> str:
        return message

    def ngettext(self, one: str, many: str, n: int) -> str:
        return one if n == 1 else many


GERMAN = German("de", "metric")


@pytest.fixture
def ann(services: Services) -> int:
    """Thirty runs of 8 km, and yesterday one of 16 km, judged."""
    ann = athlete(services, ANN)
    runs = [SeedRun(NOW - timedelta(days=2 * n), 8_000) for n in range(30, 0, -1)]
    add_runs(services, ann, [*runs, SeedRun(NOW - timedelta(days=1), 16_000)])
    judge(services, ann)
    return ann


def judge(services: Services, athlete_id: int) -> None:
    with services.store.write() as tx:
        tx.want_assessment(athlete_id, NOW - timedelta(days=3), NOW - timedelta(minutes=30))
    services.assess.assess(athlete_id)


def the_alert(services: Services, athlete_id: int) -> Alert:
    (alert,) = services.views.alerts(athlete_id)
    return alert


def test_an_alert_is_read_in_any_language_and_units(services: Services, ann: int) -> None:
    alert = the_alert(services, ann)
    assert alert.title == "16.0 km: your longest in 30 days was 8.0 km"
    assert render(alert.title, GERMAN) == "16,0 km: your longest in 30 days was 8,0 km"
    assert render(alert.title, English("imperial")) == "9.9 mi: your longest in 30 days was 5.0 mi"
    assert all(isinstance(text, Text) for text in (alert.message, alert.action, *alert.coverage))
    assert all(isinstance(reason.window, Text) for reason in alert.reasons)
    assert render(alert.evidence.citation, English()).startswith("Frandsen et al. 2025")


def test_the_words_of_an_alert_stay_in_the_units_in_which_they_were_mailed(services: Services) -> None:
    ann = athlete(services, ANN)
    services.accounts.update_profile(ann, units="imperial")
    add_runs(services, ann, [SeedRun(NOW - timedelta(days=2 * n), 8_000) for n in range(30, 0, -1)])
    add_runs(services, ann, [SeedRun(NOW - timedelta(days=1), 16_000)], first_source_id=900)
    judge(services, ann)
    alert = the_alert(services, ann)
    assert alert.title == "9.9 mi: your longest in 30 days was 5.0 mi"
    assert render(alert.title, English()) == "16.0 km: your longest in 30 days was 8.0 km"


def test_an_alert_from_before_keeps_its_plain_words(services: Services, ann: int) -> None:
    with services.engines.write.begin() as connection:
        connection.execute(update(AlertRow).values(words=None))
    alert = the_alert(services, ann)
    assert render(alert.title, GERMAN) == "16.0 km: your longest in 30 days was 8.0 km"
    assert [reason.window for reason in alert.reasons] == ["longest of 30 days before", "30 days"]


def test_words_that_cannot_be_read_any_more_do_not_hide_an_alert(services: Services, ann: int) -> None:
    with services.engines.write.begin() as connection:
        connection.execute(update(AlertRow).values(words={"title": {"furlongs": 80}}))
    assert the_alert(services, ann).title == "16.0 km: your longest in 30 days was 8.0 km"


def test_judging_anew_changes_nothing_because_of_words(services: Services, ann: int) -> None:
    first = services.views.alert(ann, the_alert(services, ann).id).transitions
    judge(services, ann)
    assert services.views.alert(ann, the_alert(services, ann).id).transitions == first


def test_why_an_alert_is_snoozed_is_told_in_the_readers_days(services: Services, ann: int) -> None:
    number = the_alert(services, ann).id
    services.alerts.snooze(ann, number)
    cause = services.views.alert(ann, number).transitions[-1].cause
    assert cause == "snoozed by the runner until Sun 6 Dec 2026, 12:00 UTC"  # 14 days after NOW
    assert render(cause, GERMAN) == "snoozed by the runner until So., 6. Dez. 2026, 12:00 UTC"


def test_why_a_file_was_refused_is_told_in_the_readers_language(services: Services) -> None:
    ann = athlete(services, ANN)
    services.uploads.put(ann, "diary.fit", b"no run at all")
    services.file_ingest.read_next(ann)
    (upload,) = services.uploads.uploads(ann)
    assert upload.reason is not None
    assert upload.reason.startswith("is neither FIT, GPX, TCX nor a stream set although it is called .fit")
    assert isinstance(upload.reason, Text)


def test_a_page_says_an_alert_as_its_reader_counts(services: Services, ann: int) -> None:
    services.accounts.update_profile(ann, units="imperial", language="de")
    browser = create_app(services, config={"WTF_CSRF_ENABLED": False}).test_client()
    browser.post("/login", data={"email": ANN, "password": PASSWORD}, base_url="http://127.0.0.1:8000")
    page = browser.get(f"/alerts/{the_alert(services, ann).id}", base_url="http://127.0.0.1:8000").text
    assert "9,9 mi" in page
    assert "16.0 km" not in page
    assert "9,9 mi" in browser.get("/", base_url="http://127.0.0.1:8000").text


def test_a_mail_is_written_in_the_units_of_today(services: Services, ann: int) -> None:
    services.accounts.update_profile(ann, units="imperial")
    alert = the_alert(services, ann)
    mail = alert_mail(alert, None, reader("imperial"))
    assert mail.subject == "9.9 mi: your longest in 30 days was 5.0 mi"


def test_what_limits_the_numbers_of_a_run_is_stored_with_its_quantities(services: Services, ann: int) -> None:
    run = services.views.runs(ann, days=9)[0].run
    limits = (say("Every {n} s only.", n=5), say("The samples make {made}.", made=distance_text(9_000)), "odd")
    with services.store.write() as tx:
        tx.put_features(run.id, features(run, warnings=limits), NOW)
    stored = services.views.run(ann, run.id).detail.run.features
    assert stored is not None
    assert stored.warnings == limits
    assert render(stored.warnings[1], GERMAN) == "The samples make 9,0 km."
