from app.storage.memory import MemoryStore


def test_no_links() -> None:
    assert MemoryStore().link("a", seconds=60, filename="a.npy") is None
