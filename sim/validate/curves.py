"""Checks the fit of dirty curves: points of a database up to eight seconds have to foretell its longer windows."""

from __future__ import annotations

import csv
import itertools
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np

from sim.errors import UsageError
from sim.model.curve import fit_classes
from sim.validate.checks import Check, relative_error, share, skipped, within

FILE = "dirty_curves.csv"
GROUP = "curves"
FITTED_UP_TO_S = 10.0  # the longest window that a planner measures with patience; the file has 8.2 s, then 24.4 s
GUEST_PAGES = 8 * 1024**3 // 4096  # the guest of this data set has 8 GiB
_COLUMNS = ("scenario", "tau_s", "dirtied_pages")
_WHAT = "longer windows from the points up to 10 s"

_BAR = "closer than a constant rate"
# Auto-converge throttles the guest while a migration goes on, and its rounds get shorter: short windows are those of a slower guest.
_THROTTLED = "the guest was throttled more and more, so these points are not one curve"

Points = list[tuple[float, float]]


def curve_checks(folder: Path | None) -> list[Check]:
    """Return a check for each curve and window that is longer than those it is fitted to.

    Args:
        folder: has dirty_curves.csv (scenario, tau_s, dirtied_pages), which cannot be shipped; None where it is not at hand.

    Raises:
        UsageError: the file is not such a table.
    """
    if folder is None:
        return [skipped(GROUP, FILE, f"not part of the package; name a folder that has {FILE}: --cases DIR", _WHAT, _BAR)]
    if not folder.is_dir():
        raise UsageError(f"--cases {folder}: is no folder; name one that has {FILE}, or leave --cases out")
    file = folder / FILE
    if not file.exists():
        return [skipped(GROUP, FILE, f"there is no {FILE} in the folder of --cases", _WHAT, _BAR)]
    checks = [check for name, points in read_curves(file).items() for check in _checks(name, points)]
    return checks or [skipped(GROUP, FILE, "no curve in it has two windows up to 10 s and a longer one", _WHAT, _BAR)]


def read_curves(file: Path) -> dict[str, Points]:
    """Return the points (window in seconds, pages) of each scenario, windows ascending.

    Raises:
        UsageError: a column is missing or a cell is no positive number; all such cells at once.
    """
    with file.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.DictReader(text)
        missing = [column for column in _COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise UsageError(f"{file}: column {', '.join(missing)} is missing; the table has the columns {', '.join(_COLUMNS)}")
        curves: dict[str, Points] = defaultdict(list)
        problems = []
        for row in reader:
            point = (_positive(row["tau_s"]), _positive(row["dirtied_pages"]))
            for column, value in zip(_COLUMNS[1:], point, strict=True):
                if value is None:
                    problems.append(f"{file}:{reader.line_num}: {column}: {row[column]!r} is no positive number; write one such as 0.5")
            if point[0] is not None and point[1] is not None:
                curves[row["scenario"] or ""].append((point[0], point[1]))
    if problems:
        raise UsageError("\n".join(problems))
    return {name: sorted(points) for name, points in curves.items()}


def _positive(text: str | None) -> float | None:
    """Return a positive finite number, or None."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 < value < float("inf") else None


def _checks(name: str, points: Points) -> list[Check]:
    """Return the checks of a curve; none where it has nothing to fit or nothing to foretell."""
    given = [point for point in points if point[0] <= FITTED_UP_TO_S]
    longer = points[len(given) :]
    if not longer or not given:
        return []
    if len(given) < 2:
        return [skipped(GROUP, name, "one point up to 10 s does not make a curve", f"pages in {longer[0][0]:g} s", _BAR)]
    falling = [after[0] for before, after in itertools.pairwise(given) if after[1] < before[1]]
    if falling:
        return [skipped(GROUP, name, f"no dirty curve: in {falling[0]:g} s it has fewer pages than in a shorter window", "", _BAR)]
    return [_check(name, given, *point) for point in longer]


def _check(name: str, given: Points, window: float, pages: float) -> Check:
    """Return the check of one window: closer than a planner comes who holds the rate of the longest point given."""
    classes = np.array(fit_classes(given, GUEST_PAGES).classes)
    predicted = float(np.sum(classes[:, 0] * -np.expm1(-classes[:, 1] * window)))
    quantity = f"pages in {window:g} s, from points up to {given[-1][0]:g} s"
    if name.lower().startswith("autoconverge"):
        return within(GROUP, name, quantity, predicted=predicted, measured=pages, bar=None, reason=_THROTTLED)
    held = relative_error(given[-1][1] / given[-1][0] * window, pages)
    check = within(GROUP, name, quantity, predicted=predicted, measured=pages, bar=held)
    return replace(check, bar=f"< {share(held)}, the error of a constant rate")
