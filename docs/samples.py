"""Rebuilds the reports in reports/samples: `make samples`. A test says when they are stale."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "reports" / "samples"
SAMPLES = ("night-drain-390", "quickstart")
_VARYING = (  # what depends on the arithmetic of the machine or on versions of libraries
    re.compile(r"<svg\b.*?</svg>", re.DOTALL),
    re.compile(r' data-value="[^"]*"'),
    re.compile(r'<section id="provenance".*?</section>', re.DOTALL),
)


def made(name: str) -> str:
    """Return the report of a shipped scenario, as the commands of a planner write it in an empty folder.

    Raises:
        subprocess.CalledProcessError: a command fails.
    """
    with tempfile.TemporaryDirectory() as empty:
        scenario = Path("scenarios") / f"{name}.yaml"
        (Path(empty) / "scenarios").mkdir()
        shutil.copyfile(ROOT / scenario, Path(empty) / scenario)
        command = [sys.executable, "-m", "sim", "run", str(scenario), "--assumptions", "--workers", "1"]
        place = os.environ | {"PYTHONPATH": str(ROOT)}
        subprocess.run(command, cwd=empty, env=place, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own
        (report,) = Path(empty).glob("reports/*/*/report.html")
        return report.read_text(encoding="utf-8")


def comparable(report: str) -> str:
    """Return what a report says on every machine: without figures' strokes, last digits and versions."""
    for varying in _VARYING:
        report = varying.sub("", report)
    return report


def main() -> None:
    """Write all samples."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in SAMPLES:
        (FOLDER / f"{name}.html").write_text(made(name), encoding="utf-8")


if __name__ == "__main__":
    main()
