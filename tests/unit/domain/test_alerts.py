"""The life of an alert, and when one leaves by mail at once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadwatch.domain.alerts import (
    AlertState,
    Change,
    Fire,
    Retract,
    Revise,
    StoredAlert,
    episode,
    reconcile,
)
from loadwatch.domain.rules import Finding, Reason
from loadwatch.domain.telling import Mailed, alert_telling
from tests.unit.domain.build import DAY_0, run

FIRING, ACKNOWLEDGED = AlertState.FIRING, AlertState.ACKNOWLEDGED
RESOLVED, EXPIRED, RETRACTED = AlertState.RESOLVED, AlertState.EXPIRED, AlertState.RETRACTED

SOON = DAY_0 + timedelta(hours=2)


def finding(
    day: float = 0, km: float = 20, *, run_id: int | None = None, severity: int = 2, family: str = "M"
) -> Finding:
    return Finding(
        rule="R-M1",
        family=family,
        load_type="mileage",
        run=run(day, km, run_id=run_id),
        load_level=2,
        severity=severity,
        confidence="normal",
        reasons=(Reason("run_distance", km * 1000, "m", 12_000, 15_600, "longest of 30 days before"),),
    )


def said(*findings: Finding) -> list[tuple[Finding, str]]:
    """Each with a digest that changes with its facts."""
    return [(f, f"{f.run.distance_m} {f.severity}") for f in findings]


def applied(
    stored: Sequence[StoredAlert], changes: Sequence[Change], digests: dict[Finding, str]
) -> list[StoredAlert]:
    """What a store makes of the changes; the ids stand for rows."""
    rows = {a.id: a for a in stored}
    for change in changes:
        match change:
            case Fire(f, state, _):
                n = len(rows) + 1
                rows[n] = StoredAlert(n, f.dedup_key, episode(f), state, f.severity, f.at, digests[f])
            case Revise(alert, f, state, _):
                rows[alert.id] = replace(alert, state=state, severity=f.severity, at=f.at, finding_digest=digests[f])
            case Retract(alert, _):
                rows[alert.id] = replace(alert, state=RETRACTED)
    return list(rows.values())


def after(stored: Sequence[StoredAlert], *findings: Finding, as_of: datetime = SOON) -> list[StoredAlert]:
    spoken = said(*findings)
    return applied(stored, reconcile(stored, spoken, as_of=as_of), dict(spoken))


def in_state(stored: Sequence[StoredAlert], state: AlertState) -> list[StoredAlert]:
    return [replace(a, state=state) for a in stored]


# reconcile


def test_a_finding_without_an_alert_fires_one():
    f = finding()

    assert reconcile([], said(f), as_of=SOON) == [Fire(f, FIRING, "rule spoke")]


def test_what_is_stored_already_is_left_alone():
    assert reconcile(after([], finding()), said(finding()), as_of=SOON) == []


def test_corrected_facts_revise_the_alert_in_its_state():
    for state in (FIRING, ACKNOWLEDGED, EXPIRED):
        (stored,) = in_state(after([], finding(km=20)), state)
        corrected = finding(km=19)

        assert reconcile([stored], said(corrected), as_of=SOON) == [
            Revise(stored, corrected, state, "the facts were corrected")
        ]


def test_an_acknowledged_alert_fires_again_if_it_grew_more_severe():
    (mild,) = in_state(after([], finding(km=15, severity=1)), ACKNOWLEDGED)

    (change,) = reconcile([mild], said(finding(km=20, severity=2)), as_of=SOON)

    assert (type(change), change.state) == (Revise, FIRING)


def test_a_milder_correction_asks_for_no_second_look():
    (severe,) = in_state(after([], finding(km=20, severity=2)), ACKNOWLEDGED)

    (change,) = reconcile([severe], said(finding(km=15, severity=1)), as_of=SOON)

    assert change.state is ACKNOWLEDGED


def test_a_spent_alert_does_not_fire_again_whatever_is_corrected():
    (spent,) = in_state(after([], finding(km=15, severity=1)), EXPIRED)

    (change,) = reconcile([spent], said(finding(km=20, severity=2)), as_of=SOON)

    assert change.state is EXPIRED


@pytest.mark.parametrize("state", [FIRING, ACKNOWLEDGED, RESOLVED, EXPIRED])
def test_an_alert_whose_finding_is_gone_is_retracted(state):
    (stored,) = in_state(after([], finding()), state)

    (change,) = reconcile([stored], [], as_of=SOON)

    assert isinstance(change, Retract)
    assert change.alert == stored


def test_a_retracted_alert_is_not_retracted_again():
    assert reconcile(in_state(after([], finding()), RETRACTED), [], as_of=SOON) == []


def test_a_retracted_alert_comes_back_even_with_the_same_facts():
    (gone,) = in_state(after([], finding()), RETRACTED)

    (change,) = reconcile([gone], said(finding()), as_of=SOON)

    assert (type(change), change.alert.id, change.state) == (Revise, gone.id, FIRING)


def test_a_run_uploaded_a_week_late_makes_an_alert_that_is_spent_already():
    week_old = DAY_0 + timedelta(days=7)

    (just,) = reconcile([], said(finding()), as_of=week_old)
    (before,) = reconcile([], said(finding()), as_of=week_old - timedelta(seconds=1))

    assert (just.state, before.state) == (EXPIRED, FIRING)


def test_a_retracted_alert_that_comes_back_late_is_spent():
    gone = in_state(after([], finding()), RETRACTED)

    (change,) = reconcile(gone, said(finding()), as_of=DAY_0 + timedelta(days=8))

    assert change.state is EXPIRED


def test_time_alone_changes_nothing_here():
    """Closing what is spent is another pass's work: a replay must not see a difference."""
    assert reconcile(after([], finding()), said(finding()), as_of=DAY_0 + timedelta(days=30)) == []


