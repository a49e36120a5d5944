"""Figures drawn by matplotlib: as SVG whose colours follow the page's light or dark theme, or as a picture for slides."""

from __future__ import annotations

import io
import math
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas
from matplotlib.text import Annotation
from matplotlib.ticker import FuncFormatter, MultipleLocator

from sim.report.layout import DAY_TENTHS, short_span
from sim.report.page.slimming import slim

WIDTH = 7.4  # inches of a figure: the width of a page in print, and readable beside text on a screen
# Okabe and Ito's palette, told apart by the colour-blind too; markers and line styles differ as well. Each is a variable of the page's
# style sheet, which gives it another shade on a dark ground.
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
INK, SOFT, FAINT, PALE, GROUND = "#1b2733", "#55646f", "#c9d1d9", "#e8eef4", "#fefefe"
GOOD, BAD = "#1a7f4b", "#b3261e"
VARIABLES = dict(zip(SERIES, (f"--s{number}" for number in range(1, len(SERIES) + 1)), strict=True)) | {
    INK: "--ink",
    SOFT: "--soft",
    FAINT: "--faint",
    PALE: "--pale",
    GROUND: "--ground",
    GOOD: "--good",
    BAD: "--bad",
}
LEGEND = 112  # letters that a legend has room for
LINES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P")
STYLE: dict[Any, Any] = {  # its keys are a closed list of literals in newer versions of matplotlib, and any text in older ones
    "svg.hashsalt": "migr",  # else the ids, and so the bytes, differ from run to run
    "svg.fonttype": "none",  # text stays text: small, searchable, read aloud
    "text.parse_math": False,  # a VM may be called $X$
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: the same layout everywhere
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.facecolor": "none",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": FAINT,
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "path.simplify_threshold": 0.5,
}
_TAGS = re.compile(r"<[^>]+>")  # what people read stands between them, and stays as it is
_IDS = re.compile(r'(\bid="|href="#|url\(#)')
_NUMBERS = re.compile(r"(?<![#\w])-?\d+\.\d{3,}")
_COLOURS = re.compile("|".join(VARIABLES), re.IGNORECASE)
_SIZE = re.compile(r' (width|height)="[^"]*"')
LIMIT = "limit"  # what ids of the names of limits begin with: the style sheet gives them a rim of the ground's colour
NEAR_AN_END = 0.2  # of an axis
POINTS_PER_INCH = 72.0  # the unit of SVG as matplotlib writes it
NO_TRACE = {"Date": None, "Creator": None, "Format": None, "Type": None}


@dataclass(frozen=True, slots=True)
class Drawing:
    """How a figure is drawn.

    Args:
        draw: draws on an empty canvas, within `STYLE`; takes colours from this module only.
        height: inches; the width is `WIDTH`.
    """

    draw: Callable[[Canvas], None]
    height: float = 2.8


@contextmanager
def drawn(drawing: Drawing, title: str = "") -> Iterator[Canvas]:
    """Yield a figure as matplotlib has it, with its title above it where one is given."""
    with mpl.rc_context():
        mpl.rcdefaults()  # whatever a matplotlibrc of the reader's says: the same bytes everywhere
        mpl.rcParams.update(STYLE)
        canvas = Canvas(figsize=(WIDTH, drawing.height), layout="constrained")
        drawing.draw(canvas)
        _settle_limits(canvas)
        if title:
            lines = textwrap.wrap(title, 88)
            canvas.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=10.5, fontweight="bold", color=INK)
        yield canvas


def svg_of(drawing: Drawing, key: str) -> str:
    """Return a figure as SVG: the same bytes each time, ids that begin with `key`, colours that are variables of the page."""
    file = io.StringIO()
    with drawn(drawing) as canvas:
        # As savefig does it, without drawing everything once before only to find the layout: half the time of a report.
        canvas.dpi = POINTS_PER_INCH
        canvas.patch.set_visible(False)
        engine = canvas.get_layout_engine()
        if engine is not None:
            engine.execute(canvas)
            canvas.set_layout_engine("none")
        FigureCanvasSVG(canvas).print_svg(file, metadata=NO_TRACE)  # type: ignore[no-untyped-call]
    svg = file.getvalue()
    svg = _TAGS.sub(lambda tag: _rewritten(tag[0], key), svg[svg.index("<svg") :])
    head, rest = slim(svg, f"-{LIMIT}-").split(">", 1)
    return f'{_SIZE.sub("", head)} aria-hidden="true" focusable="false">{rest}'


