"""A sensitivity study for people: what was varied, tables of what matters, and the answer in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from sim.report.layout import rendered
from sim.units import show_time

_METHODS = {
    "morris": (
        "Morris' elementary effects, {samples} trajectories: mu* is the mean change of the output, up or down, when an input moves\n"
        "through its whole range; sigma is how much that change depends on where the others are."
    ),
    "sobol": (
        "Sobol' indices, {samples} samples: alone is the share of the variance that an input explains by itself, in all the share\n"
        "that goes when it is held fixed, its interplay with others included."
    ),
}
_TITLES = {"mu_star": "mu*", "sigma": "sigma", "first": "alone", "total": "in all"}
ROUGH = 0.5  # width of an interval of a share from which on it says little: half of all that there is
MARK = "~"  # beside an interval that includes 0


def sensitivity_text(found: dict[str, Any], replications: int, width: int) -> str:
    """Return a study as text.

    Args:
        found: as in sensitivity.json.
        replications: of each point.
        width: columns of the terminal.
    """
    blocks = [_METHODS[found["method"]].format(samples=f"{found['samples']:,}")]
    blocks.append(f"{found['points']:,} points, {replications:,} replications each; all points share their random numbers.")
    blocks.append("\n".join(f"{group}: {_ranges(paths, found['ranges'])}" for group, paths in found["groups"].items()))
    for variant in found["variants"]:
        blocks += [f"--- {variant['variant']} ---"] if variant["variant"] else []
        blocks += [_output(output, width) for output in variant["outputs"]]
    blocks.append(
        f"Intervals are 95 %; {MARK} marks one that includes 0. Times and shares are of replications in which every VM was migrated."
    )
    return "\n\n".join(blocks)


def answer_of(output: dict[str, Any]) -> str:
    """Return in words what matters most for an output, and what cannot be told from nothing."""
    influences = output["influences"]
    show, weight = _shown(output["unit"]), _weight(influences[0])
    first = influences[0]
    rivals = [each["group"] for each in influences[1:] if each[weight]["high"] >= first[weight]["low"] and not each[weight]["may_be_0"]]
    if first[weight]["may_be_0"]:
        return "Nothing can be told from 0; take more --samples or more replications."
    if weight == "mu_star":
        effect = f"moving it through its range changes it by {show(first[weight]['value'])}{_between(first[weight], show)}"
    else:
        alone, total = first["first"], first["total"]
        effect = (
            f"it explains {_percent(alone['value'])} of the variance alone{_between(alone, _percent)}, {_percent(total['value'])} in all"
        )
    text = f"{first['group']} matters most: {effect}."
    text += f" The intervals do not tell it from {_listed(rivals)}." if rivals else ""
    nothing = [each["group"] for each in influences[1:] if each[weight]["may_be_0"]]
    text += f" Not to be told from 0: {_listed(nothing)}." if nothing else ""
    rough = weight == "total" and first[weight]["high"] - first[weight]["low"] > ROUGH
    return text + (" These intervals are wide; take more --samples." if rough else "")


def _output(output: dict[str, Any], width: int) -> str:
    if output["why_none"]:
        return f"{output['output']}: no indices, {output['why_none']}."
    show = _shown(output["unit"])
    heading = f"{output['output']}: {show(output['mean'])} on average, {show(output['least'])} to {show(output['most'])}"
    return "\n".join([heading, rendered(_table(output, show), width), answer_of(output)])


def _table(output: dict[str, Any], show: Callable[[float], str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    names = [name for name in _TITLES if any(name in each for each in output["influences"])]
    table.add_column("input")
    for name in names:
        table.add_column(_TITLES[name], justify="right")
        table.add_column("95 % interval")
    for influence in output["influences"]:
        cells = [Text(influence["group"])]
        for name in names:
            cells += [Text(cell) for cell in _cells(influence.get(name), show if name in {"mu_star", "sigma"} else _percent)]
        table.add_row(*cells)
    return table


def _cells(estimate: dict[str, Any] | None, show: Callable[[float], str]) -> tuple[str, str]:
    if estimate is None:
        return "-", ""
    mark = f" {MARK}" if estimate["may_be_0"] else ""
    return show(estimate["value"]), f"{show(estimate['low'])} to {show(estimate['high'])}{mark}"


def _ranges(paths: Sequence[str], ranges: dict[str, Any]) -> str:
    return ", ".join(f"{path} {ranges[path]['from']} to {ranges[path]['to']}" for path in paths)


def _weight(influence: dict[str, Any]) -> str:
    return "mu_star" if "mu_star" in influence else "total"


def _between(estimate: dict[str, Any], show: Callable[[float], str]) -> str:
    return f" ({show(estimate['low'])} to {show(estimate['high'])})"


def _shown(unit: str) -> Callable[[float], str]:
    return _percent if unit == "share" else _time


def _time(time_s: float) -> str:
    return f"-{show_time(-time_s)}" if time_s < 0.0 else show_time(time_s)


def _percent(share: float) -> str:
    return f"{round(100.0 * share, 1) + 0.0:.1f} %"  # + 0.0: no "-0.0 %"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
