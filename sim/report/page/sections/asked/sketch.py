"""A sketch of what was asked: SUs with their VMs by memory, the networks between them, the steps of the plan as arrows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyArrowPatch, Rectangle
from matplotlib.textpath import TextToPath

from sim.report.layout import clock
from sim.report.page.drawing import FAINT, GROUND, INK, PALE, POINTS_PER_INCH, SERIES, SOFT, WIDTH, Drawing
from sim.scenario.point import Point, Step, Unit, Vm
from sim.units import show_memory, show_rate

BELOW = 0.2  # inches from an SU to the line of its network
A_ROW = 3  # SUs side by side
MOST_UNITS = 9  # that are drawn, those of the plan first
MOST_BLOCKS = 24  # VMs drawn one by one in an SU; smaller ones share a block
MOST_ARROWS = 6
BOX, HEAD, LINE, GAP = 1.75, 0.42, 0.5, 0.12  # inches: height of an SU, of its name above it, of the network below it, and between rows
APART = 1.05  # inches between SUs side by side: room for an arrow and its name
ROOM = 44  # letters of a text below an SU: two of them share the width
EDGE = 0.2  # inches left and right, where the lines of a network that several rows use meet
LETTER = 0.078  # inches: width of a letter of 8 points at most
BOLD = 0.1  # inches: width of a bold letter of 9 points


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: left and bottom edge, width and height, inches."""

    x: float
    y: float
    width: float
    height: float


def units_drawn(point: Point) -> list[Unit]:
    """Return the SUs that are drawn: sources and targets of the plan first, then the others, in the order of the clusters."""
    planned = {place for step in point.steps for place in ends(point, step)}
    chosen = sorted(point.units, key=lambda unit: (unit.name not in planned, unit.cluster, unit.name))[:MOST_UNITS]
    first = [place for step in point.steps for place in ends(point, step)]
    order = {name: place for place, name in reversed(list(enumerate(first)))}
    return sorted(chosen, key=lambda unit: (unit.cluster, order.get(unit.name, len(first)), unit.name))


def ends(point: Point, step: Step) -> tuple[str, str]:
    """Return source and target SU of a step; of a VM that moves several times, where it is at the start."""
    return step.drain or next(vm.unit for vm in point.vms if vm.name == step.vm), step.to


def sketch(point: Point) -> Drawing:
    """Return the drawing of a point's topology and plan."""
    rows = _rows(units_drawn(point))
    height = sum(HEAD + BOX + LINE for _ in rows) + GAP * len(rows)
    columns = max([2, *map(len, rows)])
    width = (WIDTH - 2 * EDGE - (columns - 1) * APART) / columns
    boxes = {
        unit.name: Box(EDGE + place * (width + APART), height - (number + 1) * (HEAD + BOX + LINE + GAP) + LINE + GAP, width, BOX)
        for number, row in enumerate(rows)
        for place, unit in enumerate(row)
    }

    def draw(canvas: Canvas) -> None:
        canvas.set_layout_engine("none")  # one axes over everything, in inches
        axes = canvas.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(0, height)
        axes.axis("off")
        for row in rows:
            _network(axes, point, [boxes[unit.name] for unit in row], row[0].link, row[0].cluster)
        _joined(axes, point, [(row[0].link, boxes[row[0].name]) for row in rows])
        for row in rows:
            for unit in row:
                _unit(axes, unit, boxes[unit.name], [vm for vm in point.vms if vm.unit == unit.name])
        _arrows(axes, point, boxes)

    return Drawing(draw, height)


