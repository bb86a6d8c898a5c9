"""`loadwatch demo`: the whole chain on a throw-away folder, with a Strava that is only pretended."""

import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from loadwatch.bootstrap import Services, make_services, utc_now
from loadwatch.demo.season import season
from loadwatch.demo.simulator_client import SimulatorProcess, start_simulator
from loadwatch.domain.alerts import Alert
from loadwatch.domain.wording import distance_text
from loadwatch.explain import comparison
from loadwatch.services.accounts import ASKED_SCOPES, StravaLogin
from loadwatch.services.errors import LoadwatchError
from loadwatch.services.health_ports import Draft
from loadwatch.services.ports import OutboxItem, RunDetail
from loadwatch.settings import Settings
from loadwatch.strava_admin import subscribe
from loadwatch.supervisor import Supervisor
from loadwatch.up import check_port, run_up
from workers.app import make_nudge, make_publisher

Say = Callable[[str], None]

EMAIL = "runner@example.org"
TIMEZONE = "Europe/Berlin"
PATIENCE_S = 60.0
LAST_OF_A_LIST = 10
"""So many runs of a real list are pushed one by one; the others are its history."""


class DemoFailed(LoadwatchError):
    """Something that the demo shows did not happen."""


def run_demo(port: int, *, once: bool, source: Path | None, say: Say) -> int:
    """
    Start everything, let runs arrive, and show what became of them.

    Parameters
    ----------
    once : bool
        End when all was seen; nothing is left behind.
    source : Path or None
        A real activity list to serve instead of the made-up season.

    Returns
    -------
    int
        Exit code: 0 only if what was expected happened.
    """
    check_port(port)
    folder = Path(tempfile.mkdtemp(prefix="loadwatch-demo-"))
    outcome: list[bool] = []
    try:
        with start_simulator(source=source, held=source is not None) as simulator:
            settings = Settings(
                data_dir=folder,
                base_url=f"http://127.0.0.1:{port}",
                strava_client_id="1",
                strava_client_secret="s",  # type: ignore[arg-type]
                strava_api_url=f"{simulator.url}/api/v3",
                strava_oauth_url=f"{simulator.url}/oauth",
                database_url=f"sqlite:///{folder / 'loadwatch.db'}",
                redis_url="",
                smtp_url="",  # type: ignore[arg-type]
                signup="first",
            )
            env = {
                "LOADWATCH_STRAVA_CLIENT_ID": "1",
                "LOADWATCH_STRAVA_CLIENT_SECRET": "s",
                "LOADWATCH_STRAVA_API_URL": settings.strava_api_url,
                "LOADWATCH_STRAVA_OAUTH_URL": settings.strava_oauth_url,
                "LOADWATCH_SMTP_URL": "",
                # The simulator has no other use for its calls, and nobody wants to wait for an hour.
                "LOADWATCH_STRAVA_HISTORY_PER_QUARTER": "1000",
                "LOADWATCH_STRAVA_HISTORY_PER_DAY": "1000",
                "LOADWATCH_SWEEP_S": "2",
                # Whoever replays an old list wants to see its mails.
                "LOADWATCH_NOTIFY_OLD_RUNS": str(source is not None),
            }

            def on_ready(minder: Supervisor) -> None:
                show = _Show(settings, simulator, minder, say)
                try:
                    outcome.append(show.play(source))
                    if not once:
                        show.invite()
                finally:
                    show.close()

            run_up(settings, port, say, env=env, on_ready=on_ready, stay=not once)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if outcome == [True] else 1


