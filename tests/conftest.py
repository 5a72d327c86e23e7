"""How many examples property tests try: 100 in `make test`, thousands of new ones each night in `.ci/long`."""

from hypothesis import settings

settings.register_profile("quick", max_examples=100, deadline=None)
settings.register_profile("long", max_examples=5000, deadline=None, derandomize=False, print_blob=True)
settings.load_profile("quick")
