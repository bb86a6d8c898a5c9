"""The command line."""

import functools
import os
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Table

from loadwatch import __version__
from loadwatch.services.errors import LoadwatchError

# What only some commands need they import themselves: `web` hands over to gunicorn at once, and each process of
# `loadwatch up` would pay for all the others' libraries in time and memory.
if TYPE_CHECKING:
    from loadwatch.bootstrap import Services
    from loadwatch.domain.text import Units

console = Console(highlight=False, soft_wrap=True)


class Commands(click.Group):
    """Turns the errors that a person can mend into one line and exit code 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except LoadwatchError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="loadwatch")
def main() -> None:
    """
    Watches a runner's load and thighs, and says with its reasons when something changed.

    \b
    First steps:
      loadwatch demo           look around with a made-up runner, nothing is kept
      loadwatch up             run everything on this machine
      loadwatch doctor         what works, what does not, what to do

    Settings come from the environment, each with the prefix LOADWATCH_.
    """


def _services(*, nudging: bool = False) -> AbstractContextManager["Services"]:
    """Services for a command; `nudging` where a worker that runs beside it is to be woken."""
    from loadwatch.bootstrap import open_services
    from loadwatch.settings import load_settings

    settings = load_settings()
    if nudging:
        from loadwatch.adapters.broker import ping
        from workers.app import broker_url, make_nudge, make_publisher

        if ping(broker_url(settings)):
            return open_services(settings, make_nudge(make_publisher(settings)))
    return open_services(settings)


def _athlete_id(services: "Services", athlete: str | None) -> int:
    """The athlete meant: by the e-mail address or number given, or the only one there is."""
    with services.store.read() as tx:
        samples = tx.samples()
        everyone = [each for each in tx.athlete_ids() if each not in samples]
    if athlete is None:
        if len(everyone) == 1:
            return everyone[0]
        hint = "there is none yet: make one with `loadwatch user create`" if not everyone else "say which: --athlete"
        raise click.ClickException(f"{len(everyone)} athletes here; {hint}")
    found = int(athlete) if athlete.isdecimal() else services.accounts.athlete_by_email(athlete)
    if found not in everyone:
        raise click.ClickException(f"no athlete {athlete!r}; `loadwatch user list` names them")
    return found


_athlete_option = click.option(
    "--athlete", metavar="A", help="E-mail address or number of the athlete; not needed where there is only one."
)


# running


@main.command()
@click.option("--port", default=8000, show_default=True, help="Where the dashboard listens, on 127.0.0.1.")
@click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), help="Folder for everything kept.")
def up(port: int, data_dir: Path | None) -> None:
    """Run everything on this machine: broker, database, dashboard, webhooks, worker, beat. Ctrl-C stops it."""
    from loadwatch.settings import load_settings
    from loadwatch.up import run_up

    settings = load_settings(data_dir=data_dir) if data_dir else load_settings()
    if "LOADWATCH_BASE_URL" not in os.environ:
        settings.base_url = f"http://127.0.0.1:{port}"
    sys.exit(run_up(settings, port, console.print))


@main.command()
@click.option("--port", default=8000, show_default=True, help="Where the dashboard listens, on 127.0.0.1.")
@click.option("--once", is_flag=True, help="No server left running: show what happens, check it, end.")
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Serve a real activity list (JSON, also .gz) instead of the made-up season.",
)
def demo(port: int, once: bool, source: Path | None) -> None:
    """Show loadwatch at work: a throw-away folder, a Strava simulator, a runner with a season of runs."""
    from loadwatch.demo.show import run_demo

    sys.exit(run_demo(port, once=once, source=source, say=console.print))


@main.command()
def migrate() -> None:
    """Bring the database to the tables that this version expects."""
    from loadwatch.adapters.db import migrate as steps

    with _services() as services:
        before = steps.current(services.engines.write)
        steps.upgrade(services.engines.write)
        console.print(f"database: {before or 'empty'} -> {steps.head()}")


def _gunicorn(app: str, host: str, port: int, processes: int) -> None:
    argv = ["gunicorn", "--bind", f"{host}:{port}", "--workers", str(processes), "--worker-class", "sync"]
    # Loaded once and shared by the children; they open their own connections.
    # No control socket: it would lie in the home folder of whoever runs this.
    argv += [
        "--no-control-socket",
        "--config",
        "python:loadwatch.serving",
        "--preload",
        "--timeout",
        "40",
        "--graceful-timeout",
        "10",
        "--log-level",
        "warning",
        app,
    ]
    os.execv(sys.executable, [sys.executable, "-m", *argv])


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--processes", default=3, show_default=True)
def web(host: str, port: int, processes: int) -> None:
    """Serve dashboard, API and webhooks."""
    _gunicorn("loadwatch.wsgi:web()", host, port, processes)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8001, show_default=True)
@click.option("--processes", default=2, show_default=True)
def webhooks(host: str, port: int, processes: int) -> None:
    """Serve the webhooks alone."""
    _gunicorn("loadwatch.wsgi:hooks()", host, port, processes)


@main.command()
@click.option("--concurrency", default=2, show_default=True, help="Tasks at a time.")
def worker(concurrency: int) -> None:
    """Work off what is due."""
    from loadwatch.adapters import log
    from loadwatch.settings import load_settings
    from workers.app import make_celery, run_worker

    settings = load_settings()
    log.set_up(settings.log_level)
    options = [
        "--without-gossip",
        "--without-mingle",
        f"--concurrency={concurrency}",
        "--loglevel",
        settings.log_level,
    ]
    sys.exit(run_worker(make_celery(settings), options))


@main.command()
def beat() -> None:
    """Knock for what is due every half minute. One is enough; two do no harm."""
    from loadwatch.adapters import log
    from loadwatch.settings import load_settings
    from workers.app import make_celery

    settings = load_settings()
    log.set_up(settings.log_level)
    make_celery(settings, tasks=()).Beat(loglevel=settings.log_level, quiet=True).run()


@main.command()
@click.argument("part", type=click.Choice(["worker", "beat"]))
def alive(part: str) -> None:
    """Whether this machine's worker or beat gave a sign of life; exit 1 if not. For health checks."""
    from loadwatch.adapters.pulse import alive_here
    from loadwatch.settings import load_settings
    from workers.app import broker_url

    sys.exit(not alive_here(broker_url(load_settings()), part))


