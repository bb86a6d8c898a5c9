from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from loadwatch.emails.receipt import KEPT, WHY, receipt_mail
from loadwatch.emails.trial import trial_mail
from tests.support.mails import BASE_URL, reader

Sound = Callable[..., str]
AT = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize("why", WHY)
def test_a_receipt_says_what_was_deleted_when_why_and_what_stays(why: str, sound: Sound) -> None:
    """23:30 UTC is half an hour into the next day in Berlin."""
    content = receipt_mail(why, AT, {"runs": 212, "shoes": 1}, reader())
    for part in (content.text, sound(content)):
        assert "On Mon 23 Nov 2026, 00:30, from the database of this loadwatch." in part
        assert WHY[why] in part
        assert "212 activities" in part
        assert "1 pair of shoes" in part
        assert KEPT in part
    assert content.stop_url is None


def test_a_test_says_that_it_arrived(sound: Sound) -> None:
    content = trial_mail(reader())

    assert content.subject == "A test from loadwatch"
    assert content.short == "It arrived: this is how loadwatch reaches you here."
    assert content.url == f"{BASE_URL}/settings"
    assert content.short in sound(content)
