"""Headless Chromium for tests that look at a page as its reader does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

AXE = Path(__file__).parents[2] / ".venv" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
IN_CI = bool(os.environ.get("CI"))


def _lacking(what: str) -> None:
    """Skip where a person lacks a tool; fail in CI, where nothing may be left out."""
    told = f"{what} is not installed: `make test` installs it where it may (Debian's package chromium, axe-core by npm)"
    if IN_CI:
        pytest.fail(told)
    pytest.skip(told)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium, Debian's or that of the machine; its event loop runs keeps others from beginning, so it ends with the module."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        _lacking("Chromium")
    with sync_playwright() as playwright:
        # No sandbox: in a container there is none to have, and the page is our own file.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The accessibility checker axe-core, as JavaScript."""
    if not AXE.exists():
        _lacking("axe-core")
    return AXE.read_text(encoding="utf-8")
