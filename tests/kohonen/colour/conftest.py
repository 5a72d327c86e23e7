from collections.abc import Callable

import pytest

from kohonen import engines
from kohonen.colour import pixels, spaces
from kohonen.engines import search


@pytest.fixture
def without_kernel(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Make NumPy do what the compiled kernel did until then."""

    def remove() -> None:
        for module in (engines, pixels, search, spaces):
            monkeypatch.setattr(module, "kernel", lambda: None)

    return remove
