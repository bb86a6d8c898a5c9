"""`loadwatch analyze`: what a file of a run contains, for people and for programs."""

import json
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from loadwatch.adapters.files import UnreadableFile, read_file
from loadwatch.adapters.plots import plot_png
from loadwatch.domain.activity import Recording, Repetition, RunFeatures
from loadwatch.domain.bands import five_k_thresholds, metres_above
from loadwatch.domain.features import Analysis, analyse
from loadwatch.domain.speed import provisional_thresholds
from loadwatch.domain.thresholds import TRACK_SESSION_FAST_M
from loadwatch.domain.wording import duration_text

OWN_WITNESS = "Fast metres are judged by this run alone; with your 5 km time (--five-k) or a history they are surer."
NO_REFERENCE = "Fast metres are unknown: the run shows no contrast, and no 5 km time was given (--five-k)."


def run_analyze(
    files: Sequence[str], *, as_json: bool, folder: Path | None, five_k_m_s: float | None, console: Console
) -> int:
    """
    Analyse files one by one and print what they contain.

    Parameters
    ----------
    files : sequence of str
        As given; they are named like this in what is printed.
    folder : Path or None
        Where pictures go; made if it is not there.
    five_k_m_s : float or None
        The runner's speed over 5 km. [m/s]

    Returns
    -------
    int
        0, or 1 if a file could not be read.
    """
    given = five_k_thresholds(five_k_m_s) if five_k_m_s is not None else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    bad = 0
    with Progress(console=errors, transient=True, disable=len(files) < 3 or not errors.is_terminal) as progress:
        for file in progress.track(files, description="analysing"):
            try:
                for n, recording in enumerate(read_file(Path(file))):
                    analysis = analyse(recording)
                    facts = as_facts(file, recording, analysis, given)
                    if as_json:
                        click.echo(json.dumps(facts, ensure_ascii=False))
                    else:
                        console.print(as_table(facts, analysis.features.reps))
                        console.print()
                    if folder is not None:
                        picture = _free_name(folder, file, n)
                        picture.write_bytes(plot_png(analysis, Path(file).name))
                        errors.print(f"drawn: {picture}", markup=False)
            except UnreadableFile as error:
                bad += 1
                click.echo(f"{file}: {error}", err=True)
            except OSError as error:
                bad += 1
                click.echo(f"{file}: cannot be opened: {error.strerror}", err=True)
            except Exception as error:
                # One odd file must not cost the others theirs; what it is, a developer can see with the file at hand.
                bad += 1
                click.echo(f"{file}: could not be analysed, please report it: {error!r}", err=True)
    return 1 if bad else 0


def _free_name(folder: Path, file: str, n: int) -> Path:
    """A picture's name that overwrites no other of this call's files of the same name."""
    stem = Path(file).name.split(".")[0] or "run"
    names = (f"{stem}{f'-{i}' if i else ''}.png" for i in count(n))
    return next(folder / name for name in names if not (folder / name).exists())


def fast_thresholds(analysis: Analysis, given: tuple[float, float] | None) -> tuple[float, float] | None:
    """Speeds from which running was fast, and a sprint: by what is known of the runner, or else of this run. [m/s]"""
    if given is not None or analysis.speed is None:
        return given
    return provisional_thresholds(analysis.speed)


def as_facts(
    file: str, recording: Recording, analysis: Analysis, given: tuple[float, float] | None
) -> dict[str, Any]:
    """One recording's features as `--json` prints them; what is not known is null."""
    f = analysis.features
    thresholds = fast_thresholds(analysis, given)
    fast = sprint = None
    if thresholds is not None and f.speed_profile_m is not None:
        fast, sprint = (round(metres_above(f.speed_profile_m, v), 1) for v in thresholds)
    warnings = list(f.warnings)
    if f.speed_profile_m is not None and given is None:
        warnings.append(NO_REFERENCE if fast is None else OWN_WITNESS)
    work = f.track
    return {
        "file": file,
        "sport": recording.sport,
        "start": recording.start.isoformat() if recording.start else None,
        "device": recording.device or None,
        "features_version": f.version,
        "distance_m": f.distance_m,
        "moving_s": f.moving_s,
        "elapsed_s": recording.elapsed_s,
        "ascent_m": f.ascent_m,
        "descent_m": f.descent_m,
        "eccentric_load_m": f.eccentric_load_m,
        "flat_equivalent_m": f.flat_equivalent_m,
        "hill_share": f.hill_share,
        "altitude_quality": f.altitude_quality,
        "hill_reps": None
        if f.hill_reps is None
        else {
            "count": f.hill_reps.count,
            "ascent_each_m": f.hill_reps.ascent_each_m,
            "descent_each_m": f.hill_reps.descent_each_m,
        },
        "easy_speed_m_s": f.easy_speed_m_s,
        "best_20s_m_s": f.best_20s_m_s,
        "fast_distance_m": fast,
        "sprint_distance_m": sprint,
        "reps": [
            {
                "start_s": rep.start_s,
                "duration_s": round(rep.duration_s, 1),
                "distance_m": rep.distance_m,
                "rest_s": rep.rest_s,
            }
            for rep in f.reps
        ],
        "track": {
            "is_oval": None if work is None else work.is_oval,
            "is_track_session": is_track_session(f, fast),
            "laps": None if work is None else work.laps,
            "distance_m": None if work is None else work.distance_m,
            "lap_m": None if work is None else work.lap_m,
            "lane": None if work is None else work.lane,
            "is_standard": None if work is None else work.is_standard,
        },
        "warnings": warnings,
    }


