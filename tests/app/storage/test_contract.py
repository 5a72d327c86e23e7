"""What every store does, whatever it is made of."""

import datetime
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TypeVar

import pytest

from app.storage.port import Blob, BlobChanged, BlobNotFound, BlobTooLarge, Store

WRITERS = 24
JSON = "application/json"

T = TypeVar("T")


def create(store: Store, key: str, data: bytes = b"x") -> bool:
    return store.create(key, data, content_type=JSON)


def read(store: Store, key: str) -> Blob:
    return store.read(key, max_bytes=10_000_000)


def together(action: Callable[[int], T]) -> list[T]:
    """Run an action in 24 threads that set out at once."""
    barrier = threading.Barrier(WRITERS)

    def run(number: int) -> T:
        barrier.wait()
        return action(number)

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(run, range(WRITERS)))


@pytest.mark.parametrize("data", [b"", b"\x00\xff\r\n", bytes(range(256)) * 12_000], ids=len)
def test_what_is_created_is_read(store: Store, data: bytes) -> None:
    assert create(store, "models/1f/weights-0a.npy", data)
    assert read(store, "models/1f/weights-0a.npy").data == data


def test_create_never_overwrites(store: Store) -> None:
    assert create(store, "a/card.json", b"first")
    before = read(store, "a/card.json")
    assert not create(store, "a/card.json", b"second")
    assert read(store, "a/card.json") == before


def test_when_it_was_written(store: Store) -> None:
    second = datetime.timedelta(seconds=1)  # S3 counts in those
    began = datetime.datetime.now(datetime.UTC)
    create(store, "a", b"first")
    first = store.written("a")
    assert began - second <= first <= datetime.datetime.now(datetime.UTC) + second
    store.replace("a", b"second", version=read(store, "a").version, content_type=JSON)
    assert first <= store.written("a") <= datetime.datetime.now(datetime.UTC) + second
    store.delete("a")
    with pytest.raises(BlobNotFound):
        store.written("a")


def test_reading_what_is_not_there(store: Store) -> None:
    create(store, "a/b/c")
    for key in ("z", "a", "a/b", "a/b/d", "a/b/c/d"):
        with pytest.raises(BlobNotFound) as caught:
            read(store, key)
        assert caught.value.key == key


def test_reading_too_much(store: Store) -> None:
    create(store, "a", b"12345")
    assert store.read("a", max_bytes=5).data == b"12345"
    with pytest.raises(BlobTooLarge) as caught:
        store.read("a", max_bytes=4)
    assert (caught.value.key, caught.value.size, caught.value.max_bytes) == ("a", 5, 4)


def test_replace(store: Store) -> None:
    create(store, "jobs/1", b"queued")
    first = read(store, "jobs/1")
    version = store.replace("jobs/1", b"running", version=first.version, content_type=JSON)
    assert version != first.version
    assert read(store, "jobs/1") == Blob(b"running", version)
    last = store.replace("jobs/1", b"done", version=version, content_type=JSON)
    assert read(store, "jobs/1") == Blob(b"done", last)


def test_replacing_what_has_changed(store: Store) -> None:
    create(store, "jobs/1", b"queued")
    stale = read(store, "jobs/1").version
    store.replace("jobs/1", b"running", version=stale, content_type=JSON)
    with pytest.raises(BlobChanged) as caught:
        store.replace("jobs/1", b"failed", version=stale, content_type=JSON)
    assert caught.value.key == "jobs/1"
    assert read(store, "jobs/1").data == b"running"


def test_replacing_what_has_gone(store: Store) -> None:
    with pytest.raises(BlobChanged):
        store.replace("jobs/1", b"x", version="0", content_type=JSON)
    create(store, "jobs/1", b"queued")
    version = read(store, "jobs/1").version
    store.delete("jobs/1")
    with pytest.raises(BlobChanged):
        store.replace("jobs/1", b"running", version=version, content_type=JSON)
    assert store.keys("") == []


def test_delete(store: Store) -> None:
    store.delete("a/b")
    create(store, "a/b", b"old")
    create(store, "a/c")
    store.delete("a/b")
    store.delete("a/b")
    assert store.keys("") == ["a/c"]
    with pytest.raises(BlobNotFound):
        read(store, "a/b")
    assert create(store, "a/b", b"new")
    assert read(store, "a/b").data == b"new"


def test_keys_come_in_byte_order(exact_store: Store) -> None:
    keys = ["a-b", "a.b", "a/b", "a/b-/c", "a/b0", "a0", "aB", "ab", "B", "0", "a/c/d/e", "a/c-d", "-"]
    for key in keys:
        create(exact_store, key)
    assert exact_store.keys("") == sorted(keys)
    assert exact_store.keys("", start_after="a/c", limit=2) == ["a/c-d", "a/c/d/e"]


def test_keys_of_one_folder_come_in_byte_order(store: Store) -> None:
    names = ["a-b", "a.b", "a0", "aB", "a_b", "ab", "B", "0", "-", "_", "a"]
    for name in names:
        create(store, f"index/{name}")
    assert store.keys("index/") == sorted(f"index/{name}" for name in names)


def test_keys_with_a_prefix(store: Store) -> None:
    for key in ("models/1/card.json", "models/2/card.json", "models-old/1", "index/1", "index/10", "index/2"):
        create(store, key)
    assert store.keys("models/") == ["models/1/card.json", "models/2/card.json"]
    assert sorted(store.keys("models")) == ["models-old/1", "models/1/card.json", "models/2/card.json"]
    assert store.keys("models/2") == ["models/2/card.json"]
    assert store.keys("index/1") == ["index/1", "index/10"]
    assert store.keys("nothing/") == store.keys("index/1/") == []


