import inspect
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import get_args

import pytest

from app.api import dependencies
from app.turns import in_turns, turn


def test_items_are_made_one_at_a_time_and_the_turn_is_free_between_them() -> None:
    making = threading.Lock()

    def items() -> Iterator[int]:
        for item in range(200):
            assert making.acquire(blocking=False), "two are made at a time"
            sum(range(1000))
            making.release()
            yield item

    with ThreadPoolExecutor(4) as threads:
        taken = [threads.submit(list, in_turns(items())) for _ in range(4)]
    assert [each.result() for each in taken] == [[*range(200)]] * 4
    for _ in in_turns(iter("ab")):
        assert turn.acquire(blocking=False)
        turn.release()


def test_a_turn_ends_with_an_error() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("nothing more")

    with pytest.raises(OSError, match="nothing more"):
        list(in_turns(items()))
    assert not turn.locked()


@pytest.mark.parametrize("name", dependencies.__all__)
def test_what_routes_need_takes_no_thread(name: str) -> None:
    (depends,) = get_args(getattr(dependencies, name))[1:]
    # FastAPI calls a plain function in a thread.
    assert inspect.iscoroutinefunction(depends.dependency)
