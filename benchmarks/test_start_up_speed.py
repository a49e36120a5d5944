"""How long commands take that simulate nothing, beside a bare Python."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.measuring import Measure, rate_of
from benchmarks.scenarios import DRAIN


def started(*arguments: str) -> str:
    """Start Python and return what it printed."""
    done = subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True)
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "printed"), [(["--help"], "Usage"), (["check", str(DRAIN)], DRAIN.name)], ids=["migr --help", "migr check"]
)
def test_start_up(measure: Measure, arguments: list[str], printed: str) -> None:
    floor = rate_of("python -c pass", 1, lambda: started("-c", "pass"), unit="starts")
    text = measure(f"migr {arguments[0]}", 1, lambda: started("-m", "sim", *arguments), floor=floor, unit="starts")
    assert printed in text
