"""`python -m loadwatch`."""

from loadwatch.cli import main

main(prog_name="loadwatch")
