"""
What is another's answers 404, on every route there is.

Ann asks for what is Ian's and Ian for what is Ann's, though both have much of everything and she is the operator.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from loadwatch.api import create_api
from loadwatch.bootstrap import Services
from loadwatch.dashboard import create_app
from loadwatch.dashboard.app import OPEN_ENDPOINTS
from loadwatch.services.channel_ports import Checked
from loadwatch.services.plan_ports import StoredPlan
from tests.support.athletes import BUSY, INJURED, open_household
from tests.support.pages import known
from tests.support.seeding import NOW, PASSWORD, athlete

SESSION = {"exercises": ["easy_walk"], "pain_during": 1}

RUN_ON_LADDER = object()
"""Stands for a run that the ladder has looked at."""

FORMS: dict[tuple[str, str], dict[str, Any]] = {
    ("channels.change", "POST"): {"name": "Phone", "least_severity": "3"},
    ("health.answer", "POST"): {"bladder": "no"},
    ("health.begin_ladder", "POST"): {"level": "7"},
    ("health.gate", "POST"): {"will_stop_when_it_rises": "yes"},
    ("health.log_session", "POST"): SESSION,
    ("health.put_usual", "POST"): {"old_long": "12"},
    ("health.say_kept", "POST"): {"run_id": RUN_ON_LADDER, "kept": "yes"},
    ("pages.feedback", "POST"): {"useful": "yes"},
    ("pages.tell_recordings", "POST"): {"told": "prefer"},
    ("planner.change", "POST"): {"day": "2026-11-28", "distance": "8"},
    ("planner.move", "POST"): {"day": "2026-11-29"},
    ("v1.answer", "PATCH"): {"answers": {"bladder": False}},
    ("v1.begin_ladder", "POST"): {"level": 7},
    ("v1.change_problem", "PATCH"): {"seen_by_professional": True},
    ("v1.feedback", "POST"): {"useful": True},
    ("v1.gate", "POST"): {"answers": {"will_stop_when_it_rises": True}},
    ("v1.log_session", "POST"): SESSION,
    ("v1.put_usual", "PATCH"): {"old_long_m": 12_000},
    ("v1.say_kept", "POST"): {"run_id": RUN_ON_LADDER, "kept": True},
    ("v1.tell_recordings", "POST"): {"told": "prefer"},
}
"""What a route wants to be told beside the address."""

NOT_FOR_IAN = {
    "health.gate": "his programme asks nothing before a run",
    "v1.gate": "his programme asks nothing before a run",
}
"""Routes that have nothing for whom the problem belongs to, with the reason."""

IANS = frozenset({"problem_id", "check_in_id"})
"""Parts of addresses that name what Ian has; all others name what Ann has."""

NOBODYS = {"iso_week": "2026-W47", "part": "you", "filename": "app.css", "token": "made-up"}
"""Parts of addresses that name nothing of anybody: a week is one's own, and a token says itself whom it is of."""


@dataclass(frozen=True)
class House:
    """Both apps on one household."""

    services: Services
    pages: Flask
    api: Flask
    ids: dict[str, Any]
    watch: sqlite3.Connection

    def client(self, app: Flask, email: str) -> FlaskClient:
        client = app.test_client()
        if app is self.pages:
            client.post("/login", data={"email": email, "password": PASSWORD})
        else:
            token = self.services.accounts.create_token(athlete(self.services, email))
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    def app(self, endpoint: str) -> Flask:
        return self.api if endpoint.startswith("v1.") else self.pages

    def ask(self, client: FlaskClient, rule: Rule, method: str) -> int:
        """Call the route for what its owner has; the status."""
        path = rule.build({name: self.ids[name] for name in rule.arguments})
        assert path is not None
        told = FORMS.get((rule.endpoint, method), {})
        body = {k: self.ids["run_on_ladder"] if v is RUN_ON_LADDER else v for k, v in told.items()}
        carried = {"json": body} if rule.endpoint.startswith("v1.") else {"data": body}
        with client.open(path[1], method=method, **carried) as response:
            return response.status_code

    def version(self) -> int:
        """Another number after anything was stored."""
        return int(self.watch.execute("PRAGMA data_version").fetchone()[0])


