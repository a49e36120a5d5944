"""A sensitivity study for people: what was varied, tables of what matters, and the answer in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from sim.report.layout import enumerated, rendered
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
NOISE = 0.05  # by which a share of nothing or of all is estimated outside 0 to 100 % even with enough samples
TOO_FEW = "Too few samples: a share below 0 % or above 100 % is an error of the estimate; take more --samples."
_INDEX = {"mu_star": "mu*", "total": "share in all"}
_NAMES = {"mu_star": "By mu*", "total": "In all"}
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
    first, weight = influences[0], _weight(influences[0])
    if weight == "total" and (_impossible(first["first"]) or _impossible(first["total"])):
        return TOO_FEW
    told = [each["group"] for each in influences if not each[weight]["may_be_0"]]
    nothing = [each["group"] for each in influences if each[weight]["may_be_0"]]
    if first[weight]["may_be_0"]:
        text = _nothing_first(influences, weight, told)
    else:
        rivals = [each["group"] for each in influences[1:] if each["group"] in told and each[weight]["high"] >= first[weight]["low"]]
        text = f"{first['group']} matters most: {_effect(first, _shown(output['unit']))}."
        text += f" The intervals do not tell it from {enumerated(rivals)}." if rivals else ""
        text += f" {_NAMES[weight]} not to be told from 0: {enumerated(nothing)}." if nothing else ""
    if weight == "total" and any(_impossible(each[name]) for each in influences for name in ("first", "total")):
        return f"{text} {TOO_FEW}"
    rough = weight == "total" and not first[weight]["may_be_0"] and first[weight]["high"] - first[weight]["low"] > ROUGH
    return text + (" These intervals are wide; take more --samples." if rough else "")


def _effect(first: dict[str, Any], show: Callable[[float], str]) -> str:
    """Return in words how much the most important group matters."""
    if "mu_star" in first:
        return f"moving it through its range changes it by {show(first['mu_star']['value'])}{_between(first['mu_star'], show)}"
    alone, total = first["first"], first["total"]
    in_all = f"{_within(total['value'])} in all{_between(total, _within)}"
    if alone["may_be_0"]:
        return f"it explains {in_all}; what it explains alone is not to be told from 0{_between(alone, _percent)}"
    return f"it explains {_within(alone['value'])} of the variance alone{_between(alone, _within)}, {in_all}"


def _nothing_first(influences: Sequence[dict[str, Any]], weight: str, told: Sequence[str]) -> str:
    """Return the answer where the largest index includes 0: which ones do not, by this index and by the other one."""
    more = "take more --samples or more replications."
    if told:
        largest = influences[0]["group"]
        return f"{largest} has the largest {_INDEX[weight]}, but its interval includes 0; that of {enumerated(told)} does not; {more}"
    text = f"By their {_INDEX[weight]} nothing can be told from 0; {more}"
    alone = [each["group"] for each in influences if weight == "total" and not each["first"]["may_be_0"]]
    return f"{text} By their share alone {enumerated(alone)} can." if alone else text


def _impossible(share: dict[str, Any]) -> bool:
    """Return whether an estimate of a share is so far outside 0 to 1 that it says nothing."""
    return not -NOISE <= share["value"] <= 1.0 + NOISE


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


def _within(share: float) -> str:
    """Return a share for a sentence: what is outside 0 to 100 % by the error of the estimate is cut."""
    return _percent(min(1.0, max(0.0, share)))
