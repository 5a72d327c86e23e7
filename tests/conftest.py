"""Settings of all tests: none depends on the speed of the machine, and those that take long are marked."""

from pathlib import Path

import pytest

try:
    from hypothesis import HealthCheck, settings
except ImportError:  # the environments of tests/e2e and tests/workbench do without
    pass
else:
    # A slow machine draws as many examples as a fast one, and none of them is late.
    settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("any speed")

FOLDER = Path(__file__).parent
#: Files and folders of tests that take over a second, start servers or compile. Others are marked in place.
SLOW = {
    "app/jobs/test_processes.py",
    "app/models/test_kill.py",
    "emulator",
    "fuzz",
    "kohonen/experiments/test_kill.py",
    "kohonen/test_kernel_in_c.py",
    "template",
    "test_clients.py",
    "test_load.py",
}
if missing := [name for name in SLOW if not (FOLDER / name).exists()]:
    raise ValueError(f"SLOW names what is not there: {missing}")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        path = item.path.relative_to(FOLDER)
        if SLOW & {path.as_posix(), path.parts[0]}:
            item.add_marker(pytest.mark.slow)
