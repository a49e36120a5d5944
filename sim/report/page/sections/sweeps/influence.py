"""Figure of a sensitivity study: how much each input moves each output, a bar an input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FixedLocator

from sim.report.page.blocks import Cell, Figure, Prose, Table, share_cell, span_cell
from sim.report.page.drawing import INK, SERIES, SOFT, Drawing, time_axis
from sim.report.page.sections.sweeps.axes import round_ticks
from sim.report.page.sections.sweeps.points import short
from sim.report.sensitivity import TOO_FEW, answer_of

MOST_VARIANTS, MOST_OUTPUTS, MOST_INPUTS = 2, 3, 10
# The upper quantiles first: they decide about the window. The means where there were too few replications for them.
ORDER = ("p99 makespan", "p99 downtime", "mean makespan", "mean downtime", "p99 total", "mean total")
BEYOND = 0.25  # below 0 and above 100 % of a share: what few samples estimate there is cut off
WORDS = {
    "mu_star": "mean change when the input moves through its whole range (mu*)",
    "sigma": "spread of that change (sigma)",
    "first": "alone",
    "total": "in all",
}


def influence_blocks(found: dict[str, Any], key: str, replications: int) -> list[Figure | Prose]:
    """Return what a sensitivity study found: a figure a variant, and in words what matters.

    Args:
        found: sensitivity.json.
        key: with which keys begin.
        replications: of each point.
    """
    blocks: list[Figure | Prose] = []
    for number, variant in enumerate(found["variants"][:MOST_VARIANTS]):
        name = f"{variant['variant']}: " if variant["variant"] else ""
        told = [output for output in variant["outputs"] if not output["why_none"]]
        blocks += [
            Prose(f"{name}{each['output']}: no indices, {each['why_none']}.", "soft") for each in variant["outputs"] if each["why_none"]
        ]
        if told:
            blocks.append(_figure(found, name, _chosen(told), f"{key}influence{number}", replications))
            blocks += [Prose(f"{name}{each['output']}: {_within(answer_of(each))}") for each in _chosen(told)[1:]]
    left = len(found["variants"]) - MOST_VARIANTS
    return [*blocks, *([Prose(f"{left} more variants are in `sensitivity.json`.", "soft")] if left > 0 else [])]


def _chosen(outputs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the outputs that are drawn: of makespan and downtime one each, then others."""
    place = {name: number for number, name in enumerate(ORDER)}
    ordered = sorted(outputs, key=lambda each: place.get(each["output"], len(ORDER)))
    kinds: dict[str, dict[str, Any]] = {}
    for each in ordered:
        kinds.setdefault(str(each["output"]).removeprefix("p99 ").removeprefix("mean "), each)
    return list(kinds.values())[:MOST_OUTPUTS]


def _figure(found: dict[str, Any], name: str, outputs: Sequence[dict[str, Any]], key: str, replications: int) -> Figure:
    inputs = min(MOST_INPUTS, max(len(output["influences"]) for output in outputs))
    drawing = Drawing(lambda canvas: _draw(canvas, outputs), (0.42 + 0.26 * inputs) * len(outputs) + 0.35)
    morris = found["method"] == "morris"
    kind = (
        "Bar: mu*, the mean change of the output when an input moves through its whole range; diamond: sigma, how much that depends on "
        "the others. Longer bars matter more."
    )
    sobol = (
        "Bar: share of the variance that goes when an input is held fixed; diamond: the share that it explains alone. What few samples "
        "estimate far below 0 or far above 100 % is cut off at the edge."
    )
    reading = (kind if morris else sobol) + " Hollow bars may be 0: their interval includes it."
    several = (
        f"{found['samples']:,} {'trajectories' if morris else 'samples'}, {found['points']:,} points, {replications:,} replications each;"
    )
    sample = f"{several} lines are 95 % intervals (bootstrap)."
    return Figure(
        key,
        f"{name}{outputs[0]['output']}: {_within(answer_of(outputs[0]))}",
        drawing,
        _alt(outputs),
        reading,
        sample,
        _numbers(outputs, key),
    )