def packed(sizes: Sequence[float], box: Box) -> Iterator[Box]:
    """Yield a block for each size, largest first given, areas in proportion, as square as it goes.

    Blocks are laid in strips along the shorter side; a strip takes blocks as long as its worst ratio of sides gets better.
    """
    total = sum(sizes)
    if total <= 0.0:
        return
    areas = [size / total * box.width * box.height for size in sizes]
    while areas:
        side = min(box.width, box.height)
        count = 1
        while count < len(areas) and _ratio(areas[: count + 1], side) <= _ratio(areas[:count], side):
            count += 1
        strip, areas = areas[:count], areas[count:]
        depth = sum(strip) / side
        at = 0.0
        for area in strip:
            length = area / depth
            if box.width <= box.height:
                yield Box(box.x + at, box.y + box.height - depth, length, depth)
            else:
                yield Box(box.x, box.y + box.height - at - length, depth, length)
            at += length
        if box.width <= box.height:
            box = Box(box.x, box.y, box.width, box.height - depth)
        else:
            box = Box(box.x + depth, box.y, box.width - depth, box.height)


def _ratio(areas: Sequence[float], side: float) -> float:
    """Return the worst ratio of sides of a strip of blocks along a side."""
    depth = sum(areas) / side
    return max(max(depth * depth / area, area / (depth * depth)) for area in areas)


def _rows(units: Sequence[Unit]) -> list[list[Unit]]:
    """Return the SUs of each cluster in rows."""
    rows: list[list[Unit]] = []
    for unit in units:
        if not rows or rows[-1][0].cluster != unit.cluster or len(rows[-1]) == A_ROW:
            rows.append([])
        rows[-1].append(unit)
    return rows


def _unit(axes: Axes, unit: Unit, box: Box, vms: Sequence[Vm]) -> None:
    """Draw an SU: name and memory above, its VMs and what is free inside."""
    guests = sum(vm.memory_bytes for vm in vms)
    free = max(0.0, unit.memory_bytes - unit.reserved_bytes - guests)
    top = box.y + box.height
    kind = f"  SU {unit.su_type}"
    name = _cut(unit.name, int((box.width + APART - 0.1) / BOLD) - len(kind))  # up to the next SU
    axes.text(box.x, top + 0.21, name + kind, fontsize=9, fontweight="bold", va="bottom")
    axes.text(
        box.x,
        top + 0.06,
        f"{_vms(len(vms))} with {show_memory(guests)} of {show_memory(unit.memory_bytes)}"
        if vms
        else f"no VM; {show_memory(unit.memory_bytes)}",
        fontsize=8,
        color=SOFT,
        va="bottom",
    )
    largest = sorted(vms, key=lambda vm: (-vm.memory_bytes, vm.name))
    parts = [(vm.memory_bytes, vm.name, vm.state == "RUNNING") for vm in largest[:MOST_BLOCKS]]
    rest = largest[MOST_BLOCKS:]
    if rest:
        parts.append((sum(vm.memory_bytes for vm in rest), f"{len(rest)} more", True))
    blocks = [*((size, name, "vm" if runs else "still") for size, name, runs in parts), (free, "free", "free")]
    blocks.append((unit.reserved_bytes, "hypervisor and monitor VM" if unit.su_type == "/390" else "X2000 and monitor VM", "reserved"))
    known = sorted((block for block in blocks if block[0] > 0.0), key=lambda block: -block[0])
    for (_, name, kind), place in zip(known, packed([block[0] for block in known], box), strict=True):
        _block(axes, place, name, kind)
    axes.add_patch(Rectangle((box.x, box.y), box.width, box.height, fill=False, edgecolor=INK, linewidth=1.4))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: max(1, most - 1)]}\u2026"


def _vms(count: int) -> str:
    return f"{count} VM{'s' * (count != 1)}"


def _block(axes: Axes, box: Box, name: str, kind: str) -> None:
    """Draw a part of an SU's memory, with its name where it fits."""
    fill = {"vm": SERIES[5], "still": PALE, "free": GROUND, "reserved": FAINT}[kind]
    patch = Rectangle((box.x, box.y), box.width, box.height, facecolor=fill, edgecolor=INK, linewidth=0.5)
    patch.set_alpha(0.55 if kind == "vm" else None)
    if kind == "reserved":
        patch.set_hatch("////")  # told from a VM that does not run without its shade, too
    if kind == "free":
        patch.set_linestyle(":")
    axes.add_patch(patch)
    long, wide = _wide(name), 0.14
    upright = long > box.width and long < box.height and wide < box.width
    if (long <= box.width and wide <= box.height) or upright:
        axes.text(
            box.x + box.width / 2,
            box.y + box.height / 2,
            name,
            fontsize=8,
            ha="center",
            va="center",
            rotation=90 if upright else 0,
            color=SOFT if kind in {"free", "reserved"} else INK,
        )


