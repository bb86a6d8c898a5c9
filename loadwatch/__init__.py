"""loadwatch watches a runner's load and thighs, and says with its reasons when something changed."""

__version__ = "0.1.0"
