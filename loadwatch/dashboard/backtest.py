"""Looking back: what loadwatch would have said about the last two years."""

from datetime import date
from typing import Any

from babel.dates import format_skeleton
from flask import Blueprint, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from loadwatch.adapters.month_chart import MonthBar, month_chart_svg
from loadwatch.dashboard.current import athlete_id, services
from loadwatch.dashboard.speech import _, language, ngettext
from loadwatch.services.backtests import HORIZON_DAYS, BacktestPage, PastMonth, Replayed

bp = Blueprint("backtest", __name__)

SIZES = {"narrow": (360, 220, 6), "wide": (760, 240, 12)}
"""Of the drawing for a phone and for a desk, and how many labels there is room for. [px; px; 1]"""

STEPS = (1, 2, 3, 6)
"""Months between two labels: all reach January, which is labelled with its year."""


@bp.get("/backtest")
def backtest() -> str:
    page = services().backtests.look(athlete_id())
    by_script = request.headers.get("HX-Request") == "true"
    # A script that only looks whether it is ready does not ask again: runs that keep arriving would never end it.
    if page.is_stale and not page.is_working and not page.has_failed and not by_script:
        services().backtests.ask(athlete_id())
        page = services().backtests.look(athlete_id())
    return render_template("_backtest.html" if by_script else "backtest.html", **_shown(page))


@bp.post("/backtest/again")
def again() -> Response:
    services().backtests.ask(athlete_id())
    flash(_("It is worked out again."))
    return redirect(url_for("backtest.backtest"))


def _shown(page: BacktestPage) -> dict[str, Any]:
    result = page.result
    return {
        "page": page,
        "past": result,
        "month_text": month_text,
        "horizon": HORIZON_DAYS,
        "charts": {name: _chart(result, name) for name in SIZES} if result and result.findings else {},
    }


def _chart(result: Replayed, name: str) -> Markup:
    width, height, most = SIZES[name]
    months = result.months
    every = next((step for step in STEPS if len(months) <= step * most), STEPS[-1])
    bars = [
        MonthBar(
            label=_label(m.month) if (m.month.month - 1) % every == 0 else "",
            says=_month_says(m),
            n_mailed=m.n_pushed,
            n_quiet=m.n_alerts - m.n_pushed,
            n_problems=len(m.problems),
        )
        for m in months
    ]
    svg = month_chart_svg(
        bars,
        title=_("Alerts of each month"),
        description=_("The same numbers stand in the table below."),
        chart_id=f"months-{name}",
        width=width,
        height=height,
    )
    return Markup(svg)  # noqa: S704  escaped there


def _label(month: date) -> str:
    return str(month.year) if month.month == 1 else month_text(month, year=False)


def _month_says(month: PastMonth) -> str:
    alerts = ngettext("%(n)s alert", "%(n)s alerts", month.n_alerts) % {"n": month.n_alerts}
    problems = ngettext("%(n)s problem reported", "%(n)s problems reported", len(month.problems)) % {
        "n": len(month.problems)
    }
    return _(
        "%(month)s: %(alerts)s, %(mailed)s of them by mail; %(problems)s",
        month=month_text(month.month),
        alerts=alerts,
        mailed=month.n_pushed,
        problems=problems,
    )


def month_text(month: date, *, year: bool = True) -> str:
    """ "Nov 2026"."""
    return format_skeleton("yMMM" if year else "MMM", month, locale=language())
