"""Use cases. They know the domain and ports, no tool."""