def test_each_run_and_each_family_has_an_alert_of_its_own():
    (mileage,) = after([], finding(run_id=1))
    other_run, other_family = finding(run_id=2), finding(run_id=1, family="H")

    changes = reconcile([mileage], said(finding(run_id=1), other_run, other_family), as_of=SOON)

    assert [(type(c), c.finding) for c in changes] == [(Fire, other_run), (Fire, other_family)]


some_findings = st.dictionaries(st.integers(1, 4), st.tuples(st.sampled_from([15, 20, 25]), st.sampled_from([1, 2])))


@settings(max_examples=25)
@given(st.lists(st.tuples(some_findings, st.floats(0, 20)), max_size=6))
def test_doing_it_twice_changes_nothing_the_second_time(history):
    stored: list[StoredAlert] = []
    for spoken, day in history:
        findings = [finding(0, km, run_id=i, severity=s) for i, (km, s) in spoken.items()]
        as_of = DAY_0 + timedelta(days=day)
        stored = after(stored, *findings, as_of=as_of)

        assert reconcile(stored, said(*findings), as_of=as_of) == []
        standing = {a.episode for a in stored if a.state is not RETRACTED}
        assert standing == {episode(f) for f in findings}
        assert len({a.episode for a in stored}) == len(stored)


# mails


def test_a_caution_leaves_at_once_and_a_note_waits_for_monday():
    assert alert_telling(finding(severity=2), [], as_of=SOON).leaves
    assert not alert_telling(finding(severity=1), [], as_of=SOON).leaves


def test_a_run_that_began_over_seventy_two_hours_ago_sends_no_mail():
    limit = DAY_0 + timedelta(hours=72)

    assert alert_telling(finding(), [], as_of=limit).leaves
    assert not alert_telling(finding(), [], as_of=limit + timedelta(seconds=1)).leaves


def test_old_runs_send_mails_where_that_is_asked_for_but_notes_still_do_not():
    late = DAY_0 + timedelta(days=90)

    assert alert_telling(finding(), [], as_of=late, old_runs_too=True).leaves
    assert not alert_telling(finding(severity=1), [], as_of=late, old_runs_too=True).leaves


@pytest.mark.parametrize(("days_apart", "quiet"), [(0, True), (6.99, True), (7, False), (-6.99, True), (-7, False)])
def test_a_mail_keeps_its_family_quiet_for_seven_days_of_runs_on_either_side(days_apart, quiet):
    now, other = finding(10), DAY_0 + timedelta(days=10 - days_apart)

    assert alert_telling(now, [Mailed("M:mileage", other, 2)], as_of=DAY_0 + timedelta(days=10)).leaves is not quiet


def test_a_more_severe_finding_breaks_the_quiet():
    earlier = [Mailed("M:mileage", DAY_0, 1)]

    assert alert_telling(finding(1, severity=2), earlier, as_of=DAY_0 + timedelta(days=1)).leaves
    assert not alert_telling(
        finding(1, severity=2), [*earlier, Mailed("M:mileage", DAY_0, 3)], as_of=DAY_0 + timedelta(days=1)
    ).leaves


def test_the_mail_of_another_familys_run_keeps_nobody_quiet():
    assert alert_telling(finding(1), [Mailed("T:fast", DAY_0, 2)], as_of=DAY_0 + timedelta(days=1)).leaves


def test_of_two_findings_on_one_run_one_mail_leaves():
    mileage, fast = finding(1), replace(finding(1, family="T"), load_type="fast")
    first = Mailed(mileage.dedup_key, mileage.run.start, 2)

    assert not alert_telling(fast, [first], as_of=DAY_0 + timedelta(days=1)).leaves
    assert alert_telling(replace(fast, severity=3), [first], as_of=DAY_0 + timedelta(days=1)).leaves


def test_an_alert_about_hills_is_spent_after_four_days_others_after_seven():
    on_day_5 = DAY_0 + timedelta(days=5)

    states = [fire.state for fire in reconcile([], said(finding(0, family="H"), finding(0)), as_of=on_day_5)]

    assert states == [EXPIRED, FIRING]
