"""Where one can go: the groups of pages, and which of them one is in."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Flask, current_app, request
from flask_login import current_user

from loadwatch.dashboard.speech import Lazy, lazy


@dataclass(frozen=True, slots=True)
class Place:
    """
    A link of the navigation.

    Attributes
    ----------
    also : tuple of str
        Endpoints of the pages that one reaches from it.
    pages : tuple of Place
        The pages of a group; empty where it has one alone.
    operator : bool
        Whether it is shown to the operator only.
    """

    endpoint: str
    label: Lazy
    also: tuple[str, ...] = ()
    pages: tuple["Place", ...] = ()
    operator: bool = False

    @property
    def is_current(self) -> bool:
        here = request.endpoint
        return here == self.endpoint or here in self.also or any(page.is_current for page in self.pages)


PLACES: Sequence[Place] = (
    Place("pages.today", lazy("Today")),
    Place("health.check_in", lazy("Check in"), also=("health.result", "health.answer")),
    Place(
        "health.problems",
        lazy("Problems"),
        also=(
            "health.problem",
            "problem_report.print_view",
            "health.circuit",
            "health.gate",
            "health.about_you",
            "health.questionnaire",
        ),
    ),
    Place(
        "load.load",
        lazy("Load"),
        pages=(
            Place("load.load", lazy("Load")),
            Place("load.calendar", lazy("Calendar")),
            Place("pages.runs", lazy("Runs"), also=("pages.run",)),
            Place("pages.this_week", lazy("Weeks"), also=("pages.week",)),
        ),
    ),
    Place(
        "planner.planner",
        lazy("Plan"),
        pages=(
            Place("planner.planner", lazy("Planner")),
            Place("backtest.backtest", lazy("Looking back")),
        ),
    ),
    Place("pages.alerts", lazy("Alerts"), also=("pages.alert",)),
    Place(
        "data.data",
        lazy("Data"),
        pages=(
            Place("data.data", lazy("Overview"), also=("data.delete", "onboarding.welcome")),
            Place("uploads.uploads", lazy("Upload"), also=("uploads.archive",)),
            Place("settings.sync", lazy("Sync")),
            Place("shoes.shoes", lazy("Shoes")),
            Place("outbox.outbox", lazy("Mails and pushes"), also=("outbox.look",)),
            Place("settings.mailbox", lazy("Mailbox"), also=("settings.mail",)),
        ),
    ),
    Place(
        "settings.settings",
        lazy("Settings"),
        also=(
            "settings.disconnect",
            "settings.access",
            "settings.save",
            "settings.password",
            "settings.make_key",
            "channels.channels",
        ),
    ),
    Place("admin.admin", lazy("Admin"), operator=True),
)


def _known(place: Place) -> Place | None:
    """The place with those of its pages that exist; None if none does."""
    if place.operator and not current_user.is_operator:
        return None
    pages = tuple(page for page in place.pages if page.endpoint in current_app.view_functions)
    if place.endpoint in current_app.view_functions:
        return Place(place.endpoint, place.label, place.also, pages)
    return Place(pages[0].endpoint, place.label, place.also, pages) if pages else None


def register(app: Flask) -> None:
    """Make the places of this request known to the templates."""
    app.jinja_env.globals["navigation"] = lambda: [place for p in PLACES if (place := _known(p))]