def _rewritten(tag: str, key: str) -> str:
    """Return a tag with ids of its own, coordinates to a hundredth of a point (nobody sees more), and variables as colours."""
    tag = _IDS.sub(lambda found: f"{found[1]}{key}-", tag)
    tag = _NUMBERS.sub(lambda found: f"{float(found[0]):.2f}", tag)
    return _COLOURS.sub(lambda found: f"var({VARIABLES[found[0].lower()]})", tag)


def png_of(drawing: Drawing, title: str, dots_per_inch: int = 200) -> bytes:
    """Return a figure as PNG on white, its title above it."""
    file = io.BytesIO()
    with drawn(drawing, title) as canvas:
        canvas.savefig(file, format="png", dpi=dots_per_inch, facecolor="white", metadata={"Software": None})
    return file.getvalue()


def time_axis(axes: Axes, *, which: str = "x") -> None:
    """Label an axis of seconds with spans such as 14.2 or 3:20; the label names the unit."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: short_span(value) if value >= 60 or value % 1 else f"{value:g}"))


def clock_axis(axes: Axes) -> None:
    """Label an axis of seconds since 00:00 of the first day with clock times."""
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _clock(value)))


def _clock(time_s: float) -> str:
    seconds = round(time_s) % (DAY_TENTHS // 10)
    text = f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"
    return f"{text}:{seconds % 60:02d}" if seconds % 60 else text


def limit(axes: Axes, at: float, label: str, *, which: str = "x") -> None:
    """Draw a limit, such as the end of the window or that of an objective, with its name beside it."""
    line = axes.axvline if which == "x" else axes.axhline
    line(at, color=BAD, linestyle=(0, (4, 2)), linewidth=1.2)
    number = sum(str(text.get_gid()).startswith(LIMIT) for each in axes.figure.axes for text in each.texts)
    place, over = ((at, 1.0), axes.get_xaxis_transform()) if which == "x" else ((1.0, at), axes.get_yaxis_transform())
    # Above the line: on it nobody could read it.
    text = axes.annotate(
        label, place, (0, 2), over, "offset points", color=BAD, va="bottom", ha="center" if which == "x" else "right", fontsize=8
    )
    text.set_gid(f"{LIMIT}-{which}-{number}")


def _settle_limits(canvas: Canvas) -> None:
    """Turn the names of limits near an end of their axis inwards, so that they are not cut off there; axes are final only now."""
    for axes in canvas.axes:
        for text in axes.texts:
            if isinstance(text, Annotation) and str(text.get_gid()).startswith(f"{LIMIT}-x"):
                share = axes.transAxes.inverted().transform(axes.transData.transform((text.xy[0], axes.get_ylim()[0])))[0]
                text.set_horizontalalignment("left" if share < NEAR_AN_END else "right" if share > 1.0 - NEAR_AN_END else "center")


def series(number: int) -> dict[str, Any]:
    """Return colour, line style and marker of the n-th series, from 0: told apart without colours too."""
    return {"color": SERIES[number % len(SERIES)], "linestyle": LINES[number // len(SERIES) % len(LINES)]}


def legend_below(canvas: Canvas, handles: Sequence[Any], labels: Sequence[str]) -> None:
    """Set one legend for all panels below them, in as many columns as the width has for the longest label."""
    columns = next((number for number in range(min(6, len(labels)), 1, -1) if _legend_width(labels, number) <= LEGEND), 1)
    canvas.legend(handles, labels, loc="outside lower center", ncols=columns, handletextpad=0.4, columnspacing=1.2)


def _legend_width(labels: Sequence[str], columns: int) -> int:
    """Return how wide a legend is, in letters, that is filled column by column, the longer columns first, as matplotlib does it."""
    short, longer = divmod(len(labels), columns)
    sizes = [short + (number < longer) for number in range(columns)]
    ends = [sum(sizes[: number + 1]) for number in range(columns)]
    return sum(8 + max(map(len, labels[end - size : end])) for size, end in zip(sizes, ends, strict=True))


_EVEN_S = (
    *(digit * 10.0**-power for power in (3, 2, 1) for digit in (1, 2, 5)),
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200),
)


def even_s(span_s: float, most: int) -> float:
    """Return the smallest time that reads well, seconds, of which at most so many fit into a span; whole days above 12 h."""
    return next((step for step in _EVEN_S if span_s <= step * most), 86400.0 * math.ceil(span_s / 86400.0 / most))


def even_ticks(axes: Axes, span_s: float, most: int = 7) -> None:
    """Set the ticks of an x axis of seconds at times that read well, such as every 5 s or every 10 min.

    From a minute on they are told in whole seconds, so that there is no tick between two of those.
    """
    step = even_s(span_s, most)
    axes.xaxis.set_major_locator(MultipleLocator(max(1.0, step) if max(axes.get_xlim()) >= 60.0 else step))
