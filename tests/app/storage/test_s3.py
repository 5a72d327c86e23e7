from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from boto3.session import Session

from app.storage import s3 as s3_module
from app.storage.port import StoreUnavailable
from app.storage.s3 import WEEK, S3Store

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture
def client(s3: S3Store) -> "S3Client":
    return s3._calls()


def create(store: S3Store, key: str, data: bytes = b"x") -> bool:
    return store.create(key, data, content_type="application/json")


def test_nothing_is_made_before_the_first_use(moto: None, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Session] = []

    def counted() -> Session:
        made.append(Session())
        return made[-1]

    monkeypatch.setattr(s3_module, "Session", counted)
    store = S3Store("maps", "dev")
    assert made == []
    with ThreadPoolExecutor(8) as pool:
        clients = set(pool.map(lambda _: store._calls(), range(8)))
    assert len(clients) == len(made) == 1


def test_clients_give_up_in_time(client: "S3Client") -> None:
    config: Any = client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (2, 5)
    assert config.retries == {"mode": "standard", "total_max_attempts": 3}


def test_blobs_are_objects_below_the_prefix(s3: S3Store, client: "S3Client") -> None:
    create(s3, "models/1f/card.json", b"{}")
    answer = client.get_object(Bucket="maps", Key="dev/som/models/1f/card.json")
    assert answer["Body"].read() == b"{}"
    assert answer["ContentType"] == "application/json"


def test_stores_of_one_bucket_do_not_meet(s3: S3Store) -> None:
    others = [S3Store("maps"), S3Store("maps", "dev"), S3Store("maps", "dev/som2")]
    create(s3, "a", b"mine")
    for number, other in enumerate(others):
        assert create(other, "a", b"%d" % number)
    assert s3.keys("") == ["a"]
    assert s3.read("a", max_bytes=10).data == b"mine"
    assert others[0].keys("") == ["a", "dev/a", "dev/som/a", "dev/som2/a"]
    assert others[0].keys("", start_after="dev/a") == ["dev/som/a", "dev/som2/a"]


def test_keys_of_many_pages(s3: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_module, "PAGE", 4)
    keys = [f"index/{number:02}" for number in range(11)]
    for key in keys:
        create(s3, key)
    assert s3.keys("index/") == keys
    assert s3.keys("index/", limit=9) == keys[:9]
    assert s3.keys("index/", start_after=keys[5]) == keys[6:]


def test_what_consoles_leave_is_not_listed(
    s3: S3Store, client: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_module, "PAGE", 1)
    for key in ("dev/som/", "dev/som/index/", "dev/som/index/a b", "dev/som/index/~"):
        client.put_object(Bucket="maps", Key=key, Body=b"")
    create(s3, "index/c")
    assert s3.keys("") == s3.keys("", limit=1) == ["index/c"]


def test_an_object_of_others_can_be_replaced(s3: S3Store, client: "S3Client") -> None:
    client.put_object(Bucket="maps", Key="dev/som/a", Body=b"old")
    s3.replace("a", b"new", version=s3.read("a", max_bytes=10).version, content_type="text/plain")
    assert s3.read("a", max_bytes=10).data == b"new"


def query(url: str | None) -> dict[str, str]:
    assert url is not None
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_links(s3: S3Store) -> None:
    url = s3.link("models/1f/weights.npy", seconds=600, filename="kohonen-1f.npy")
    assert url is not None
    # Signed for the bucket's region: the global endpoint redirects for new buckets, which breaks signatures.
    assert url.startswith("https://s3.eu-west-1.amazonaws.com/maps/dev/som/models/1f/weights.npy?")
    assert query(url)["X-Amz-Expires"] == "600"
    assert query(url)["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert query(url)["response-content-disposition"] == 'attachment; filename="kohonen-1f.npy"'


@pytest.mark.parametrize("seconds", [0, -1, WEEK + 1])
def test_links_that_no_server_takes(s3: S3Store, seconds: int) -> None:
    with pytest.raises(ValueError, match="1 second to 1 week"):
        s3.link("a", seconds=seconds, filename="a.npy")


@pytest.mark.parametrize(
    ("endpoint", "public_endpoint", "expected"),
    [
        ("http://storage:8333", None, "http://storage:8333/maps/dev/a?"),
        ("http://storage:8333", "https://maps.example.org", "https://maps.example.org/maps/dev/a?"),
        (None, "https://maps.example.org", "https://maps.example.org/maps/dev/a?"),
    ],
)
def test_links_to_other_servers(
    credentials: None, endpoint: str | None, public_endpoint: str | None, expected: str
) -> None:
    store = S3Store("maps", "dev", endpoint=endpoint, public_endpoint=public_endpoint)
    url = store.link("a", seconds=60, filename="a.npy")
    assert url is not None
    assert url.startswith(expected)


def test_the_endpoint_of_the_environment(credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://storage:8333")
    store = S3Store("maps")
    assert store._calls().meta.endpoint_url == "http://storage:8333"
    assert str(store.link("a", seconds=60, filename="a.npy")).startswith("http://storage:8333/maps/a?")


def test_no_credentials(moto: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    store = S3Store("maps", "dev")
    for action in (lambda: store.keys(""), lambda: store.link("a", seconds=60, filename="a.npy")):
        with pytest.raises(StoreUnavailable, match=r"s3://maps/dev \(SOM_STORE\).*NoCredentials") as caught:
            action()
        assert caught.value.retry_after is None


def test_an_endpoint_that_is_no_url(credentials: None) -> None:
    with pytest.raises(StoreUnavailable, match="its endpoint is not a URL"):
        S3Store("maps", endpoint="storage").keys("")
