"""The generated manuals are those of the code."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
MANUALS: dict[str, Callable[[], str]] = runpy.run_path(str(DOCS / "generate.py"))["MANUALS"]


@pytest.mark.parametrize("name", sorted(MANUALS))
def test_a_manual_is_fresh(name: str) -> None:
    """If this fails: python docs/generate.py."""
    assert MANUALS[name]() == (DOCS / name).read_text(encoding="utf-8")


def test_the_manuals_are_not_empty() -> None:
    assert sorted(MANUALS) == ["assumptions.md", "results.md", "scenario.md"]
    assert all(MANUALS[name]().count("\n| ") > 20 for name in MANUALS)
