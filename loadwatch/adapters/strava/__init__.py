"""Strava through stravalib, without its sleeping limiter and strict models. Import its client in workers only."""
