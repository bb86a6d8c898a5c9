"""What shows loadwatch without a Strava account: a simulated Strava, and a runner with a season of runs."""