@pytest.fixture(scope="module")
def house(household: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    services = open_household(household, tmp_path_factory.mktemp("scope") / "data")
    ann, ian = (athlete(services, email) for email in (BUSY, INJURED))
    with services.store.write() as tx:
        tx.want(ann, "strava", 990, deletion=False, now=NOW)
        # Its address is one that this server does not call: a test of it ends at once.
        checked = Checked("json://127.0.0.1:9/hook", "JSON", "json://127.0.0.1:9/****")
        wishes = {"least_severity": 2, "takes_weekly": False, "takes_asks": False, "is_discreet": True}
        channel_id = tx.add_channel(ann, "apprise", checked, name="Phone", created_at=NOW, **wishes)
        outbox_id = tx.add_outbox(ann, "weekly", "2026-W45", NOW)
        assert outbox_id is not None
        tx.settle_outbox(outbox_id, "failed", NOW, error="550")
    planned_id = services.planning.add(ann, StoredPlan(0, NOW.date() + timedelta(days=5), 9_000.0))
    hers, his = known(services, ann), known(services, ian)
    ladder = services.check_ins.problem(ian, int(his["problem"])).ladder
    assert ladder is not None
    run_on_ladder = min(ladder.run_ids)
    ids = {
        "alert_id": hers["alert"],
        "archive_id": hers["archive"],
        "channel_id": channel_id,
        "check_in_id": his["check_in"],
        "key_id": services.accounts.api_keys(ann)[0].id,
        "name": hers["mail"],
        "outbox_id": outbox_id,
        "planned_id": planned_id,
        "problem_id": his["problem"],
        "run_id": hers["run"],
        "run_on_ladder": run_on_ladder,
        "shoe_id": services.shoes.pairs(ann)[0].shoe.id,
        "source_id": 990,
        "upload_id": services.uploads.uploads(ann)[-1].id,
    }
    pages = create_app(services, config={"WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False})
    with contextlib.closing(sqlite3.connect(services.engines.read.url.database or "")) as watch:
        yield House(services, pages, create_api(services), ids, watch)
    services.close()


@cache
def routes() -> tuple[tuple[Rule, str], ...]:
    """Each route of both apps with each of its methods."""
    import tempfile

    from tests.support.seeding import seeded_services

    with tempfile.TemporaryDirectory(prefix="lw-routes-") as folder:
        services = seeded_services(Path(folder))
        apps = create_app(services), create_api(services)
        services.close()
    return tuple(
        (rule, method)
        for app in apps
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    )


def of_somebody(rule: Rule) -> bool:
    return bool(rule.arguments - set(NOBODYS))


def lateness(case: tuple[Rule, str]) -> int:
    """What changes or ends what others ask for is called after them."""
    words = ("begin_ladder", "gone", "delete", "revoke")
    return next((n for n, word in enumerate(words, 1) if word in case[0].endpoint), 0)


def is_closed(rule: Rule) -> bool:
    return rule.endpoint not in OPEN_ENDPOINTS | {"openapi"}


def named(cases: tuple[tuple[Rule, str], ...]) -> list[Any]:
    return [pytest.param(rule, method, id=f"{method} {rule.endpoint}") for rule, method in cases]


OBJECTS = tuple((rule, method) for rule, method in routes() if of_somebody(rule))
CLOSED = tuple((rule, method) for rule, method in routes() if is_closed(rule))


def test_each_part_of_an_address_names_something_that_somebody_has(house: House) -> None:
    parts = {part for rule, _ in routes() for part in rule.arguments}

    assert parts - set(NOBODYS) - set(house.ids) == set()


@pytest.mark.parametrize(("rule", "method"), named(OBJECTS))
def test_what_is_anothers_is_not_found_and_stays_as_it_is(house: House, rule: Rule, method: str) -> None:
    intruder = house.client(house.app(rule.endpoint), BUSY if rule.arguments & IANS else INJURED)
    before = house.version()

    status = house.ask(intruder, rule, method)

    assert status == 404
    assert house.version() == before


@pytest.mark.parametrize(("rule", "method"), named(CLOSED))
def test_nothing_answers_without_a_log_in(house: House, rule: Rule, method: str) -> None:
    before = house.version()
    ids = house.ids | NOBODYS
    path = rule.build({name: ids[name] for name in rule.arguments})
    assert path is not None

    response = house.app(rule.endpoint).test_client().open(path[1], method=method)

    if rule.endpoint.startswith("v1."):
        assert response.status_code == 401
    else:
        assert (response.status_code, response.location) == (302, "/login")
    assert house.version() == before


def test_what_is_stored_is_noticed(house: House) -> None:
    before = house.version()
    house.services.alerts.feedback(athlete(house.services, BUSY), int(house.ids["alert_id"]), useful=True)

    assert house.version() != before


def test_the_same_addresses_are_there_for_whom_they_belong_to(house: House) -> None:
    """Last in this module, as it changes and deletes what the others ask for."""
    clients = {
        (app, email): house.client(app, email) for app in (house.pages, house.api) for email in (BUSY, INJURED)
    }
    refused = []
    for rule, method in sorted(OBJECTS, key=lateness):
        if rule.endpoint in NOT_FOR_IAN:
            continue
        client = clients[house.app(rule.endpoint), INJURED if rule.arguments & IANS else BUSY]
        if house.ask(client, rule, method) in (400, 404, 405, 415, 422) and "delete" not in rule.endpoint:
            refused.append(f"{method} {rule.endpoint}")

    assert refused == []
