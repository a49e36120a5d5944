"""The figures of a verification: each a function of its tables, returned as SVG that can stand in a page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, PercentFormatter
from scipy.stats import kstwo

from sim.validate.predict.predictions import LINK_DOWNTIME
from sim.validate.score.bars import POOLED_GROUPS
from sim.validate.score.kinds import KINDS, NAMES, POOLED, of_kind
from sim.validate.score.laboratory import OURS, TARGET_GROUPS, Laboratory
from sim.validate.score.noise import noise_floor
from sim.validate.score.rivals import RIVALS
from sim.validate.score.scoring import answered, mean_error

# Okabe and Ito's palette: told apart by the colour-blind too, and markers differ as well.
COLOURS = {"A": "#7f7f7f", "B": "#0072b2", "C": "#e69f00", "D": "#009e73", "E": "#cc79a7", "L": "#d55e00"}
MARKERS = {"A": "o", "B": "s", "C": "^", "D": "D", "E": "v", "L": "P"}
RIVAL_COLOURS = ("#e69f00", "#009e73", "#cc79a7", "#56b4e9")
INK, FAINT, BAND = "#1b2733", "#c9d1d9", "#e8eef4"
SCALES = {"total_time_ms": (1e-3, "s"), "transferred": (1e-6, "MB"), "downtime_ms": (1.0, "ms"), "sync_count": (1.0, "")}
STYLE: dict[Any, Any] = {  # its keys are a closed list of literals in newer versions of matplotlib, and any text in older ones
    "svg.hashsalt": "migr",  # else the ids, and so the bytes, differ from run to run
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "legend.frameon": False,
}
INPUTS: tuple[tuple[str, str, str], ...] = (
    ("memory_mib", "memory (MiB)", "log"),
    ("filled", "filled share of the memory", "linear"),
    ("writes_pps", "page writes per second", "symlog"),
    ("cap_mibs", "cap (MiB/s)", "log"),
    ("limit_ms", "downtime limit (ms)", "log"),
    ("link_mbit", "link (Mbit/s)", "log"),
)
ERROR_TICKS = (-0.3, -0.1, -0.03, -0.01, 0.0, 0.01, 0.03, 0.1, 0.3)
LINEAR_UP_TO = 0.01  # errors: small ones are not to be lost beside the few large ones
CONFIDENCE = 0.99  # of the band around a QQ plot, like that of the coverage
_IDS = re.compile(r'(\bid="|href="#|url\(#)')


def drawn(name: str, size: tuple[float, float], draw: Callable[[Figure], None]) -> str:
    """Return a figure as SVG: the same bytes each time, ids that no other figure of the page has, no date.

    Args:
        name: prefix of the ids, a word.
        size: inches.
        draw: draws on the figure.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = file.getvalue()
    svg = _IDS.sub(lambda found: f"{found[1]}{name}-", svg[svg.index("<svg") :])
    return re.sub(
        r'<svg ([^>]*?)width="[^"]*" height="[^"]*"|<svg ([^>]*?)height="[^"]*" ([^>]*?)width="[^"]*"', r"<svg \1\2\3", svg, count=1
    )


def against_measured(laboratory: Laboratory, trial: str) -> str:
    """Return predicted against measured, a panel a quantity, with 90 % intervals and the noise of repeats."""
    rows = laboratory.of(trial)

    def draw(figure: Figure) -> None:
        panels = figure.subplots(1, len(NAMES))
        for axes, quantity in zip(panels, NAMES, strict=True):
            _against(axes, answered(rows, quantity), quantity)
        _group_legend(figure)

    return drawn("measured", (11.0, 3.4), draw)


def qq(laboratory: Laboratory, trial: str) -> str:
    """Return QQ plots of the probability integral transforms: where in our distributions the measurements lie."""
    rows = laboratory.of(trial)

    def draw(figure: Figure) -> None:
        shown = ("total_time_ms", "transferred", LINK_DOWNTIME, "sync_count")
        panels = figure.subplots(1, len(shown), sharey=True)
        for axes, kind in zip(panels, shown, strict=True):
            _qq(axes, np.sort(of_kind(rows, kind)["pit"].dropna().to_numpy(dtype=float)), KINDS[kind])
        panels[0].set_ylabel("place of the measured value")

    return drawn("qq", (11.0, 3.1), draw)


