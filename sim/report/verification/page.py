"""Writes a verification as one HTML file that can be mailed: figures inside, no scripts, nothing fetched, the same bytes each time."""

from __future__ import annotations

import tempfile
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sim.experiment.storage.folder import Folder, not_writable
from sim.report.verification import figures
from sim.report.verification.headline import answer, cautions, tiles, two_digits
from sim.report.verification.text import STATISTICS, conclusion, error_text, shortfalls, value_text
from sim.validate.checks import Verdict
from sim.validate.score.kinds import NAMES
from sim.validate.score.laboratory import OURS, Laboratory
from sim.validate.score.noise import noise_floor
from sim.validate.score.rivals import RIVALS
from sim.validate.score.scoring import answered, confusion_of, mean_error
from sim.validate.verification import VERDICTS, Verification

FILE = "index.html"
TEMPLATE = "verification.html.jinja"
SHORTFALLS: dict[str, Verdict] = {"missed": "not met", "known": "known miss", "skipped": "skipped"}
WORST = 12  # cases in the table of the largest errors: one screen
GROUP_TITLES = {
    "laws": "Theory: closed forms and queueing laws",
    "twins": "Two engines, one model: equal bytes",
    "reference": "Slow simulations of every single page",
    "simgrid": "SimGrid 4.1 on the same migrations",
    "published": "Rounds printed in papers and logs",
    "curves": "Dirty curves of a database, foretold",
}


def make_ready(folder: Path) -> None:
    """Make the folder of the report, so that one that cannot be written is told before minutes of computing.

    Raises:
        ResultsError: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix="."):
            pass
    except OSError as error:
        raise not_writable(folder, error) from None


def write_page(text: str, folder: Path) -> Path:
    """Write the report, whole or not at all, and return its file.

    Raises:
        ResultsError: the folder cannot be written.
    """
    Folder(str(folder)).write(FILE, text.encode())
    return folder / FILE


def page(found: Verification) -> str:
    """Return the report as HTML."""
    environment = Environment(
        loader=PackageLoader("sim.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(value=value_text, error=error_text, signs=_signs)
    return environment.get_template(TEMPLATE).render(_content(found))


def _content(found: Verification) -> dict[str, Any]:
    """Return what the template shows."""
    laboratory = found.laboratory
    trials = list(dict.fromkeys(laboratory.estimates["trial"]))
    return {
        "found": found,
        **{word: shortfalls(found, verdict) for word, verdict in SHORTFALLS.items()},
        "lacking": [(group, found.count("not met", group)) for group in found.groups if found.count("not met", group)],
        "conclusion": conclusion(found),
        "verdicts": VERDICTS,
        "title": _title,
        "sections": [(group, [check for check in found.checks if check.group == group]) for group in found.groups],
        "is_statistics": lambda group: group.startswith(STATISTICS),
        "answer": answer(found),
        "cautions": list(cautions(found)),
        "tiles": tiles(laboratory, trials[0]),
        "trials": trials,
        "figures": {name: Markup(svg) for name, svg in _figures(laboratory, trials)},  # noqa: S704 - drawn by matplotlib, which escapes
        "matrices": [(name, confusion_of(laboratory.verdicts_of(trials[0], name))) for name in (OURS, *RIVALS)],
        "noise": list(_noise(laboratory, trials[0])),
        "worst": list(_worst(laboratory, trials[0])),
        "groups": list(_groups(laboratory, trials[0])),
        "cases": list(_cases(laboratory, trials[0])),
        "group_names": figures.GROUP_NAMES,
    }


def _figures(laboratory: Laboratory, trials: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the figures of the first trial by name, and that of all trials where there are several."""
    first = trials[0]
    yield "measured", figures.against_measured(laboratory, first)
    yield "qq", figures.qq(laboratory, first)
    yield "groups", figures.by_group(laboratory, first)
    yield "residuals", figures.residuals(laboratory, first)
    if len(trials) > 1:
        yield "trials", figures.side_by_side(laboratory, trials)


def _title(group: str) -> str:
    """Return the heading of a group."""
    if group.startswith(STATISTICS):
        return f"Migrations measured with QEMU, predicted {group.removeprefix(STATISTICS)}"
    return GROUP_TITLES.get(group, group)


def _signs(text: str) -> str:
    """Return text with the signs of a printed page, and no break before a percent sign."""
    return text.replace("<=", "\u2264").replace(">=", "\u2265").replace(" %", "\u00a0%")


def _noise(laboratory: Laboratory, trial: str) -> Iterator[tuple[str, str, int]]:
    """Yield (quantity, how far repeats lie apart, how many repeats)."""
    rows = laboratory.of(trial)
    for quantity, name in NAMES.items():
        own = rows[(rows["quantity"] == quantity) & (rows["measured"] > 0)]
        noise = noise_floor(own["measured"], own["cell"])
        if noise:
            yield name, two_digits(noise.median), noise.n


def _worst(laboratory: Laboratory, trial: str) -> Iterator[dict[Hashable, Any]]:
    """Yield the cases with the largest errors of the total time."""
    rows = answered(laboratory.of(trial), "total_time_ms")
    errors = rows["predicted"] / rows["measured"] - 1.0
    rows = rows.assign(error=errors, size=errors.abs()).sort_values(["size", "key"], ascending=[False, True], kind="stable")
    yield from rows.head(WORST).to_dict("records")


def _groups(laboratory: Laboratory, trial: str) -> Iterator[dict[str, Any]]:
    """Yield the errors of every group under either accelerator, those without a bar too, on migrations that nothing was fitted to."""
    estimates, verdicts = (
        table[(table["trial"] == trial) & (table["predictor"] == OURS) & (table["scored"] | ~table["target"])]
        for table in (laboratory.estimates, laboratory.verdicts)
    )
    for (accel, group), own in verdicts.groupby(["accel", "group"]):
        rows = estimates[(estimates["accel"] == accel) & (estimates["group"] == group)]
        errors = [mean_error(rows, kind) for kind in ("total_time_ms", "transferred")]
        yield {
            "accel": accel,
            "group": group,
            "target": own["target"].all(),
            "verdicts": confusion_of(own),
            "errors": [two_digits(error) if np.isfinite(error) else "" for error in errors],
        }


def _cases(laboratory: Laboratory, trial: str) -> Iterator[dict[Hashable, Any]]:
    """Yield every migration, those without a bar too, with what was predicted and measured of it."""
    estimates, verdicts = (
        table[(table["trial"] == trial) & (table["predictor"] == OURS)] for table in (laboratory.estimates, laboratory.verdicts)
    )
    by_case = {key: rows.set_index("quantity") for key, rows in estimates.groupby("key", sort=False)}
    for verdict in verdicts.to_dict("records"):
        rows = by_case.get(verdict["key"], pd.DataFrame())
        quantities = {name: rows.loc[name].to_dict() if name in rows.index else None for name in NAMES}
        yield verdict | quantities | {"errors": {name: _signed(each) for name, each in quantities.items()}}


def _signed(row: dict[Hashable, Any] | None) -> str:
    """Return the error of one prediction: "+1.2 %"; nothing where there is none to be had."""
    if row is None or not np.isfinite(row["predicted"]) or not row["measured"] > 0:
        return ""
    return f"{100 * (row['predicted'] / row['measured'] - 1.0):+.1f} %"
