from pathlib import Path

import pytest

from tests.template.stack import EVERYTHING, SAM, Stack, stack


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    skip = pytest.mark.skip(reason="aws-sam-cli is not installed; make test does it")
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and not (SAM / "sam").exists():
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
