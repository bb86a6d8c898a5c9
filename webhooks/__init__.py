"""The door that Strava pushes at: two routes, no other work."""
