"""How often a runner is told, and what a runner can do about it: each sentence of the rules on alerts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadwatch.domain.alerts import (
    AlertState,
    Feedback,
    Fire,
    Move,
    Retract,
    Revise,
    Snooze,
    StoredAlert,
    Wishes,
    alert_life,
    muted_keys,
    reconcile,
)
from loadwatch.domain.findings import Finding, Reason
from loadwatch.domain.symptom_rules import judge_health
from loadwatch.domain.telling import Mailed, QuietHours, RedAlert, alert_telling, leaves_at, told_again
from tests.unit.domain.build import DAY_0, run
from tests.unit.domain.test_symptom_rules import CLINIC, EVER, some_jumps, some_reports, some_runs

DAY = timedelta(days=1)
LATER = DAY_0 + timedelta(days=100)


def of_run(day: float = 0, *, severity: int = 2, level: int = 2, family: str = "M", **more: Any) -> Finding:
    load_type = {"M": "mileage", "H": "hills", "T": "fast"}[family]
    return Finding(
        rule="R-M1",
        family=family,
        load_type=load_type,
        run=run(day, 20),
        load_level=level,
        severity=severity,
        confidence="normal",
        reasons=(Reason("run_distance", 20_000, "m", 12_000, 15_600, "longest of 30 days before"),),
        **more,
    )


def of_report(day: float = 0, *, severity: int = 3, family: str = "C", what: str = "left posterior", **more: Any):
    given = {"symptom_level": 2, "problem_id": 1, **more}
    return Finding(
        rule="R-RED" if severity == 4 else "C-HS",
        family=family,
        load_type=what,
        run=None,
        load_level=0,
        severity=severity,
        confidence="normal",
        reasons=(),
        report_id=round(day * 100) + 1,
        reported_at=DAY_0 + timedelta(days=day),
        reported_on=(DAY_0 + timedelta(days=day)).date(),
        **given,
    )


def red(day: float = 0, flag: str = "RF5") -> Finding:
    return of_report(day, severity=4, family="RED", what=flag, symptom_level=4)


def mails(findings: Sequence[Finding], wishes: Wishes | None = None) -> list[float]:
    """The days of the findings that are mailed, each judged as it happens."""
    sent: list[Mailed] = []
    for f in findings:
        if alert_telling(f, sent, as_of=f.at, wishes=wishes or Wishes()).leaves:
            sent.append(Mailed(f.dedup_key, f.at, f.severity, f.symptom_level))
    return [(m.at - DAY_0) / DAY for m in sent]


def stored(finding: Finding, state: AlertState = AlertState.FIRING, digest: str = "as it was") -> StoredAlert:
    return StoredAlert(
        1, finding.dedup_key, finding.episode, state, finding.severity, finding.at, digest, finding.symptom_level
    )


def changed(before: Sequence[StoredAlert], *findings: Finding, day: float = 0.1, wishes: Wishes | None = None) -> Any:
    said = [(f, "as it was") for f in findings]
    return reconcile(before, said, as_of=DAY_0 + timedelta(days=day), wishes=wishes or Wishes())


# cool-down


def test_a_caution_is_quiet_for_seven_days():
    assert mails([of_run(day) for day in (0, 3, 6.9, 7)]) == [0, 7]


def test_what_is_to_be_acted_on_is_quiet_for_seventy_two_hours():
    assert mails([of_report(day) for day in (0, 1, 2.9, 3)]) == [0, 3]


def test_a_note_waits_for_the_weekly_mail():
    assert mails([of_run(0, severity=1, level=1), of_report(1, severity=1)]) == []


def test_a_red_flag_knows_no_cool_down():
    assert mails([red(day / 10) for day in range(5)]) == [0, 0.1, 0.2, 0.3, 0.4]


def test_within_the_cool_down_only_more_severe_or_more_symptoms_are_told():
    assert mails([of_report(0, severity=2), of_report(1, severity=3)]) == [0, 1]
    assert mails([of_report(0, severity=2), of_report(1, severity=2, symptom_level=3)]) == [0, 1]
    assert mails([of_report(0, severity=3), of_report(1.1, severity=2)]) == [0]


def test_symptoms_that_rise_are_told_although_there_is_less_load_behind_them():
    assert mails([of_report(0, severity=3, symptom_level=1), of_report(1.1, severity=2, symptom_level=2)]) == [0, 1.1]
    assert mails([of_run(0), of_run(1, symptom_level=1)]) == [0, 1]


def test_another_site_has_its_own_cool_down():
    assert mails([of_report(0, severity=2), of_report(1, severity=2, what="right anterior")]) == [0, 1]


def test_patterns_and_symptoms_of_one_site_share_theirs():
    assert mails([of_report(0, family="C"), of_report(1.5, family="S")]) == [0]


# one push per activity


def test_of_several_findings_on_one_run_one_mail_leaves():
    assert mails([of_run(0), of_run(0, family="T"), of_run(0, family="H")]) == [0]


def test_a_pattern_takes_the_place_of_the_load_alert_that_it_rests_on():
    load = of_run(0)
    pattern = of_report(1, follows=((load.dedup_key, load.episode),))

    fired, moved = sorted(changed([stored(load)], load, pattern, day=1), key=lambda c: type(c).__name__)

    assert isinstance(fired, Fire)
    assert (type(moved), moved.state, moved.settled) == (Move, AlertState.RESOLVED, "later")


def test_the_load_alert_comes_back_if_the_pattern_is_gone():
    load = of_run(0)
    was = replace(stored(load, AlertState.RESOLVED), settled="later")

    (move,) = changed([was], load, day=1)

    assert (move.state, move.settled) == (AlertState.FIRING, None)


# budget


def test_no_more_than_two_cautions_in_seven_days():
    sites = ("left posterior", "right posterior", "left anterior", "right anterior")
    found = [of_report(day, severity=2, what=site) for day, site in enumerate(sites)]

    assert mails(found) == [0, 1]


def test_no_more_than_four_cautions_in_thirty_days():
    found = [of_report(4 * n, severity=2, what=f"left {n}") for n in range(9)]

    assert mails(found) == [0, 4, 8, 12, 32]


def test_one_thing_to_act_on_a_day():
    assert mails([of_report(0), of_report(0.5, what="right anterior"), of_report(1, what="right lateral")]) == [0, 1]


def test_what_is_to_be_acted_on_does_not_count_as_a_caution():
    found = [of_report(0, severity=3), of_report(1, severity=2, what="a"), of_report(2, severity=2, what="b")]

    assert mails(found) == [0, 1, 2]


# quiet hours


@pytest.mark.parametrize(
    ("local_hour", "expected"),
    [(20, 0), (21, 10), (23, 8), (0, 7), (6, 1), (7, 0), (12, 0)],
)
def test_a_mail_of_the_night_leaves_at_seven(local_hour, expected):
    now = datetime(2026, 1, 12, local_hour, tzinfo=UTC)

    assert leaves_at(3, now, QuietHours("UTC")) == now + timedelta(hours=expected)


def test_the_night_is_the_runners():
    now = datetime(2026, 7, 1, 20, 30, tzinfo=UTC)  # half past ten in Berlin

    assert leaves_at(2, now, QuietHours("Europe/Berlin")) == datetime(2026, 7, 2, 5, tzinfo=UTC)


def test_a_red_flag_leaves_at_night():
    now = datetime(2026, 1, 12, 3, tzinfo=UTC)

    assert leaves_at(4, now, QuietHours("UTC")) == now


def test_equal_hours_mean_no_quiet_hours_and_hours_by_day_work_too():
    at_three = datetime(2026, 1, 12, 3, tzinfo=UTC)

    assert leaves_at(2, at_three, QuietHours("UTC", 0, 0)) == at_three
    assert leaves_at(2, at_three, QuietHours("UTC", 1, 5)) == at_three + timedelta(hours=2)


@pytest.mark.parametrize(
    ("evening", "morning"),
    [
        (datetime(2026, 3, 28, 22, 30, tzinfo=UTC), datetime(2026, 3, 29, 5, tzinfo=UTC)),  # an hour is left out
        (datetime(2026, 10, 24, 22, 30, tzinfo=UTC), datetime(2026, 10, 25, 6, tzinfo=UTC)),  # an hour comes twice
    ],
)
def test_seven_is_seven_by_the_clock_when_the_clocks_change(evening, morning):
    assert leaves_at(2, evening, QuietHours("Europe/Berlin")) == morning


@given(
    st.integers(0, 23),
    st.integers(0, 23),
    st.integers(0, 24 * 366) | st.sampled_from([88 * 24 - 1, 88 * 24, 88 * 24 + 1, 297 * 24, 297 * 24 + 1]),
    st.sampled_from(["Europe/Berlin", "UTC"]),
)
@settings(max_examples=60)
def test_a_mail_waits_less_than_a_day_and_then_may_leave(begin, end, hour, zone):
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
    quiet = QuietHours(zone, begin, end)

    at = leaves_at(2, now, quiet)

    assert now <= at <= now + timedelta(hours=25)
    assert leaves_at(2, at, quiet) == at


# sensitivity


@pytest.mark.parametrize(
    ("sensitivity", "expected"), [("quiet", [False, False, True]), ("balanced", [False, True, True])]
)
def test_sensitivity_moves_what_load_alone_must_be(sensitivity, expected):
    wishes = Wishes(sensitivity=sensitivity)
    found = [of_run(level=level, severity=min(level, 2)) for level in (1, 2, 3)]

    assert [alert_telling(f, [], as_of=f.at, wishes=wishes).leaves for f in found] == expected


def test_the_watchful_hear_of_small_jumps_too_unless_the_history_is_short():
    wishes = Wishes(sensitivity="watchful")
    small = of_run(level=1, severity=1)

    assert alert_telling(small, [], as_of=small.at, wishes=wishes).leaves
    assert not alert_telling(replace(small, confidence="low"), [], as_of=small.at, wishes=wishes).leaves


def test_a_build_of_weeks_waits_for_the_weekly_mail_however_watchful_the_runner():
    build = replace(of_run(level=1, severity=1), rule="R-M3")

    assert not alert_telling(build, [], as_of=build.at, wishes=Wishes(sensitivity="watchful")).leaves


def test_sensitivity_does_not_touch_symptoms():
    found = of_report(severity=2)

    assert alert_telling(found, [], as_of=found.at, wishes=Wishes(sensitivity="quiet")).leaves


# snooze, planned, mute


def snoozed(finding: Finding, severity: int = 3) -> Wishes:
    return Wishes(snoozed={finding.dedup_key: Snooze(DAY_0 + 14 * DAY, severity)})


def test_a_snoozed_key_is_quiet_until_its_time_is_over():
    (change,) = changed([], of_run(13.9), day=13.9, wishes=snoozed(of_run()))
    (after,) = changed([], of_run(14), day=14, wishes=snoozed(of_run()))

    assert (change.state, after.state) == (AlertState.SNOOZED, AlertState.FIRING)


def test_what_is_worse_than_what_was_snoozed_is_told():
    (change,) = changed([], of_report(1, severity=3), day=1, wishes=snoozed(of_report(), severity=2))

    assert change.state is AlertState.FIRING


def test_a_planned_long_run_is_read_already_and_what_hurts_is_not():
    wishes = Wishes(planned={DAY_0.date()})

    load, ache, hurting = changed([], of_run(), of_report(0.1), of_run(0.2, symptom_level=2), wishes=wishes, day=0.3)

    assert (load.state, load.cause) == (AlertState.ACKNOWLEDGED, "planned by the runner")
    assert ache.state is hurting.state is AlertState.FIRING


def said(*days: float, useful: bool = False, key: str = "M:mileage") -> list[Feedback]:
    return [Feedback(key, useful, DAY_0 + timedelta(days=day)) for day in days]


def test_three_times_not_useful_in_sixty_days_mute_a_key():
    at = DAY_0 + timedelta(days=59.9)

    assert muted_keys(said(0, 20, 40), at) == {"M:mileage"}
    assert muted_keys(said(0, 20), at) == frozenset()
    assert muted_keys(said(0, 20, 40), DAY_0 + 60 * DAY) == frozenset()
    assert muted_keys([*said(0, 20), *said(40, useful=True)], at) == frozenset()


def test_a_restored_key_begins_anew():
    assert muted_keys(said(0, 1, 2), LATER - 45 * DAY, {"M:mileage": DAY_0 + 2 * DAY}) == frozenset()


def test_a_muted_key_waits_for_the_weekly_mail_and_still_fires():
    found = of_run()
    wishes = Wishes(muted={found.dedup_key})

    assert not alert_telling(found, [], as_of=found.at, wishes=wishes).leaves
    (change,) = changed([], found, wishes=wishes)
    assert change.state is AlertState.FIRING


def test_a_red_flag_cannot_be_muted():
    assert muted_keys(said(0, 1, 2, key="RED:RF5"), DAY_0 + 3 * DAY) == frozenset()


# the life


def test_hills_live_four_days_others_seven_and_a_red_flag_until_somebody_reads_it():
    assert [alert_life(f) for f in (of_run(family="H"), of_run(), of_report(), red())] == [
        4 * DAY,
        7 * DAY,
        7 * DAY,
        None,
    ]


def test_a_red_flag_reported_long_ago_still_fires():
    (change,) = changed([], red(), day=90)

    assert change.state is AlertState.FIRING


def test_the_same_again_of_what_was_read_goes_on_without_a_word():
    read = stored(of_report(0), AlertState.ACKNOWLEDGED)

    same, worse, late = (
        changed([read], of_report(0), again, day=4)[0]
        for again in (of_report(1), of_report(1, symptom_level=3), of_report(3))
    )

    assert (same.state, worse.state, late.state) == (AlertState.MONITORING, AlertState.FIRING, AlertState.FIRING)


def test_a_problem_that_is_gone_resolves_its_alerts_but_not_its_red_flags():
    ache, flag = of_report(0, closed=LATER), replace(red(0), closed=LATER)

    (move,) = changed([stored(ache), replace(stored(flag), id=2)], ache, flag, day=1)

    assert (move.alert.dedup_key, move.state, move.settled) == (ache.dedup_key, AlertState.RESOLVED, "gone")


def test_a_check_in_that_is_taken_back_retracts_its_alert():
    (change,) = changed([stored(of_report())], day=1)

    assert (type(change), change.cause) == (
        Retract,
        "the check-in was corrected or deleted: the rule no longer speaks",
    )


def test_a_worse_check_in_fires_what_was_read():
    read = stored(of_report(severity=2), AlertState.ACKNOWLEDGED, digest="another")

    (change,) = changed([read], of_report(severity=3))

    assert (type(change), change.state) == (Revise, AlertState.FIRING)


# red flags again


def firing(alert_id: int, day: float, mailed: float | None, key: str = "RED:RF5") -> RedAlert:
    last = None if mailed is None else DAY_0 + timedelta(days=mailed)
    return RedAlert(alert_id, key, DAY_0 + timedelta(days=day), 1, last)


def test_a_red_flag_is_told_again_after_a_day():
    assert told_again([firing(1, 0, 0)], DAY_0 + timedelta(hours=23)) == []
    assert [a.alert_id for a in told_again([firing(1, 0, 0)], DAY_0 + DAY)] == [1]


def test_of_one_kind_only_the_newest_is_told_again():
    both = [firing(1, 0, 0), firing(2, 1, 1), firing(3, 0, 0, "RED:RF2")]

    assert {a.alert_id for a in told_again(both, DAY_0 + 3 * DAY)} == {2, 3}


every_finding = st.one_of(
    st.builds(of_run, st.floats(0, 5), severity=st.integers(1, 3), family=st.sampled_from("MHT")),
    st.builds(of_report, st.floats(0, 5), severity=st.integers(1, 3)),
    st.builds(red, st.floats(0, 5), st.sampled_from(["RF1", "RF5"])),
)


@settings(max_examples=40)
@given(
    st.just(red(2)),
    st.lists(every_finding, max_size=6),
    st.sampled_from(["quiet", "balanced", "watchful"]),
    st.integers(0, 23),
)
def test_a_red_flag_is_never_hidden(flag, others, sensitivity, hour):
    key = flag.dedup_key
    wishes = Wishes(snoozed={key: Snooze(LATER, 4)}, planned={flag.local_date}, muted={key}, sensitivity=sensitivity)
    sent = [Mailed(f.dedup_key, f.at, f.severity, f.symptom_level) for f in (*others, flag, flag)]
    now = flag.at.replace(hour=hour)

    assert alert_telling(flag, sent, as_of=LATER, wishes=wishes).leaves
    assert leaves_at(flag.severity, now, QuietHours("UTC")) == now
    follows = replace(of_report(3), follows=((key, flag.episode),))
    fires = {c.finding: c.state for c in changed([], flag, follows, wishes=wishes, day=50) if isinstance(c, Fire)}
    assert fires[flag] is AlertState.FIRING


class Told:
    """Alerts and mails of a runner, kept as the store keeps them."""

    def __init__(self) -> None:
        self.alerts: dict[tuple[str, str], StoredAlert] = {}
        self.mails: list[Mailed] = []
        self.mailed: set[tuple[str, str]] = set()

    def learns(self, findings: Sequence[Finding], now: datetime, wishes: Wishes) -> None:
        said = [(f, f"{f.severity} {f.reasons} {f.flag and f.flag.because}") for f in findings]
        for change in reconcile(list(self.alerts.values()), said, as_of=now, wishes=wishes):
            if isinstance(change, Fire | Revise):
                f = change.finding
                digest = next(d for g, d in said if g is f)
                self._store(stored(f, change.state, digest), change.settled)
                self._mail(f, change.state, now, wishes)
            else:
                state = AlertState.RETRACTED if isinstance(change, Retract) else change.state
                self._store(replace(change.alert, state=state), getattr(change, "settled", None))

    def _store(self, alert: StoredAlert, settled: Any) -> None:
        self.alerts[alert.dedup_key, alert.episode] = replace(alert, settled=settled)

    def _mail(self, f: Finding, state: AlertState, now: datetime, wishes: Wishes) -> None:
        leaves = alert_telling(f, self.mails, as_of=now, wishes=wishes).leaves
        if state is AlertState.FIRING and leaves and leaves_at(f.severity, now, QuietHours("UTC", 0, 23)) == now:
            self.mails.append(Mailed(f.dedup_key, f.at, f.severity, f.symptom_level))
            self.mailed.add((f.dedup_key, f.episode))


red_signs = ["numb_saddle", "dark_urine", "tense", "calf_swelling", "gap", "skin_wound", "cold_foot", "foot_drop"]
red_reports = st.builds(
    lambda r, sign, pain: replace(r, id=0, signs=r.signs | {sign}, pain_today=pain),
    some_reports,
    st.sampled_from(red_signs),
    st.none() | st.integers(0, 10),
)


@settings(max_examples=60, deadline=None)
@given(
    red_reports,
    st.lists(some_reports, max_size=4, unique_by=lambda r: r.id),
    some_jumps,
    some_runs,
    st.randoms(use_true_random=False),
)
def test_no_history_and_no_wish_hides_a_red_flag(flag, others, loads, runs, random):
    """Check-ins come in any order, all is snoozed, planned and muted, and what is softer was read."""
    arrivals, known, told = [flag, *others], [], Told()
    random.shuffle(arrivals)
    for arrived in arrivals:
        known.append(arrived)
        now = max(r.at for r in known) + timedelta(hours=random.randrange(24 * 20))
        findings = [f for f in judge_health(known, loads, runs, since=EVER, clinic=CLINIC) if f.severity]
        keys = {f.dedup_key for f in findings}
        wishes = Wishes(
            snoozed=dict.fromkeys(keys, Snooze(now + 14 * DAY, 4)),
            planned={f.local_date for f in findings},
            muted=keys,
            sensitivity="quiet",
        )
        told.learns(findings, now, wishes)
        for key, alert in told.alerts.items():
            if alert.severity < 4 and alert.state is AlertState.FIRING:
                told.alerts[key] = replace(alert, state=AlertState.ACKNOWLEDGED)

        red_ones = {(f.dedup_key, f.episode) for f in findings if f.is_red}
        assert {told.alerts[key].state for key in red_ones} <= {AlertState.FIRING}
        assert red_ones <= told.mailed
        assert flag not in known or any(episode == "report-0" for _, episode in red_ones)


def test_what_makes_a_red_flag_more_urgent_is_told_although_the_first_was_read():
    read = stored(red(), AlertState.ACKNOWLEDGED, digest="swelling")

    (change,) = changed([read], red())

    assert (type(change), change.state) == (Revise, AlertState.FIRING)


@settings(max_examples=30)
@given(st.lists(every_finding, max_size=6, unique_by=lambda f: (f.dedup_key, f.episode)), st.randoms())
def test_findings_in_any_order_end_in_the_same_alerts(findings, random):
    other = list(findings)
    random.shuffle(other)

    def ended(found: Sequence[Finding]) -> set[tuple[str, str, str]]:
        return {(c.finding.dedup_key, c.finding.episode, str(c.state)) for c in changed([], *found, day=6)}

    assert ended(findings) == ended(other)
