"""The tools behind the ports: database, Strava, mail, broker."""