class _Show:
    """The play: a runner signs up, connects, and runs."""

    def __init__(self, settings: Settings, simulator: SimulatorProcess, minder: Supervisor, say: Say) -> None:
        self._services: Services = make_services(settings, make_nudge(make_publisher(settings)))
        self._settings = settings
        self._sim = simulator.client
        self._minder = minder
        self._say = say
        self._password = secrets.token_urlsafe(9)
        self._athlete_id = 0

    def close(self) -> None:
        self._services.close()

    def play(self, source: Path | None) -> bool:
        """Everything, in order; whether what was expected happened."""
        self._sign_up()
        if source is None:
            return self._made_up_season()
        return self._real_list()

    def _sign_up(self) -> None:
        accounts = self._services.accounts
        account = accounts.sign_up("Robin", EMAIL, self._password, TIMEZONE, force=True)
        accounts.update_profile(account.athlete_id, quiet_from=0, quiet_to=0)  # shown at any hour
        self._athlete_id = account.athlete_id
        for line in subscribe(self._services):
            self._say(f"push subscription: {line}")

    def _connect(self, services: Services) -> None:
        granted: dict[str, Any] = self._sim.grant(scope=",".join(ASKED_SCOPES))
        athlete = granted["athlete"]
        services.accounts.connect_strava(
            self._athlete_id,
            StravaLogin(
                strava_athlete_id=athlete["id"],
                name=str(athlete.get("firstname") or "Robin"),
                access_token=granted["access_token"],
                refresh_token=granted["refresh_token"],
                expires_at=datetime.fromtimestamp(granted["expires_at"], tz=utc_now().tzinfo),
                scopes=frozenset(ASKED_SCOPES),
            ),
        )

    # the made-up season

    def _made_up_season(self) -> bool:
        story = season(utc_now(), timezone=TIMEZONE)
        for past in story.history:
            self._sim.add_activity(past.activity, streams=past.streams, push=False)
        self._connect(self._services)
        self._until("the history is taken over", self._history_is_here)
        runs = self._services.views.runs(self._athlete_id)
        self._say(f"history: {len(runs)} activities of 16 weeks taken over from the list, no mail about any of them")
        self._say("")
        arrived: list[RunDetail] = []
        for new in story.live:
            self._say(f"[bold]Strava pushes:[/] {new.story}")
            arrived.append(self._push(new.activity, new.streams))
        self._settle()
        alerts = self._show_alerts({detail.run.id for detail in arrived})
        self._pretend_monday()
        mails = self._show_mails()
        jump = arrived[1].run
        expected = (
            sorted((a.rule, a.severity) for a in alerts) == [("R-H1", 1), ("R-M1", 2)]
            and all(a.run_id == jump.id for a in alerts)
            and sorted(m.kind for m in mails) == ["alert", "weekly"]
            and all(m.state == "sent" for m in mails)
        )
        if not expected:
            self._say(
                "[red]expected: two alerts about the long run, on its distance (R-M1) and its hills (R-H1),"
                " one mail about it and one for the week[/]"
            )
        return self._one_sided_ache() and expected

    def _one_sided_ache(self) -> bool:
        """What the same runs mean once one thigh hurts and the other does not."""
        self._say("")
        self._say("[bold]The runner checks in:[/] the front of the left thigh aches, 4 of 10, worse downhill")
        draft = Draft(
            side="left",
            regions=frozenset({"AM"}),
            pain_today=4,
            onset="delayed",
            aggravators=frozenset({"downhill"}),
        )
        result = self._services.check_ins.record(self._athlete_id, draft)
        self._settle()
        alerts = [a for a in self._services.views.alerts(self._athlete_id) if a.report_id == result.report.id]
        self._say("")
        self._show(alerts)
        (mail, *_) = self._services.views.mails(self._athlete_id)
        self._show_mail(mail)
        self._say("The jump gives way to it, and no page names a distance for the next run while it is open.")
        as_expected = [(a.rule, a.severity) for a in alerts] == [("C-Q", 3)] and mail.state == "sent"
        if not as_expected:
            self._say("[red]expected: one alert on the check-in (C-Q, severity 3) and its mail[/]")
        return as_expected

    def _history_is_here(self) -> bool:
        with self._services.store.read() as tx:
            waiting = tx.due_backfills(utc_now() + timedelta(hours=1), 1)
        if waiting or not self._nothing_waits():
            return False
        # Without their samples the new runs would have no hills and no fast running to be held against.
        return all(detail.streams != "listed" for detail in self._services.views.runs(self._athlete_id))

    def _push(self, activity: dict[str, Any], streams: dict[str, list[Any]] | None) -> RunDetail:
        began = time.monotonic()
        self._sim.add_activity(activity, streams=streams, push=True)
        return self._arrival(int(activity["id"]), began)

    def _arrival(self, source_id: int, began: float) -> RunDetail:
        found: list[RunDetail] = []

        def is_here() -> bool:
            with self._services.store.read() as tx:
                detail = tx.run_by_source(self._athlete_id, "strava", source_id)
            if detail is not None:
                found[:] = [detail]
            return detail is not None

        self._until(f"activity {source_id} arrives", is_here)
        run = found[0].run
        distance = distance_text(run.distance_m) if run.distance_m is not None else "no distance"
        self._say(
            f"  arrived after {1000 * (time.monotonic() - began):.0f} ms:"
            f" {run.local_date:%a %d %b}, {run.sport}, {distance}, “{run.name}”"
        )
        return found[0]

    # a real list

    def _real_list(self) -> bool:
        total = int(self._sim.state()["held"])
        self._sim.release(count=max(total - LAST_OF_A_LIST, 0), push=False)
        # Without waking the worker, which here would mail about every jump of all those years.
        quiet = make_services(self._settings)
        self._connect(quiet)
        stored = quiet.ingest.backfill(self._athlete_id, days=40 * 365)
        quiet.assess.assess(self._athlete_id)
        quiet.close()
        self._say(f"history: {stored} activities taken over from the list")
        arrived = []
        for _ in range(min(total, LAST_OF_A_LIST)):
            began = time.monotonic()
            (source_id,) = self._sim.release(count=1, push=True)
            arrived.append(self._arrival(source_id, began).run.id)
        self._settle()
        self._show_alerts(set(arrived))
        self._show_mails()
        return len(self._services.views.runs(self._athlete_id, days=40 * 365)) == total

    # looking

    def _nothing_waits(self) -> bool:
        now = utc_now() + timedelta(seconds=1)
        with self._services.store.read() as tx:
            return not (
                tx.pending_inbox_ids(1)
                or tx.due_job_ids(now, 1)
                or tx.due_assessments(now, 1)
                or tx.due_outbox_ids(now, 1)
                or tx.claimed_outbox_ids(1)
            )

    def _settle(self) -> None:
        self._until("everything is worked off", self._nothing_waits)

    def _show_alerts(self, run_ids: set[int]) -> Sequence[Alert]:
        alerts = [a for a in self._services.views.alerts(self._athlete_id, days=40 * 365) if a.run_id in run_ids]
        self._say("")
        self._show(alerts)
        if not alerts:
            self._say("no alert")
        return alerts

    def _show(self, alerts: Sequence[Alert]) -> None:
        for alert in alerts:
            self._say(f"[bold yellow]ALERT {alert.id}[/] ({alert.rule}, severity {alert.severity}): {alert.title}")
            self._say(f"  {alert.message}")
            self._say(f"  {alert.action}")
            for reason in alert.reasons:
                self._say(f"  {comparison(reason, 'metric')}")
            self._say(f"  evidence {alert.evidence.grade}: {alert.evidence.citation}")

    def _pretend_monday(self) -> None:
        self._say("")
        self._say("pretending that it is Monday, 07:00: the mail of the last week")
        with self._services.store.write() as tx:
            tx.update_athlete(self._athlete_id, next_weekly_at=utc_now())
        self._services.notify.queue_weekly()
        self._services.nudge.mails()
        self._settle()

    def _show_mails(self) -> list[OutboxItem]:
        mails = list(reversed(self._services.views.mails(self._athlete_id)))
        self._say("")
        for mail in mails:
            self._show_mail(mail)
        if not mails:
            self._say("no mail")
        return mails

    def _show_mail(self, mail: OutboxItem) -> None:
        self._say(f"[bold cyan]MAIL[/] {mail.kind}, {mail.state}, to {EMAIL}: {mail.mail_subject}")

    def invite(self) -> None:
        self._say("")
        self._say(
            f"log in at {self._settings.base_url} as [bold]{EMAIL}[/] with the password [bold]{self._password}[/]"
        )
        self._say(f"the mails: {self._settings.base_url}/mailbox")

    def _until(self, what: str, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not is_so():
            if time.monotonic() > deadline:
                logs = self._settings.data_dir / "logs"
                tail = (logs / "worker.log").read_text()[-2000:] if (logs / "worker.log").exists() else ""
                raise DemoFailed(f"after {PATIENCE_S:.0f} s still waiting until {what}\n{tail}")
            if self._minder.wait(0.02):
                raise DemoFailed(f"stopped while waiting until {what}")
