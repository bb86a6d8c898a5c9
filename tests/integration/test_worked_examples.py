"""The worked examples of the rule set, end to end: runs pushed through the webhook, check-ins through the API."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from loadwatch.api import create_api
from tests.support.stack import Stack

NOW = datetime.now(UTC).replace(microsecond=0)
EASY_M_S, FAST_M_S = 2.8, 5.0


class Runner:
    """Somebody whose watch tells Strava, and who answers on the phone."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.athlete_id = stack.connect()
        token = stack.services.accounts.create_token(self.athlete_id)
        self._headers = {"Authorization": f"Bearer {token}"}
        self._api: FlaskClient = create_api(stack.services).test_client()
        self._next_id = 1

    def runs(self, days_ago: float, km: float, *, descent_m: float = 0.0, fast_m: float = 0.0) -> int:
        """A run that Strava pushes; its id there."""
        start = NOW - timedelta(days=days_ago)
        streams = samples(km * 1000, descent_m, fast_m)
        activity = {
            "id": self._next_id,
            "name": f"Run {self._next_id}",
            "sport_type": "Run",
            "type": "Run",
            "distance": km * 1000,
            "moving_time": streams["time"][-1],
            "elapsed_time": streams["time"][-1],
            "total_elevation_gain": descent_m,
            "start_date": f"{start:%Y-%m-%dT%H:%M:%SZ}",
            "start_date_local": f"{start:%Y-%m-%dT%H:%M:%SZ}",
            "timezone": "(GMT+00:00) Africa/Abidjan",
            "manual": False,
        }
        self._next_id += 1
        return self.stack.sim.add_activity(activity, streams=streams)

    def has_run(self, days: range, km: float, **more: float) -> None:
        for days_ago in days:
            self.runs(days_ago, km, **more)
        self.stack.settle()

    def reports(self, **answers: Any) -> dict[str, Any]:
        answer = self._api.post("/check-ins", json=answers, headers=self._headers)
        assert answer.status_code in (200, 201), answer.text
        # What the web process asks of a worker; this one has no broker to ask through.
        self.stack.services.assess.assess(self.athlete_id)
        self.stack.services.notify.deliver_due()
        return answer.get_json()

    def alerts(self) -> dict[str, dict[str, Any]]:
        """The alerts that stand, by rule; the most severe where a rule speaks twice."""
        self.stack.settle()
        found = self._api.get("/alerts", headers=self._headers).get_json()
        standing = [a for a in found if a["state"] not in ("retracted", "resolved", "expired")]
        return {a["rule"]: a for a in sorted(standing, key=lambda a: a["severity"])}

    def every_alert(self) -> list[dict[str, Any]]:
        return self._api.get("/alerts", headers=self._headers).get_json()

    def problem(self, problem_id: int) -> dict[str, Any]:
        return self._api.get(f"/problems/{problem_id}", headers=self._headers).get_json()

    def pushed(self) -> list[str]:
        """Mails that left at once."""
        return [m.kind for m in self.stack.services.views.mails(self.athlete_id) if m.state == "sent"]


def samples(distance_m: float, descent_m: float, fast_m: float) -> dict[str, list[Any]]:
    """A second-by-second run north: easy, up and down one hill in the middle, the fast metres at the end."""
    easy_s = int((distance_m - fast_m) / EASY_M_S)
    fast_s = int(fast_m / FAST_M_S)
    speeds = [EASY_M_S] * easy_s + [FAST_M_S] * fast_s
    distance, total = [0.0], 0.0
    for speed in speeds:
        total += speed
        distance.append(round(total, 1))
    top = (distance_m - fast_m) / 2
    # At 12 % up to the middle of the easy part and down again.
    height = [max(descent_m - 0.12 * abs(d - top), 0.0) for d in distance]
    return {
        "time": list(range(len(distance))),
        "distance": distance,
        "altitude": [round(round((200 + h) * 5) / 5, 1) for h in height],
        "latlng": [[round(47 + math.degrees(d / 6_371_008.8), 7), 8.0] for d in distance],
    }


@pytest.fixture
def runner(stack: Stack) -> Runner:
    return Runner(stack)


# 1: mileage


@pytest.mark.parametrize(
    ("longest_km", "today_km", "severity", "is_pushed"),
    [
        (12, 13, None, False),  # 1.083
        (5, 5.8, None, False),  # 1.16, and only 0.8 km more
        (12, 15, 1, False),  # 1.25: for the weekly mail
        (12, 20, 2, True),  # 1.67
        (12, 25, 2, True),  # 2.08
    ],
)
def test_a_long_run_is_spoken_of_by_how_far_it_is_beyond_the_longest(
    runner, longest_km, today_km, severity, is_pushed
):
    runner.has_run(range(40, 0, -3), longest_km)
    runner.runs(0.1, today_km)

    alert = runner.alerts().get("R-M1")

    assert (alert and alert["severity"]) == severity
    assert ("alert" in runner.pushed()) == is_pushed


def test_with_a_one_sided_ache_in_the_back_of_the_thigh_the_same_run_asks_for_action(runner):
    runner.has_run(range(40, 0, -3), 12)
    runner.runs(0.1, 20)
    runner.reports(side="left", regions=["PM"], pain_today=3, qualities=["ache"])

    assert max(a["severity"] for a in runner.alerts().values()) == 3


# 2: fast running


