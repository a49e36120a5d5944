"""The committed reports are what the program writes now."""

from __future__ import annotations

import importlib.util
from importlib.metadata import version
from pathlib import Path

import pytest

from sim.experiment.identity import fingerprint

ROOT = Path(__file__).parents[2]
SPECIFICATION = importlib.util.spec_from_file_location("samples", ROOT / "docs" / "samples.py")
assert SPECIFICATION is not None
assert SPECIFICATION.loader is not None
samples = importlib.util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(samples)


def test_the_folder_holds_the_samples_and_nothing_else() -> None:
    assert sorted(file.name for file in samples.FOLDER.iterdir()) == sorted(f"{name}.html" for name in samples.SAMPLES)


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_sample_is_not_stale(name: str) -> None:
    """Where the sample was made by the same arithmetic and matplotlib, its figures are compared, too."""
    committed = (samples.FOLDER / f"{name}.html").read_text(encoding="utf-8")
    now = samples.made(name)
    words = "stale: give `make samples`, look at the reports, and commit them"
    assert samples.comparable(committed) == samples.comparable(now), words
    if fingerprint() in committed and f"matplotlib {version('matplotlib')}" in committed:
        assert committed == now, words


def test_what_is_not_compared_is_little() -> None:
    """A guard: a pattern that took more than it should would hide a stale sample."""
    committed = (samples.FOLDER / "quickstart.html").read_text(encoding="utf-8")
    kept = samples.comparable(committed)
    assert "data-value=" in committed
    assert "data-value=" not in kept
    for word in ("VM12PROD", "<figure", "What the consoles show", "VMS2450", "</html>"):
        assert word in kept
