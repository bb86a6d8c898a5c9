"""The pages: what an athlete sees of their own runs and alerts."""

from loadwatch.dashboard.app import create_app

__all__ = ["create_app"]
