"""The list of pages that speed, pictures and axe go by: it is whole, and each page is there for somebody."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadwatch.bootstrap import Services
from loadwatch.dashboard import create_app
from tests.support.athletes import ATHLETES, open_household
from tests.support.measuring import app_and_client, questions
from tests.support.pages import EXCUSED, PAGES, paths
from tests.support.seeding import PASSWORD

MOST_QUESTIONS = 12
OF_A_MAIL = 14
"""Of the page that shows a mail: it writes it anew, and asks for whatever that tells of."""


@pytest.fixture(scope="module")
def services(household: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("pages")
    services = open_household(household, folder / "data")
    yield services
    services.close()
    shutil.rmtree(folder)


def test_every_route_that_shows_a_page_is_in_the_list_or_excused(services: Services) -> None:
    routes = {r.endpoint for r in create_app(services).url_map.iter_rules() if "GET" in (r.methods or ())}
    listed = {page.endpoint for page in PAGES}

    assert routes - listed - set(EXCUSED) == set()
    assert (listed | set(EXCUSED)) - routes == set()
    assert listed & set(EXCUSED) == set()


def test_names_of_pages_are_names_of_files_and_each_is_there_once(services: Services) -> None:
    names = [page.name for page in PAGES]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in names)


def test_each_page_answers_those_who_have_it_and_somebody_has_each(services: Services) -> None:
    app = create_app(services, config={"WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False})
    seen = {page.name for page in PAGES if page.is_open}
    for email in ATHLETES.values():
        client = app.test_client()
        client.post("/login", data={"email": email, "password": PASSWORD})
        for page, path in paths(services, email):
            assert client.get(path).status_code == 200, (email, page.name, path)
            seen.add(page.name)

    assert {page.name for page in PAGES} - seen == set()


@pytest.mark.parametrize("who", ATHLETES)
def test_no_page_asks_the_database_often(services: Services, who: str) -> None:
    """The log-in and the profile are among them. How long pages take is measured in tests/benchmarks."""
    _, client = app_and_client(services, ATHLETES[who])
    asked = {page.name: len(questions(services, client, path)) for page, path in paths(services, ATHLETES[who])}

    assert asked.pop("outbox-mail", 0) <= OF_A_MAIL
    assert {name: n for name, n in asked.items() if n > MOST_QUESTIONS} == {}