def _wide(text: str) -> float:
    """Return how much room a text of 8 points needs, inches."""
    width, _, _ = TextToPath().get_text_width_height_descent(text, FontProperties(family="DejaVu Sans", size=8), ismath=False)
    return float(width) / POINTS_PER_INCH + 0.02


def _network(axes: Axes, point: Point, boxes: Sequence[Box], name: str, cluster: str) -> None:
    """Draw a network as a line below the SUs of a cluster, with what it carries for migrations."""
    link = next(each for each in point.links if each.name == name)
    number = [each.name for each in point.links].index(name)
    colour = SERIES[number % len(SERIES)]
    level = boxes[0].y - BELOW
    axes.plot([boxes[0].x + 0.15, boxes[-1].x + boxes[-1].width - 0.15], [level, level], color=colour, linewidth=3, solid_capstyle="round")
    for box in boxes:
        axes.plot([box.x + box.width / 2] * 2, [level, box.y], color=colour, linewidth=1.6)
    text = f"network {name}: {show_rate(link.payload_Bps)} for migrations"
    axes.text(boxes[0].x + 0.15, level - 0.06, _cut(text, ROOM), fontsize=8, va="top")
    end = boxes[-1].x + boxes[-1].width - 0.15
    axes.text(end, level - 0.06, _cut(f"cluster {cluster}", ROOM), fontsize=8, va="top", ha="right", color=SOFT)


def _joined(axes: Axes, point: Point, rows: Sequence[tuple[str, Box]]) -> None:
    """Join the lines of a network that several rows of SUs use: what they send meets there."""
    for number, link in enumerate(point.links):
        levels = [box.y - BELOW for name, box in rows if name == link.name]
        if len(levels) > 1:
            colour, x = SERIES[number % len(SERIES)], 0.06 + 0.05 * (number % 3)
            axes.plot([x, x], [min(levels), max(levels)], color=colour, linewidth=3, solid_capstyle="round")
            for level in levels:
                axes.plot([x, EDGE + 0.15], [level, level], color=colour, linewidth=3, solid_capstyle="round")


def _arrows(axes: Axes, point: Point, boxes: dict[str, Box]) -> None:
    """Draw the first steps of the plan from source to target; steps between the same SUs lie below each other."""
    taken: dict[frozenset[str], int] = {}
    for step in point.steps[:MOST_ARROWS]:
        source, target = ends(point, step)
        if source == target or source not in boxes or target not in boxes:
            continue
        pair = frozenset((source, target))
        number = taken.get(pair, 0)
        taken[pair] = number + 1
        _arrow(axes, boxes[source], boxes[target], 0.35 + 0.42 * (number % 4), f"{step.name} {clock(step.at_s)[:-5]}", step.drain == "")


def _arrow(axes: Axes, source: Box, target: Box, down: float, label: str, single: bool) -> None:
    rightwards = target.x >= source.x
    begin = (source.x + (source.width if rightwards else 0.0), source.y + source.height - down)
    end = (target.x + (0.0 if rightwards else target.width), target.y + target.height - down)
    if source.x == target.x:  # in rows below each other
        end = (target.x + target.width, end[1])
    style = "-|>" if single else "simple,tail_width=4,head_width=10,head_length=8"
    axes.add_patch(
        FancyArrowPatch(begin, end, arrowstyle=style, color=SERIES[1], linewidth=1.5 if single else 0.5, mutation_scale=14 if single else 1)
    )
    room = int(APART / LETTER) + 1
    shown = label if len(label) <= room or abs(end[0] - begin[0]) > APART + 0.01 else f"{label[: room - 1]}..."
    axes.text((begin[0] + end[0]) / 2, max(begin[1], end[1]) + 0.09, shown, fontsize=8, ha="center", va="bottom")
