import pytest

from tests.template.stack import SAM, Stack, stack

#: Everything on that is off by default.
EVERYTHING = {
    "UnnamedDays": "14",
    "ReservedConcurrency": "5",
    "RequireApiKey": "true",
    "AllowedOrigins": "https://maps.example, https://b.example",
    "AccessLogs": "true",
    "AlarmEmail": "som@maps.example",
    "Canary": "true",
    "Architecture": "arm64",
    "Memory": "3538",
    "LogDays": "7",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    skip = pytest.mark.skip(reason="aws-sam-cli is not installed; make test does it")
    for item in items:
        if "template" in item.path.parent.name and not (SAM / "sam").exists():
            item.add_marker(skip)


@pytest.fixture(scope="session")
def plain() -> Stack:
    """The stack of somebody who has chosen nothing."""
    return stack()


@pytest.fixture(scope="session")
def everything() -> Stack:
    """The stack with everything on that can be."""
    return stack(**EVERYTHING)


@pytest.fixture(scope="session", params=["plain", "everything"])
def either(request: pytest.FixtureRequest) -> Stack:
    made: Stack = request.getfixturevalue(request.param)
    return made
