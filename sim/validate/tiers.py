"""Runs the test tiers that prove the model against theory, against its twin and against single pages, where the source tree is at hand."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree as ET

from sim.validate.checks import Check, judged, skipped

TIERS = {
    "laws": "the simulation obeys closed forms and queueing theory",
    "twins": "both engines give the same bytes",
    "reference": "the model of page classes agrees with slow simulations of every single page",
}
LIMIT_S = 240.0  # the tiers take about a minute on two cores; whatever takes four times that hangs, and verify is to end in five minutes
_NO_TREE = "only in a source tree: the tests do not lie beside the package"
_NO_PYTEST = "pytest is not installed: pip install 'vm-migration-sim[test]'"


def tier_checks(workers: int = 1, tests: Path | None = None) -> list[Check]:
    """Run the tiers and return a check for each of their files; one skipped check a tier where they cannot be run.

    Args:
        workers: processes.
        tests: folder of the tiers; that beside the package if not given.
    """
    tests = tests or Path(__file__).parents[2] / "tests"
    if not all((tests / tier).is_dir() for tier in TIERS):
        return [skipped(tier, meaning, _NO_TREE) for tier, meaning in TIERS.items()]
    if find_spec("pytest") is None:
        return [skipped(tier, meaning, _NO_PYTEST) for tier, meaning in TIERS.items()]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "junit.xml"
        try:
            ended = subprocess.run(  # noqa: S603 - our own tests by our own interpreter, no shell
                _command(report, workers),
                cwd=tests.parent,
                env=_environment(),
                capture_output=True,
                text=True,
                timeout=LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return [_broken(tier, f"not ended after {LIMIT_S:g} s; run `pytest tests/{tier}` to see where it hangs") for tier in TIERS]
        if not report.exists():
            last = (ended.stdout + ended.stderr).strip().splitlines()[-1:] or ["without a word"]
            return [_broken(tier, f"pytest ended with {ended.returncode}: {last[0]}") for tier in TIERS]
        return checks_of_junit(report.read_text(encoding="utf-8"))


def checks_of_junit(xml: str) -> list[Check]:
    """Return a check for each test file in a JUnit report, tier by tier; a tier of which no test ran is not met."""
    passed: Counter[tuple[str, str]] = Counter()
    failed: dict[tuple[str, str], list[str]] = {}
    for case in ET.fromstring(xml).iter("testcase"):  # noqa: S314 - written a moment ago by our own pytest
        place = _place(case)
        if case.find("failure") is not None or case.find("error") is not None:
            failed.setdefault(place, []).append(case.get("name", ""))
        elif case.find("skipped") is None:
            passed[place] += 1
    checks = []
    for tier in TIERS:
        places = sorted(place for place in {*passed, *failed} if place[0] == tier)
        checks += [_check(place, passed[place], failed.get(place, [])) for place in places] or [_broken(tier, "no test of it ran")]
    return checks


def _check(place: tuple[str, str], passed: int, failed: list[str]) -> Check:
    """Return the check of a file."""
    tier, file = place
    reason = f"failed: {', '.join(failed[:3])}{' ...' if len(failed) > 3 else ''}" if failed else ""
    counted = f"{passed} of {passed + len(failed)}"
    return judged(tier, file, "tests passed", predicted=counted, bar="all", met=not failed, reason=reason)


def _broken(tier: str, reason: str) -> Check:
    return judged(tier, TIERS[tier], "tests passed", predicted=None, bar="all", met=False, reason=reason)


def _place(case: ET.Element) -> tuple[str, str]:
    """Return (tier, words of the file) of "tests.laws.test_waiting" or "tests.laws.test_waiting.TestClass"."""
    names = case.get("classname", "").split(".")
    tier = next((name for name in names if name in TIERS), "")
    file = next((name for name in names if name.startswith("test_")), "")
    return tier, file.removeprefix("test_").replace("_", " ")


def _command(report: Path, workers: int) -> list[str]:
    """Return the command; without the cache folder, for whoever verifies need not own the tree."""
    many = ["-n", str(workers)] if workers > 1 and find_spec("xdist") is not None else []
    folders = [f"tests/{tier}" for tier in TIERS]
    return [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *many, f"--junitxml={report}", *folders]


def _environment() -> dict[str, str]:
    """Return the environment without what a pytest that runs this one has left there."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
