"""The JSON API: the same records as the pages, for the runner's own scripts."""

from loadwatch.api.v1 import create_api

__all__ = ["create_api"]