def is_track_session(features: RunFeatures, fast_m: float | None) -> bool | None:
    """Speed work on an oval; None where positions or the reference for speed are missing."""
    if features.track is None:
        return None
    if not features.track.is_oval:
        return False
    return None if fast_m is None else fast_m >= TRACK_SESSION_FAST_M


def as_table(facts: dict[str, Any], reps: Sequence[Repetition]) -> Table:
    """The same for people."""
    table = Table(title=escape(facts["file"]), title_justify="left", title_style="bold", show_header=False, box=None)
    table.add_column(style="dim")
    table.add_column()
    what = [facts["sport"], (facts["start"] or "")[:16].replace("T", " "), facts["device"] or ""]
    table.add_row("", escape(" · ".join(w for w in what if w)))
    moving = f" in {duration_text(facts['moving_s'])}" if facts["moving_s"] else ""
    table.add_row("distance", _km(facts["distance_m"]) + moving)
    source = {"baro": "barometer", "corrected": "map", "gps": "satellites: rough", "none": "no altitude"}
    table.add_row(
        "hills",
        f"up {_m(facts['ascent_m'])}, down {_m(facts['descent_m'])} ({source[facts['altitude_quality']]}),"
        f" eccentric load {_m(facts['eccentric_load_m'])}",
    )
    if hills := facts["hill_reps"]:
        table.add_row("hill repetitions", f"{hills['count']} × {_m(hills['ascent_each_m'])} up")
    table.add_row("fast", f"{_m(facts['fast_distance_m'])}, of it sprint at least {_m(facts['sprint_distance_m'])}")
    if reps:
        table.add_row("repetitions", "; ".join(_repetitions(reps)))
    table.add_row("track", _track(facts["track"]))
    for warning in facts["warnings"]:
        table.add_row("[yellow]note[/]", escape(warning))
    return table


def _track(track: dict[str, Any]) -> str:
    if track["is_oval"] is None:
        return "unknown, no positions"
    if not track["is_oval"]:
        return "none"
    lane = f" in lane {track['lane']}" if track["lane"] else ""
    kind = {True: ", a track session", False: ", no speed work", None: ""}[track["is_track_session"]]
    return f"{track['laps']:.1f} laps of {track['lap_m']:.0f} m{lane}: {_km(track['distance_m'])}{kind}"


def _repetitions(reps: Sequence[Repetition]) -> list[str]:
    """Like ones together: "6 × about 400 m in 1:24, rest 1:30"."""
    groups: list[list[Repetition]] = []
    for rep in reps:
        if groups and abs(rep.distance_m / groups[-1][0].distance_m - 1) < 0.12:
            groups[-1].append(rep)
        else:
            groups.append([rep])
    words = []
    for group in groups:
        n = len(group)
        metres, seconds = sum(r.distance_m for r in group) / n, sum(r.duration_s for r in group) / n
        rests = [r.rest_s for r in group if r.rest_s is not None]
        rest = f", rest {_clock(sum(rests) / len(rests))}" if rests else ""
        words.append(f"{f'{n} × ' if n > 1 else ''}{metres:.0f} m in {_clock(seconds)}{rest}")
    return words


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def _km(metres: float | None) -> str:
    return "unknown" if metres is None else f"{metres / 1000:.2f} km"


def _m(metres: float | None) -> str:
    return "unknown" if metres is None else f"{metres:.0f} m"