def test_twice_the_usual_fast_running_and_a_sore_hamstring_make_a_hamstring_warning(runner):
    runner.stack.services.accounts.update_profile(runner.athlete_id, five_k_s=20 * 60)  # fast from 4.29 m/s
    for week in range(12, 0, -1):
        runner.runs(7 * week + 0.1, 8, fast_m=1100 if week % 2 else 1900)  # mean 1500, standard deviation 400
        runner.runs(7 * week - 2.9, 8)
    runner.runs(0.1, 9, fast_m=3200)
    runner.reports(side="right", regions=["PM"], pain_today=2, onset="gradual", qualities=["tight"])

    alerts = runner.alerts()

    hamstring = alerts["C-HS"]
    assert hamstring["severity"] == 3
    assert hamstring["problem_id"] is not None
    z7 = [r["value"] for a in runner.every_alert() for r in a["reasons"] if r["quantity"] == "fast_z7"]
    assert max(z7) == pytest.approx(4.25, abs=0.3)


# 3, 4: downhill


def downhill(runner: Runner) -> None:
    runner.has_run(range(44, 1, -3), 12.5, descent_m=80)
    runner.runs(1.0, 13, descent_m=700)
    runner.stack.settle()


def test_both_quads_sore_alike_the_day_after_a_big_descent_is_soreness(runner):
    downhill(runner)
    result = runner.reports(
        side="both_equal",
        regions=["AM"],
        pain_today=4,
        onset="delayed",
        qualities=["ache"],
        aggravators=["stairs_down"],
    )

    assert max(a["severity"] for a in runner.alerts().values()) == 1
    assert any("urine" in q["ask"].lower() for q in result["follow_ups"])


def test_dark_urine_overrides_that_both_sides_are_alike(runner):
    downhill(runner)
    result = runner.reports(side="both_equal", regions=["AM"], pain_today=4, onset="delayed", signs=["dark_urine"])

    assert "RF2" in [f["id"] for f in result["red_flags"]]
    assert result["resembles"] == []
    assert runner.alerts()["R-RED"]["severity"] == 4


# 5: bone


def test_groin_pain_on_every_footfall_after_a_long_run_is_a_red_flag_without_exercises(runner):
    runner.has_run(range(45, 10, -3), 12)
    runner.runs(9, 18)
    runner.has_run(range(7, 0, -3), 8)
    result = runner.reports(
        side="left", regions=["MT", "DV"], pain_run=5, pain_today=3, onset="gradual", aggravators=["hopping"]
    )

    assert "RF5" in [f["id"] for f in result["red_flags"]]
    assert runner.alerts()["R-RED"]["severity"] == 4
    [problem_id] = result["problem_ids"]
    problem = runner.problem(problem_id)
    assert problem["exercises"] is None
    assert problem["withheld"]


# 6: learning


def test_ten_days_of_history_judge_no_load_and_every_symptom(runner):
    runner.has_run(range(10, 0, -2), 6)
    runner.runs(0.1, 20)
    assert runner.alerts() == {}

    runner.reports(side="left", regions=["AM"], pain_run=6, pain_today=6, onset="during", qualities=["sharp"])

    assert max(a["severity"] for a in runner.alerts().values()) == 3


# 7: a break


def test_eight_kilometres_after_33_days_off_are_a_long_return(runner):
    runner.has_run(range(70, 33, -3), 16)
    runner.runs(0.6, 8)

    assert runner.alerts()["R-RTN"]["severity"] == 2


# 8: a correction


def test_a_corrected_run_takes_its_alert_back_with_a_word(runner):
    runner.has_run(range(40, 0, -3), 12)
    source_id = runner.runs(0.1, 25)
    assert runner.alerts()["R-M1"]["severity"] == 2

    runner.stack.sim.update_activity(source_id, {"distance": 5000.0, "name": "Run, corrected"})
    runner.stack.settle()

    [alert] = [a for a in runner.every_alert() if a["rule"] == "R-M1"]
    assert alert["state"] == "retracted"
    assert "retraction" in runner.pushed()


# 9: a nerve of the outer thigh


def test_a_burning_numb_outer_thigh_that_a_belt_makes_worse_is_a_nerve_and_not_the_it_band(runner):
    runner.has_run(range(40, 0, -3), 8)
    result = runner.reports(
        side="left",
        regions=["LT"],
        pain_today=3,
        onset="gradual",
        qualities=["burning", "numb"],
        aggravators=["belt"],
    )

    assert result["red_flags"] == []
    assert [p["id"] for p in result["resembles"]][:1] == ["LFCN"]
    standing = runner.alerts()
    assert standing["C-N"]["severity"] == 2
    assert "C-IT" not in standing


# 10: the nerves of the lower back


def test_back_pain_with_tingling_legs_and_a_numb_saddle_is_an_emergency_even_at_two_of_ten(runner):
    runner.has_run(range(40, 0, -3), 8)
    result = runner.reports(
        side="both_equal",
        regions=["BK", "PM"],
        pain_today=2,
        qualities=["tingling"],
        signs=["numb_saddle"],
    )

    flags = {f["id"]: f["urgency"] for f in result["red_flags"]}
    assert flags["RF1"] == "emergency_now"
    assert result["resembles"] == []
    assert runner.alerts()["R-RED"]["severity"] == 4
    assert "alert" in runner.pushed()