def _within(sentence: str) -> str:
    """Return a sentence as it goes on behind a colon."""
    return sentence[:1].lower() + sentence[1:] if sentence == TOO_FEW else sentence  # else it begins with the name of an input


def _weight(influence: dict[str, Any]) -> tuple[str, str]:
    """Return the index that is the bar and the one that is the diamond."""
    return ("mu_star", "sigma") if "mu_star" in influence else ("total", "first")


def _draw(canvas: Canvas, outputs: Sequence[dict[str, Any]]) -> None:
    panels = canvas.subplots(len(outputs), 1, squeeze=False)[:, 0]
    for axes, output in zip(panels, outputs, strict=True):
        influences = output["influences"][:MOST_INPUTS]
        for row, each in enumerate(influences):
            _bar(axes, row, each)
        axes.set_yticks(range(len(influences)), [short(each["group"]) for each in influences], fontsize=8)
        axes.set_ylim(len(influences) - 0.4, -0.6)
        share = "mu_star" not in influences[0] or output["unit"] == "share"
        if "mu_star" not in influences[0]:
            low, high = axes.get_xlim()
            axes.set_xlim(max(low, -BEYOND), min(max(high, 1.0), 1.0 + BEYOND))
        if share:
            axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")
        else:
            axes.xaxis.set_major_locator(FixedLocator(round_ticks(0.0, axes.get_xlim()[1])))
            time_axis(axes)
        what = "share of the variance" if "mu_star" not in influences[0] else "change" + ("" if share else ", s or min:s")
        axes.set_title(f"{output['output']}: {what}", fontsize=9, loc="left")
        axes.axvline(0.0, color=INK, linewidth=0.8)
        axes.grid(visible=True, axis="x")


def _bar(axes: Axes, row: int, influence: dict[str, Any]) -> None:
    bar, diamond = _weight(influence)
    value = influence[bar]
    hollow = value["may_be_0"]
    axes.barh(
        row, value["value"], height=0.55, facecolor="none" if hollow else SERIES[0], edgecolor=SERIES[0], alpha=1.0 if hollow else 0.75
    )
    ends = [[max(0.0, value["value"] - value["low"])], [max(0.0, value["high"] - value["value"])]]
    axes.errorbar([value["value"]], [row], xerr=ends, color=INK, capsize=2.5, linewidth=1.1, linestyle="none")
    if diamond in influence:
        axes.plot([influence[diamond]["value"]], [row], marker="D", markersize=5, color=SERIES[1], markeredgecolor=SOFT, linestyle="none")


def _alt(outputs: Sequence[dict[str, Any]]) -> str:
    told = []
    for output in outputs:
        bars = ", ".join(
            f"{each['group']} {_cells(each[_weight(each)[0]], output, _weight(each)[0])[0].text}"
            for each in output["influences"][:MOST_INPUTS]
        )
        told.append(f"{output['output']}: {bars}")
    return f"Bars of how much each input matters. {'. '.join(told)}."


def _cells(estimate: dict[str, Any] | None, output: dict[str, Any], index: str) -> list[Cell]:
    if estimate is None:
        return [Cell("-"), Cell("-"), Cell("-")]
    is_time = index in {"mu_star", "sigma"} and output["unit"] == "s"
    return [_signed(estimate[end]) if is_time else share_cell(estimate[end]) for end in ("value", "low", "high")]


def _signed(value: float) -> Cell:
    return span_cell(value) if value >= 0.0 else Cell(f"-{span_cell(-value).text}", value)


def _numbers(outputs: Sequence[dict[str, Any]], key: str) -> Table:
    indices = [index for index in WORDS if any(index in each for output in outputs for each in output["influences"])]
    titles = ["output", "input", *(title for index in indices for title in (WORDS[index], "95 % from", "to")), "may be 0"]
    rows: list[list[Cell | str]] = []
    for output in outputs:
        for each in output["influences"]:
            cells = [cell for index in indices for cell in _cells(each.get(index), output, index)]
            rows.append([output["output"], each["group"], *cells, "yes" if each[_weight(each)[0]]["may_be_0"] else "no"])
    return Table(f"{key}numbers", titles, rows, "Indices with their 95 % intervals, of all inputs.", folded=True)
