"""Strava through stravalib, without its sleeping limiter and strict models. Import it in workers only."""
