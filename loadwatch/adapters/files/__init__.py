"""Readers of what people upload: FIT, GPX, TCX and Strava's stream sets, plain or packed with gzip."""

from loadwatch.adapters.files.limits import UnreadableFile
from loadwatch.adapters.files.reading import read_file, read_recordings

__all__ = ["UnreadableFile", "read_file", "read_recordings"]
