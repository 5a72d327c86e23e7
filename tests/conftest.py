"""Settings of property tests: 100 examples each in `make test`, thousands each night in `.ci/long`."""

from hypothesis import settings

settings.register_profile("quick", max_examples=100, deadline=None)
settings.register_profile("long", max_examples=5000, deadline=None, derandomize=False, print_blob=True)
settings.load_profile("quick")
