"""What a person sees in a browser: the system's Chromium opens the list, follows a link to a record and finds its timeline."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from sandbox.core import Sandbox

pytestmark = pytest.mark.chromium
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync")


@pytest.fixture(scope="module")
def page(sandbox: Sandbox, sandbox_url: str) -> Iterator[Page]:
    """A browser page on a small seeded world."""
    if _CHROMIUM is None:
        if "chromium" in os.environ.get("HANDOFF_TESTS_REQUIRE", ""):
            pytest.fail("Chromium is not installed, and HANDOFF_TESTS_REQUIRE asks for it")
        pytest.skip("Chromium is not installed")
    sandbox.control.seed(seed=4, leads=300)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=list(_QUIET))
        yield browser.new_page(base_url=sandbox_url)
        browser.close()


def test_a_click_leads_from_the_list_to_a_record_with_its_timeline(page: Page) -> None:
    """Nothing on the way fails to load, and the record says who changed what."""
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.goto("/ui/hubspot")
    page.locator("table a").first.click()

    assert page.get_by_role("heading", name="Timeline").is_visible()
    assert "/ui/hubspot/contacts/" in page.url
    assert failed == []
