"""Benchmarks of the engines against other packages that train maps: ``make bench``."""
