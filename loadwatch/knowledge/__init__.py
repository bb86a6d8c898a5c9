"""Clinical content as data: TOML files that a physiotherapist can read and correct, checked when they are loaded."""