def test_keys_page_by_page(store: Store) -> None:
    keys = sorted(f"index/{number * 7919 % 1000:03}/{number}" for number in range(25))
    for key in keys:
        create(store, key)
    pages: list[list[str]] = []
    while page := store.keys("index/", start_after=pages[-1][-1] if pages else "", limit=10):
        pages.append(page)
    assert [len(page) for page in pages] == [10, 10, 5]
    assert [key for page in pages for key in page] == keys
    assert store.keys("index/", limit=0) == []


@pytest.mark.parametrize(
    ("start_after", "expected"),
    [
        ("i/b", ["i/c/1", "i/d"]),
        ("i/bb", ["i/c/1", "i/d"]),
        ("i/c/", ["i/c/1", "i/d"]),
        ("i/c/1", ["i/d"]),
        ("a", ["i/b", "i/c/1", "i/d"]),
        ("z", []),
    ],
)
def test_start_after_need_not_be_a_key(store: Store, start_after: str, expected: list[str]) -> None:
    for key in ("i/b", "i/c/1", "i/d", "k"):
        create(store, key)
    assert store.keys("i/", start_after=start_after) == expected


NO_KEYS = [
    *["", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", ".hidden", "a/.b", "~temporary/1"],
    *["a b", "a\\b", "a\nb", "a\n", "é", "a%2fb", "a?b", "a\0b", "x" * 201, "/".join(["x" * 100] * 6)],
]


def test_what_cannot_be_a_key(store: Store) -> None:
    actions: list[Callable[[str], object]] = [
        lambda key: read(store, key),
        lambda key: create(store, key),
        lambda key: store.replace(key, b"", version="0", content_type=JSON),
        lambda key: store.delete(key),
        lambda key: store.link(key, seconds=60, filename="a.npy"),
    ]
    for key in NO_KEYS:
        for action in actions:
            with pytest.raises(ValueError, match="cannot be a key"):
                action(key)


def test_what_cannot_be_a_prefix(store: Store) -> None:
    for prefix in ["/", "/a", "..", "a/../", "a//", ".a", "a b", "a\n"]:
        with pytest.raises(ValueError, match="cannot be the prefix"):
            store.keys(prefix)
        with pytest.raises(ValueError, match="cannot be the prefix"):
            store.keys("a", start_after=prefix)


def test_what_cannot_be_a_file_name(store: Store) -> None:
    for filename in ["", 'a".npy', "a/b", "a\r\nb", "é.npy", ".npy"]:
        with pytest.raises(ValueError, match="cannot be a file name"):
            store.link("a", seconds=60, filename=filename)


def test_long_keys(store: Store) -> None:
    key = "/".join(["x" * 200, "y" * 200, "z" * 100])
    assert create(store, key)
    assert store.keys("") == [key]


def test_description_says_nothing_of_the_machine(store: Store) -> None:
    assert "/tmp" not in store.description
    assert "test_description" not in store.description


def test_of_many_creators_one_succeeds(store: Store) -> None:
    for key in ("names/sunset/1", "names/sunset/2", "names/sunset/3"):
        won = together(partial(_create_numbered, store, key))
        assert won.count(True) == 1
        assert read(store, key).data == b"%d" % won.index(True) * 1000


def _create_numbered(store: Store, key: str, number: int) -> bool:
    return create(store, key, b"%d" % number * 1000)


def test_many_writers_of_one_name_get_a_revision_each(store: Store) -> None:
    def next_revision(number: int) -> int:
        revision = 1
        while not create(store, f"names/sunset/{revision:06}", b"%d" % number):
            revision += 1
        return revision

    assert sorted(together(next_revision)) == list(range(1, WRITERS + 1))


def test_replacing_in_a_loop_loses_nothing(store: Store) -> None:
    create(store, "counter", b"0")
    times = 2

    def count(_: int) -> None:
        counted = 0
        while counted < times:
            blob = read(store, "counter")
            with suppress(BlobChanged):
                following = b"%d" % (int(blob.data) + 1)
                store.replace("counter", following, version=blob.version, content_type=JSON)
                counted += 1

    together(count)
    assert read(store, "counter").data == b"%d" % (WRITERS * times)


def test_creating_and_deleting_at_once(store: Store) -> None:
    def churn(number: int) -> None:
        for _ in range(5):
            if create(store, "shared/folder/blob", b"%d" % number):
                store.delete("shared/folder/blob")
            assert create(store, f"shared/folder/of-{number}/blob")
            store.delete(f"shared/folder/of-{number}/blob")

    together(churn)
    assert store.keys("") == []
    assert create(store, "shared/folder/blob")


def test_readers_see_whole_blobs(store: Store) -> None:
    sizes = [10, 200_000]
    create(store, "a", b"0" * sizes[0])

    def act(number: int) -> None:
        for round_ in range(4):
            blob = read(store, "a")
            assert len(blob.data) in sizes
            assert len(set(blob.data)) == 1
            if number % 4 == 0:
                new = b"%d" % (number % 10) * sizes[round_ % 2]
                with suppress(BlobChanged):
                    store.replace("a", new, version=blob.version, content_type=JSON)

    together(act)
