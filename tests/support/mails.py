"""Readers of mails."""

from loadwatch.adapters.catalogue import speech
from loadwatch.domain.text import Units
from loadwatch.emails import Reader

BASE_URL = "https://run.example"


def reader(
    units: Units = "metric", timezone: str = "Europe/Berlin", name: str = "Mara", language: str = "en"
) -> Reader:
    """Mara, who reads her mails at BASE_URL."""
    return Reader(name, timezone, speech(language, units), BASE_URL)
