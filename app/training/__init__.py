"""Trainings of the service: requests, limits, timing, and the pool that runs them."""