def by_group(laboratory: Laboratory, trial: str) -> str:
    """Return the pooled error in each group, ours beside the rivals'."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        groups = [*TARGET_GROUPS, "pooled"]
        for name in (*RIVALS, OURS):
            rows = laboratory.of(trial, name)
            errors = [mean_error(rows[rows["group"].isin(POOLED_GROUPS if group == "pooled" else (group,))], POOLED) for group in groups]
            axes.plot(errors, range(len(groups)), linestyle="none", clip_on=False, **_look(name))
        axes.set_xscale("log")
        axes.set_yticks(range(len(groups)), [f"{GROUP_NAMES.get(group, group)}" for group in groups])
        axes.invert_yaxis()
        axes.grid(axis="y", color=FAINT, linewidth=0.6)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
        axes.set_xlabel("mean absolute error of total time, bytes and link-limited downtime")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside right center")

    return drawn("groups", (11.0, 3.6), draw)


GROUP_NAMES = {
    "A": "A  idle guests",
    "B": "B  one uniform set",
    "C": "C  sequential, Zipf",
    "D": "D  hot, warm, cold",
    "E": "E  random mixtures",
    "L": "L  limited by the link",
    "U": "U  uncapped",
    "X": "X  auto-converge",
    "pooled": "B to L together",
}


def residuals(laboratory: Laboratory, trial: str) -> str:
    """Return the errors of the total time against each input."""
    rows = answered(laboratory.of(trial), "total_time_ms")
    errors = rows["predicted"] / rows["measured"] - 1.0

    def draw(figure: Figure) -> None:
        panels = figure.subplots(2, 3, sharey=True)
        for axes, (column, label, scale) in zip(panels.flat, INPUTS, strict=True):
            given = rows[column] > 0 if scale == "log" else rows[column] >= 0
            _band(axes, rows)
            _scatter(axes, rows[given], rows[given][column], errors[given])
            if scale == "log" and not given.any():
                scale = "linear"  # noqa: PLW2901 - an axis without a number has no logarithms
            axes.set_xscale(scale, **({"linthresh": 100.0} if scale == "symlog" else {}))
            axes.set_xlabel(label)
            axes.set_yscale("symlog", linthresh=LINEAR_UP_TO)
            axes.set_yticks(ERROR_TICKS, [f"{100 * tick:+g} %" if tick else "0" for tick in ERROR_TICKS])
            if scale == "log":
                ticks = sorted(set(rows[given][column]))
                axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks], rotation=30 if len(ticks) > 4 else 0)
            axes.minorticks_off()
        for axes in panels[:, 0]:
            axes.set_ylabel("error of the total time")
        _group_legend(figure)

    return drawn("residuals", (11.0, 5.4), draw)


def side_by_side(laboratory: Laboratory, trials: Sequence[str]) -> str:
    """Return how large a share of the errors is below a size, a line a trial, all on the scored half."""
    quantities = ("total_time_ms", "transferred")

    def draw(figure: Figure) -> None:
        panels = figure.subplots(1, len(quantities), sharey=True)
        for axes, quantity in zip(panels, quantities, strict=True):
            for trial in trials:
                rows = laboratory.of(trial)
                rows = answered(rows[rows["scored"]], quantity)
                errors = np.maximum((rows["predicted"] / rows["measured"] - 1.0).abs(), 1e-5)
                line = "--" if "requested" in trial else "-"
                colour = COLOURS["B" if trial.startswith("calibrated") else "L"]
                axes.ecdf(errors, label=trial, linestyle=line, color=colour, linewidth=1.6)
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
            axes.set_title(NAMES[quantity])
            axes.set_xlabel("error not larger than")
            axes.grid(color=FAINT, linewidth=0.5)
        panels[0].yaxis.set_major_formatter(PercentFormatter(1.0))
        panels[0].set_ylabel("share of the migrations")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center")

    return drawn("trials", (11.0, 3.4), draw)


def _against(axes: Axes, rows: pd.DataFrame, quantity: str) -> None:
    """Draw one panel of predicted against measured."""
    scale, unit = SCALES[quantity]
    axes.set_title(NAMES[quantity])
    axes.set_xlabel(f"measured ({unit})" if unit else "measured")
    axes.set_ylabel(f"predicted ({unit})" if unit else "predicted")
    axes.set_xscale("log")
    axes.set_yscale("log")
    if not len(rows):
        return
    ends = np.array([rows[["measured", "predicted"]].min().min() * 0.8, rows[["measured", "predicted"]].max().max() * 1.25]) * scale
    noise = noise_floor(rows["measured"], rows["cell"])
    if noise:
        axes.fill_between(ends, ends * (1 - noise.median), ends * (1 + noise.median), color=FAINT, linewidth=0)
        axes.text(0.97, 0.04, f"repeats differ by {100 * noise.median:.2g} %", transform=axes.transAxes, ha="right", fontsize=8)
    axes.plot(ends, ends, color=INK, linewidth=0.7)
    axes.vlines(rows["measured"] * scale, rows["low"] * scale, rows["high"] * scale, color=FAINT, linewidth=1.0)
    _scatter(axes, rows, rows["measured"] * scale, rows["predicted"] * scale)
    axes.set_xlim(*ends)
    axes.set_ylim(*ends)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(10.0, subs=(1.0, 3.0)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.minorticks_off()


def _qq(axes: Axes, places: np.ndarray[Any, np.dtype[np.float64]], title: str) -> None:
    """Draw one QQ plot with the band that a right model stays in."""
    axes.set_title(title)
    axes.set_xlabel("its place if we are right")
    axes.set_aspect("equal")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    if len(places):
        width = float(kstwo.ppf(CONFIDENCE, len(places)))
        axes.fill_between([0, 1], [-width, 1 - width], [width, 1 + width], color=BAND, linewidth=0)
        axes.plot((np.arange(len(places)) + 0.5) / len(places), places, ".", color=COLOURS["B"], markersize=4, clip_on=False)
        axes.text(0.97, 0.04, f"n = {len(places)}", transform=axes.transAxes, ha="right", fontsize=8)
    axes.plot([0, 1], [0, 1], color=INK, linewidth=0.7)


def _scatter(axes: Axes, rows: pd.DataFrame, x: pd.Series[float], y: pd.Series[float]) -> None:
    """Draw points with the colour and the marker of their group."""
    for group in TARGET_GROUPS:
        own = rows["group"] == group
        axes.scatter(x[own], y[own], s=16, color=COLOURS[group], marker=MARKERS[group], alpha=0.75, linewidths=0, label=GROUP_NAMES[group])


def _band(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw no error, and the noise of repeats around it."""
    noise = noise_floor(rows["measured"], rows["cell"]) if len(rows) else None
    if noise:
        axes.axhspan(-noise.median, noise.median, color=FAINT, linewidth=0)
    axes.axhline(0.0, color=INK, linewidth=0.7)


def _look(name: str) -> dict[str, Any]:
    """Return how a predictor is drawn: ours filled and large, a rival's published formula hollow, its informed one filled."""
    if name == OURS:
        return {"color": COLOURS["B"], "marker": "D", "markersize": 9, "label": "migr", "zorder": 5}
    colour = RIVAL_COLOURS[list(RIVALS).index(name) // 2 % len(RIVAL_COLOURS)]
    face = colour if name.endswith("informed") else "white"
    return {"color": colour, "markerfacecolor": face, "marker": "o", "markersize": 6, "label": name}


def _group_legend(figure: Figure) -> None:
    """Draw one legend for all panels."""
    handles, labels = figure.axes[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=len(TARGET_GROUPS), handletextpad=0.2, columnspacing=1.2)
