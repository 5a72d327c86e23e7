"""The documentation in a browser, as a person uses it; nothing may be asked of any other machine."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tests.e2e import expected
from tests.e2e.docker import container
from tests.e2e.emulator import gateway

#: A browser that the system has; without one, it is playwright's own (`playwright install chromium`).
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # A name that a page asks for is found nowhere.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
#: Of the page's first example.
MAP = {"width": 390, "height": 260}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield launched
        launched.close()


class Witness:
    """A page, with all that it asked for and complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def check(self, url: str) -> None:
        """Hold it to this server alone, and to silence."""
        elsewhere = [
            asked
            for asked in self.asked
            if urlsplit(asked).scheme not in {"blob", "data"} and not asked.startswith(url)
        ]
        assert not elsewhere
        assert not self.complaints
        assert any(urlsplit(asked).path.endswith("/train") for asked in self.asked)


@pytest.fixture
def witness(browser: Browser) -> Iterator[Witness]:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    yield Witness(page)
    page.close()


def train(page: Page, url: str) -> Locator:
    """Open the page, try `POST /train` out, and return the picture that it answers with."""
    page.goto(f"{url}/docs")
    operation = page.locator("#operations-training-train")
    operation.locator(".opblock-summary-control").click()
    try_out = operation.get_by_role("button", name="Try it out")
    if try_out.is_visible():  # it may be pressed already
        try_out.click()
    operation.get_by_role("button", name="Execute").click()
    picture = operation.locator(".live-responses-table img")
    picture.wait_for(timeout=120_000)
    page.wait_for_function(
        "() => { const all = document.querySelectorAll('.live-responses-table img');"
        " return all.length && all[0].complete && all[0].naturalWidth > 0 }"
    )
    return picture


def size(picture: Locator) -> dict[str, int]:
    measured: dict[str, int] = picture.evaluate(
        "image => ({width: image.naturalWidth, height: image.naturalHeight})"
    )
    return measured


def test_the_picture_is_seen(
    plain_image: str, witness: Witness, request: pytest.FixtureRequest, state: Path
) -> None:
    with container(plain_image, port=5000, ready="/health") as started:
        picture = train(witness.page, started.url)
        assert size(picture) == MAP
        witness.check(started.url)
        picture.scroll_into_view_if_needed()
        target: Path = request.config.getoption("--screenshot") or state / "swagger-ui.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        witness.page.screenshot(path=target)


def test_the_picture_is_seen_behind_a_stage(lambda_image: str, witness: Witness) -> None:
    environment = ("--env=SOM_STORE=memory:", "--env=AWS_LAMBDA_FUNCTION_TIMEOUT=28")
    with (
        container(lambda_image, *environment, port=8080) as started,
        gateway(started.url, stage="Prod") as url,
    ):
        assert size(train(witness.page, url)) == MAP
        witness.check(url)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report_is_seen_without_a_network(
    plain_image: str, browser: Browser, scheme: Literal["light", "dark"], tmp_path: Path
) -> None:
    with container(plain_image, port=5000, ready="/health") as started:
        trained = httpx2.post(f"{started.url}/train", json=expected.TRAINING, timeout=60)
        report = f"{started.url}/models/{trained.headers['kohonen-model-id']}/report"
        answer = httpx2.get(report, timeout=60)
        context = browser.new_context(viewport={"width": 390, "height": 800}, color_scheme=scheme)
        witness = Witness(context.new_page())
        witness.page.goto(report)
        assert [asked for asked in witness.asked if urlsplit(asked).scheme != "data"] == [report]
    # It is still there when the service has gone: as a file, too.
    saved = tmp_path / "report.html"
    saved.write_bytes(answer.content)
    context.set_offline(True)
    witness.page.goto(saved.as_uri())
    assert not witness.complaints
    whole = witness.page.evaluate(
        "() => [...document.images].every(image => image.complete && image.naturalWidth > 0)"
    )
    assert whole
    assert witness.page.locator("img").count() == 8
    assert witness.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
        "on a telephone"
    )
    background = witness.page.evaluate("getComputedStyle(document.querySelector('ul')).backgroundColor")
    assert background == {"light": "rgb(255, 247, 224)", "dark": "rgb(58, 49, 21)"}[scheme]
    # On paper (A4 and its margins) two pictures stand side by side.
    witness.page.set_viewport_size({"width": 718, "height": 1047})
    witness.page.emulate_media(media="print")
    left, right = (witness.page.locator(".views img").nth(place).bounding_box() for place in (0, 1))
    assert left is not None
    assert right is not None
    assert (left["y"], left["width"]) == (right["y"], right["width"])
    assert 300 < left["x"] + left["width"] < right["x"] < right["x"] + right["width"] <= 718
    context.close()


def test_redoc_is_whole(plain_image: str, witness: Witness) -> None:
    with container(plain_image, port=5000, ready="/health") as started:
        witness.page.goto(f"{started.url}/redoc")
        witness.page.get_by_text("/train").first.wait_for(timeout=120_000)
        assert not [asked for asked in witness.asked if urlsplit(asked).hostname not in {"127.0.0.1", None}]
        assert not witness.complaints