# looking


def _five_k_speed(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """A 5 km time like 22:30 as a speed. [m/s]"""
    if value is None:
        return None
    from loadwatch.services.accounts import read_five_k

    try:
        return 5000 / read_five_k(value)
    except (LoadwatchError, ZeroDivisionError) as error:
        raise click.BadParameter(str(error), ctx=ctx, param=param) from error


@main.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs; unknown is null.")
@click.option(
    "--plot",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Draw each run into DIR: path and oval, altitude and climbs, speed and repetitions (PNG).",
)
@click.option(
    "--five-k",
    metavar="MM:SS",
    callback=_five_k_speed,
    help="Your 5 km time: running counts as fast from 1.03 times that speed. Without it the run is its own measure.",
)
def analyze(files: tuple[str, ...], as_json: bool, folder: Path | None, five_k: float | None) -> None:
    """
    Say what files of runs contain: distance, hills, fast running, repetitions, laps on a track.

    Reads FIT, GPX, TCX and Strava's stream sets (JSON), each also packed (.gz). Nothing is stored. A file that
    cannot be read is named on stderr and makes the exit code 1; the others still run.

    \b
    Examples:
      loadwatch analyze morning.fit
      loadwatch analyze --plot pictures runs/*.gpx.gz
      loadwatch analyze --json *.fit | jq .track.laps
    """
    from loadwatch.analyze import run_analyze

    sys.exit(run_analyze(files, as_json=as_json, folder=folder, five_k_m_s=five_k, console=console))


@main.command()
@click.argument("alert_id", type=int)
def explain(alert_id: int) -> None:
    """Print how an alert came about: each comparison, its threshold, its evidence, and what became of it."""
    from loadwatch.explain import explanation

    with _services() as services:
        with services.store.read() as tx:
            athlete_id = tx.alert_owner(alert_id)
        if athlete_id is None:
            raise click.ClickException(f"there is no alert {alert_id}")
        page = services.views.alert(athlete_id, alert_id)
        profile = services.views.profile(athlete_id)
        report_id = page.alert.report_id
        check_in = None if report_id is None else services.check_ins.result(athlete_id, report_id)
        console.print(explanation(page, profile.units, ZoneInfo(profile.timezone), check_in))


@main.command()
def doctor() -> None:
    """Check settings, database, broker, mail, Strava, clock and disk: what works, what to do. Exit 1 on a fault."""
    from loadwatch.doctor import examine
    from loadwatch.settings import load_settings

    findings, settings = examine(load_settings())
    width = max(len(name) for name, _, _ in settings)
    for name, value, origin in settings:
        console.print(f"{name:<{width}}  {value}  [dim]({origin})[/]")
    console.print()
    for finding in findings:
        mark = {"ok": "[green]ok  [/]", "note": "[yellow]note[/]", "bad": "[red]BAD [/]"}[finding.state]
        console.print(f"{mark} {finding.what}: {finding.says}")
        if finding.do:
            console.print(f"     -> {finding.do}")
    sys.exit(any(f.state == "bad" for f in findings))


def _headers(ctx: click.Context, param: click.Parameter, value: str | None) -> dict[str, str]:
    """`date=Day,distance_m=Total.Distance` as a mapping."""
    from loadwatch.adapters.files.history_csv import COLUMNS

    pairs = [pair.partition("=") for pair in (value or "").split(",") if pair.strip()]
    for name, mark, header in pairs:
        if name.strip() not in COLUMNS or not mark or not header.strip():
            hint = f"write NAME=HEADER, with a name of {', '.join(COLUMNS)}"
            raise click.BadParameter(f"{name}{mark}{header}: {hint}", ctx=ctx, param=param)
    return {name.strip(): header.strip() for name, _, header in pairs}


@main.command()
@click.argument("files", nargs=-1, required=True, metavar="HISTORY.csv…")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each file; undefined is null.")
@click.option(
    "--columns",
    "headers",
    metavar="NAME=HEADER,…",
    callback=_headers,
    help="Under which headers the file has its columns, where they are not called as above.",
)
@click.option("--novice", is_flag=True, help="Judge as somebody who began running less than six months ago.")
@click.option("--seed", default=1, show_default=True, help="For the intervals and the alerts of chance.")
def backtest(files: tuple[str, ...], as_json: bool, headers: dict[str, str], novice: bool, seed: int) -> None:
    """
    Replay a history through the rules, run by run, as it was known then: what would have fired.

    HISTORY.csv has a row for each run: date,distance_km and, where known, ascent_m, descent_m, fast_m,
    duration_min, injury, pain_nrs, region, side, athlete, season, sport. Days without a row, or with no distance,
    are days of rest. A column `injury` tells on which days there was one (1, or in words): then it is measured
    whether alerts came before injuries, beside alerts of chance. Nothing is stored.

    \b
    Examples:
      loadwatch backtest history.csv
      loadwatch backtest --columns date=Day,distance_m=Metres,injury=Type team.csv
      loadwatch backtest --json history.csv | jq .rules
    """
    from loadwatch.backtest_cli import run_backtest

    sys.exit(run_backtest(files, headers=headers, as_json=as_json, novice=novice, seed=seed, console=console))


@main.command("import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…", type=click.Path(path_type=Path))
@_athlete_option
@click.option(
    "--sport",
    type=click.Choice(["Run", "TrailRun", "VirtualRun", "other"]),
    default="Run",
    show_default=True,
    help="What it was, where a file does not say; `other` is kept and not counted.",
)
@click.option("--watch", is_flag=True, help="PATH is a folder: take in what appears there, until Ctrl-C.")
def import_(paths: tuple[Path, ...], athlete: str | None, sport: str, watch: bool) -> None:
    """
    Take in runs from files (FIT, GPX, TCX, each also .gz), folders and zip archives, a Strava export among them.

    Archives are read as they are, nothing is unpacked to disk. What stays out is named on stderr with the reason;
    the exit code is 1 if a file could not be read. Stopped half-way it may be called again.

    With --watch a file is taken in when it has not changed for ten seconds, also in sub-folders and on network
    drives; after a restart nothing is taken twice. Where there are several athletes, and --athlete does not say
    whose the folder is, each has a sub-folder that is called like their e-mail address.

    \b
    Examples:
      loadwatch import morning.fit
      loadwatch import --athlete ann@example.org watch/ export_12345.zip
      loadwatch import --watch ~/Sync/Garmin
    """
    from loadwatch.import_cli import run_import

    told = None if sport == "other" else sport
    if watch:
        if len(paths) != 1:
            raise click.UsageError("--watch takes one folder")
        _watch(paths[0], athlete, told)
        return
    for path in paths:
        if not path.exists():
            raise click.BadParameter(f"{path} does not exist", param_hint="PATH…")
    with _services(nudging=True) as services:
        sys.exit(run_import(services, _athlete_id(services, athlete), paths, sport=told, console=console))


def _watch(folder: Path, athlete: str | None, sport: str | None) -> None:
    import signal
    import threading

    from loadwatch.watch_cli import run_watch, whose

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with _services() as services:
        owner = _athlete_id(services, athlete) if athlete is not None else None
        owned = functools.partial(whose, services, owner)
        run_watch(services, folder.absolute(), owned, sport=sport, say=click.echo, stop=stop)


# how it feels


@main.command("check-in")
@_athlete_option
@click.option("--side", type=click.Choice(["left", "right", "both_equal", "both_unequal"]))
@click.option("--region", multiple=True, help="Where: PP PM PD AP AM AD LT LK MT DV BK. Can be repeated.")
@click.option("--pain-run", type=click.IntRange(0, 10), help="Worst during the run.")
@click.option("--pain-today", type=click.IntRange(0, 10), help="Worst today.")
@click.option("--pain-morning", type=click.IntRange(0, 10), help="This morning.")
@click.option("--quality", multiple=True, help="What it feels like, such as tight, sharp, burning.")
@click.option("--onset", type=click.Choice(["sudden", "during", "delayed", "gradual", "unrelated"]))
@click.option("--aggravator", multiple=True, help="What brings it on, such as sprint, downhill, sitting.")
@click.option("--sign", multiple=True, help="What you noticed, such as pop, bruise, limp, dark_urine.")
@click.option("--yes", multiple=True, metavar="CODE", help="A follow-up question answered with yes.")
@click.option("--no", multiple=True, metavar="CODE", help="A follow-up question answered with no.")
@click.option("--note", default="", help="Anything else, in your own words.")
@click.option("--at", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M"]), help="Now by default.")
def check_in(athlete: str | None, **options: object) -> None:
    """
    Report how the thighs feel. Without options on a terminal it asks question by question.

    \b
    Examples:
      loadwatch check-in
      loadwatch check-in --side left --region PM --pain-run 3 --quality tight --onset during
      loadwatch check-in --pain-today 0
    """
    from loadwatch.check_in_cli import draft_of, run_check_in, run_interactive

    with _services() as services:
        athlete_id = _athlete_id(services, athlete)
        if any(value not in (None, (), "") for value in options.values()):
            run_check_in(services, athlete_id, draft_of(options), click.echo)
        elif sys.stdin.isatty():
            run_interactive(services, athlete_id, click.echo)
        else:
            raise click.UsageError("say what hurts, for example --side left --region PM --pain-run 3")


# people


@main.group()
def user() -> None:
    """Accounts on this server."""


@user.command("create")
@click.argument("email")
@click.option("--name", default="", help="Shown in mails; the address by default.")
@click.option("--timezone", default="UTC", show_default=True, help="For example Europe/Berlin.")
@click.password_option(help="At least 10 characters; asked for when not given.")
def user_create(email: str, name: str, timezone: str, password: str) -> None:
    """Make an account, whatever LOADWATCH_SIGNUP says."""
    with _services() as services:
        account = services.accounts.sign_up(name, email, password, timezone, force=True)
        role = "operator" if account.is_operator else "runner"
        console.print(f"account for {account.email} made ({role}, athlete {account.athlete_id})")


@user.command("list")
def user_list() -> None:
    """Name the athletes."""
    with _services() as services, services.store.read() as tx:
        table = Table("athlete", "name", "e-mail", "time zone", "Strava", box=None, pad_edge=False)
        for athlete_id in tx.athlete_ids():
            profile, link = tx.athlete(athlete_id), tx.connection(athlete_id)
            assert profile is not None  # just listed
            table.add_row(
                str(athlete_id), profile.name, profile.email or "-", profile.timezone, link.state if link else "-"
            )
        console.print(table)


@user.command("operator")
@click.argument("email")
def user_operator(email: str) -> None:
    """Let an account see the pages for whoever runs this server."""
    with _services() as services:
        services.accounts.make_operator(_athlete_id(services, email))
        console.print(f"{email} is an operator now")


@user.command("delete")
@click.argument("athlete", metavar="A")
@click.option("--yes", is_flag=True, help="Do not ask.")
def user_delete(athlete: str, yes: bool) -> None:
    """
    Delete an account with all that is kept of its athlete. It cannot be undone; `loadwatch export` makes a copy.

    A is the e-mail address or the number of the athlete. What stays is a receipt that names nobody.
    """
    with _services() as services:
        athlete_id = _athlete_id(services, athlete)
        if not yes:
            click.confirm(
                f"Delete athlete {athlete_id} ({athlete}) with runs, check-ins, files and mails?", abort=True
            )
        receipt = services.account_deletion.delete(athlete_id)
        rows = sum(receipt.counts.values())
        console.print(f"deleted: {rows} rows of {len(receipt.counts)} tables, files and mails; receipt {receipt.id}")


@main.command()
@_athlete_option
@click.option(
    "--to",
    "target",
    required=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A zip file.",
)
def export(athlete: str | None, target: Path) -> None:
    """Write all that is kept of an athlete into a zip file, with a README that explains each part."""
    from loadwatch.export_cli import run_export

    with _services() as services:
        run_export(services, _athlete_id(services, athlete), target)
    console.print(f"written: {target}")


# mails


@main.group()
def mail() -> None:
    """
    See what would be mailed and what became of it; nothing here sends anything.

    \b
    Examples:
      loadwatch mail preview weekly
      loadwatch mail preview alert --about 17 --language de --units imperial
      loadwatch mail preview red --out samples
      loadwatch mail outbox
    """


@mail.command("preview")
@click.argument("kind", metavar="KIND")
@_athlete_option
@click.option("--about", metavar="ID|WEEK", help="Which alert or receipt, or a week like 2026-W47; else the newest.")
@click.option("--language", metavar="CODE", help="Another language than the reader's own, such as de.")
@click.option("--units", type=click.Choice(["metric", "imperial"]), help="Others than the reader's own.")
@click.option("--html", "form", flag_value="html", help="Print the HTML instead of the plain text.")
@click.option(
    "--out",
    "folder",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write KIND.txt, KIND.html, KIND.eml and its pictures there.",
)
def mail_preview(
    kind: str,
    athlete: str | None,
    about: str | None,
    language: str | None,
    units: "Units | None",
    form: str | None,
    folder: Path | None,
) -> None:
    """
    Show a mail as it would be written now, from what is stored. Nothing is sent.

    KIND is alert, red (a red flag), again (a red flag that nobody has read), ask (the question of the morning),
    weekly, retraction, receipt or test. Links that answer are samples: they lead to a page that takes no answer.
    """
    from loadwatch.adapters.catalogue import languages
    from loadwatch.mail_cli import kind_of, looked_at, write_look

    if language is not None and language not in languages():
        raise click.BadParameter(f"{language!r} is none of {', '.join(languages())}", param_hint="--language")
    with _services() as services:
        athlete_id = _athlete_id(services, athlete)
        look = looked_at(services, athlete_id, kind_of(kind), about, language, units)
        if folder is not None:
            to = services.views.profile(athlete_id).email or "nobody@sample.invalid"
            for path in write_look(look, kind, folder, services.settings.mail_from, to):
                console.print(f"written: {path}", markup=False)
        elif form == "html":
            click.echo(look.content.html)
        else:
            click.echo(f"Subject: {look.content.subject}\n\n{look.content.text}", nl=False)


@mail.command("outbox")
@click.option("--athlete", metavar="A", help="E-mail address or number of one athlete; else all of them.")
@click.option("--all", "everything", is_flag=True, help="Also what was sent or is not needed any more.")
def mail_outbox(athlete: str | None, everything: bool) -> None:
    """List the mails and pushes that wait, failed, or may or may not have arrived."""
    from loadwatch.mail_cli import outbox_lines

    with _services() as services:
        if athlete is not None:
            who = [_athlete_id(services, athlete)]
        else:
            with services.store.read() as tx:
                who = tx.athlete_ids()
        lines = list(outbox_lines(services, who, everything=everything))
    for line in lines or ["Nothing waits, nothing failed."]:
        click.echo(line)


@main.group()
def token() -> None:
    """Keys to the JSON API."""


@token.command("create")
@_athlete_option
@click.option("--name", default="command line", show_default=True, help="What the settings call it.")
def token_create(athlete: str | None, name: str) -> None:
    """Make an API token and print it, once."""
    with _services() as services:
        click.echo(services.accounts.create_token(_athlete_id(services, athlete), name))


# Strava


@main.group()
def strava() -> None:
    """The push subscription, and history."""


@strava.command("subscribe")
def strava_subscribe() -> None:
    """Ask Strava to push: tests the callback, then subscribes."""
    from loadwatch.strava_admin import subscribe

    with _services() as services:
        for line in subscribe(services):
            console.print(line)


@strava.command("status")
def strava_status() -> None:
    """Compare the subscription at Strava with the one kept here, and test the callback."""
    from loadwatch.strava_admin import status

    with _services() as services:
        fine, lines = status(services)
        for line in lines:
            console.print(line)
    sys.exit(not fine)


@strava.command("unsubscribe")
def strava_unsubscribe() -> None:
    """End the subscription; nothing that is stored is touched."""
    from loadwatch.strava_admin import unsubscribe

    with _services() as services:
        for line in unsubscribe(services):
            console.print(line)


@strava.command("resume")
def strava_resume() -> None:
    """Ask Strava at once whether it has switched this application on again."""
    from loadwatch.strava_admin import resume

    with _services() as services:
        fine, lines = resume(services)
        for line in lines:
            console.print(line)
    sys.exit(not fine)


@strava.command("quarantine")
def strava_quarantine() -> None:
    """Show events that are kept and not acted on, because they are nobody's here."""
    from loadwatch.strava_admin import quarantine

    with _services() as services:
        for line in quarantine(services):
            console.print(line)


@strava.command("backfill")
@click.option("--days", default=180, show_default=True, help="How far back.")
@_athlete_option
def strava_backfill(days: int, athlete: str | None) -> None:
    """Take over an athlete's activity list of the last months, now, and judge it."""
    with _services() as services:
        athlete_id = _athlete_id(services, athlete)
        with console.status(f"asking Strava for the last {days} days"):
            stored = services.ingest.backfill(athlete_id, days)
            services.assess.assess(athlete_id)
        console.print(f"{stored} activities of the last {days} days are here")
