"""What holds for all tests: none passes or fails by the speed of the machine."""

try:
    from hypothesis import HealthCheck, settings
except ImportError:  # the environments of tests/e2e and tests/workbench do without
    pass
else:
    # A slow machine draws as many examples as a fast one, and none of them is late.
    settings.register_profile(
        "any speed",
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("any speed")
