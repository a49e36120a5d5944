"""Section of the report: how much more than its memory a VM sends, what is full meanwhile, and so what decides how fast it goes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.report.explain_operations import fault_text
from sim.report.layout import clock
from sim.report.page.blocks import Block, Cell, Figure, Heading, Prose, Section, Table, share_cell
from sim.report.page.sections.network.figures import draw_bands, shown_rate
from sim.report.page.sections.network.found import BANDS, Found, Thing, found_of, span_s
from sim.report.page.sections.network.sent import sent_figure
from sim.report.page.source import Detail, Source
from sim.results.statistics import quantile
from sim.units import show_memory, show_rate

ALL = 0.995  # of the time in which anything is sent: what rounds to 100 %
FULL = 0.95  # of a ceiling: there is nothing left to share
LISTED = 24, 12  # spans of time in the table of a figure, about: of one or two points, of more
MONITORS: dict[tuple[str, ...], str] = {("/390",): "monitor VM", ("x86",): "X2000"}
UNPUBLISHED = (
    "How much is sent again depends on when the pre-copy ends. VM2000's rule for that on SU /390 is not published; `vm2000` is this "
    "program's policy for it, an assumption."
)
NOT_INSTRUCTIONS = (
    "The model knows a monitor system as ceilings in bytes per second, not in instructions: 100 % is all that migrations get of it. The "
    "ceilings are values of the scenario; where they are defaults, the last sections say what they rest on."
)


def network(source: Source) -> Section | None:
    """Return the section; None where it has nothing to say."""
    if not source.details:
        return None
    blocks: list[Block] = list(sent_figure(source.details))
    seen = [(detail, found_of(detail)) for detail in source.details]
    for detail, found in seen:
        if len(source.details) > 1:
            blocks.append(Heading(detail.name))
        blocks += _of_detail(detail, found, LISTED[len(seen) > 2])
    used = [(detail, found) for detail, found in seen if found is not None]
    if used:
        blocks += [Heading("All in numbers")] if len(used) > 1 else []
        blocks += [_table_of_ways(used), _table_of_units(used)]
    links = [_carried(detail, link) for detail, found in used for link in dict.fromkeys(way.link for way in found.transfers.ways)]
    blocks += [Prose(text, "soft") for text in dict.fromkeys(links)]
    if any(cluster.policy.name == "vm2000" for detail in source.details for cluster in detail.point.clusters):
        blocks.append(Prose(UNPUBLISHED, "soft"))
    return Section("network", "Network and CPU", [*blocks, Prose(NOT_INSTRUCTIONS, "soft")])


def _of_detail(detail: Detail, found: Found | None, listed: int) -> list[Block]:
    if found is None:
        number = detail.sample[0]
        return [Prose(f"Nothing was sent in the first {number:,} replications, so no network and no monitor system was used.")]
    return [
        Prose(_lead(detail, found), "lead"),
        _figure(detail, found, found.ways, "link", _title_of_ways(found), "what migrations can use", listed),
        _figure(detail, found, found.units, "cpu", _title_of_units(detail, found), "all that migrations get", listed),
    ]


def monitor(detail: Detail) -> str:
    """Return what a monitor system is called on the SU types of a point."""
    return MONITORS.get(tuple(sorted({cluster.su_type for cluster in detail.point.clusters})), "monitor system")


def _decides(detail: Detail, found: Found) -> tuple[str, str, float]:
    """Return which ceiling decides most often, in words too, and for which share of the sending time."""
    which, share = max(found.limits.items(), key=lambda each: each[1])
    less = (
        "the rate limit of the policy"
        if _is_capped(detail, found)
        else "something broken, or sharing with another migration"
        if detail.point.faults
        else "sharing with another migration"
    )
    words = {
        "link": "the network",
        "sender": f"the {monitor(detail)} of the source SU",
        "receiver": f"the {monitor(detail)} of the target SU",
        "less": less,
    }
    return which, words[which], share


def _is_capped(detail: Detail, found: Found) -> bool:
    """Whether the policy of an SU that sends has a rate limit of its own."""
    used = {detail.site.units[found.transfers.units[place]].cluster for place in np.unique(found.transfers.source).tolist()}
    return any(detail.site.clusters[name].policy.name in {"clark", "qemu"} for name in used)


def _lead(detail: Detail, found: Found) -> str:
    lost = _line_lost(detail)
    if lost:
        _, what, share = _decides(detail, found)
        return f"{lost} While memory is sent, {what} decides how fast{'' if share >= ALL else f', {_time(share)}'}."
    return _lead_without_loss(detail, found)


def _line_lost(detail: Detail) -> str:
    """Return how often and when a line is down, in which nothing is sent over it; "" where none is."""
    met = {each["fault"]: each["replications"]["share"] for each in detail.entry["failures"]["faults"] if each["times"]}
    down = [fault for fault in detail.point.faults if fault.kind == "link" and not fault.remaining and fault.name in met]
    if not down:
        return ""
    often = "; ".join(f"{fault_text(fault)}; in {100 * met[fault.name]:.1f} % of the replications" for fault in down)
    return f"The line is down for a time, and nothing is sent then, which no faster network would change ({often})."


def _lead_without_loss(detail: Detail, found: Found) -> str:
    which, what, share = _decides(detail, found)
    text = f"{what[0].upper()}{what[1:]} decides how fast memory is sent, {_time(share)}."
    fullest = max(thing.use.peak() for thing in found.ways)
    if which in {"sender", "receiver"}:
        return f"{text} A faster network would not help: at its busiest it is {_whole(fullest)} full."
    if which == "link":
        transfers = found.transfers
        more = quantile(np.minimum(transfers.sender_Bps, transfers.receiver_Bps) / transfers.payload_Bps, 0.5)
        return f"{text} A faster network would help: {_plural(monitor(detail))} could send and receive {more:.1f} times as much."
    fullest_thing = max([*found.ways, *found.units], key=_mean_use)
    name, use = _named(detail, found, fullest_thing), _whole(_mean_use(fullest_thing))
    if _shared_out(detail, found, which, fullest_thing):
        helps = " A faster network would help." if fullest_thing in found.ways else " A faster network would not help."
        return f"Migrations at the same time share {name}, {_time(share)}. It is {use} full meanwhile.{helps}"
    return f"{text} The fullest meanwhile is {name}: {use} on average while anything is sent."


def _named(detail: Detail, found: Found, thing: Thing) -> str:
    return f"the network {thing.label}" if thing in found.ways else f"the {monitor(detail)} of SU {thing.name}"


def _shared_out(detail: Detail, found: Found, which: str, fullest: Thing) -> bool:
    """Whether sharing decides, and what is shared is full: nothing else than a ceiling holds migrations back."""
    return which == "less" and not _is_capped(detail, found) and not detail.point.faults and _mean_use(fullest) >= FULL


def _title_of_ways(found: Found) -> str:
    fullest = max(found.ways, key=lambda thing: thing.use.peak())
    peak, unit = fullest.use.peak(), shown_rate(fullest.ceiling_Bps)
    return f"At its busiest, {fullest.name} carries {_whole(peak)} of the {unit} that migrations can use"


def _title_of_units(detail: Detail, found: Found) -> str:
    which, what, share = _decides(detail, found)
    busiest = max(found.units, key=lambda thing: thing.use.peak())
    if which in {"sender", "receiver"}:
        return f"{what[0].upper()}{what[1:]} is the bottleneck {_time(share)}"
    fullest = max(found.units, key=_mean_use)
    if _shared_out(detail, found, which, fullest):
        use = _whole(_mean_use(fullest))
        return f"The {monitor(detail)} of SU {fullest.name} is the bottleneck: migrations at the same time share it, and it is {use} busy"
    peak = _whole(busiest.use.peak())
    return f"No {monitor(detail)} is the bottleneck: that of SU {busiest.name}, the busiest, comes to {peak} in the middle replication"


def _figure(detail: Detail, found: Found, things: Sequence[Thing], kind: str, title: str, limit: str, listed: int) -> Figure:
    drawn = sorted(things, key=lambda thing: -float(thing.use.amount.sum()))[:BANDS]
    left_out = f", the {len(drawn)} most used of {len(things)}" if len(drawn) < len(things) else ""
    pauses = "; pauses in which nobody sends are left out" if len(found.edges) > 1 else ""
    what = "bits per second" if kind == "link" else "per cent of what migrations get"
    peaks = "; ".join(
        f"{thing.label}: {_whole(thing.use.peak())} at its busiest, {_whole(_mean_use(thing))} on average while anything is sent"
        for thing in drawn
    )
    return Figure(
        f"{kind}-{detail.key}",
        title,
        draw_bands(drawn, found.edges, limit, in_bits=kind == "link"),
        f"{title}. In {what} over the time of the plan. {peaks}.",
        "Line: the middle replication at each moment. Band: 90 % of the replications lie in it. Dashed: the limit.",
        f"n = {found.transfers.replications:,} replications, the first ones, computed again round by round; band p5 to p95{left_out}. Up "
        f"to the moment at which 99 % of them have sent everything{pauses}.",
        _numbers(detail, found, drawn, kind, listed),
    )


def _numbers(detail: Detail, found: Found, drawn: Sequence[Thing], kind: str, listed: int) -> Table:
    starts = np.concatenate([edges[:-1] for edges in found.edges])
    every = max(1, len(starts) // listed)
    columns = [band for thing in drawn for band in thing.use.band()]
    ceilings = [thing.ceiling_Bps for thing in drawn for _ in range(3)]

    def cell(share: float, ceiling: float) -> Cell:
        return Cell(shown_rate(share * ceiling), share * ceiling) if kind == "link" else share_cell(share)

    rows = [
        [
            Cell(clock(float(starts[row])), float(starts[row])),
            *(cell(float(each[row]), top) for each, top in zip(columns, ceilings, strict=True)),
        ]
        for row in range(0, len(starts), every)
    ]
    titles = ["From", *(f"{thing.label}, {q}" for thing in drawn for q in ("p5", "median", "p95"))]
    width = found.edges[0][1] - found.edges[0][0]
    caption = f"Every {every}th of {len(starts)} spans of {width:.3g} s; each is a mean over its span."
    return Table(f"{kind}-{detail.key}-numbers", titles, rows, caption, folded=True)


def _table_of_ways(used: Sequence[tuple[Detail, Found]]) -> Table:
    """Return what goes over the networks, a row for each direction; of all points, which have a column where there are several."""
    rows: list[list[Cell | str]] = []
    for detail, found in used:
        for place, thing in enumerate(found.ways):
            mine = found.transfers.way == place
            sent = np.bincount(found.transfers.replication[mine], found.transfers.sent_bytes[mine], minlength=found.transfers.replications)
            quantiles = [quantile(np.asarray(sent, dtype=np.float64), q) for q in (0.5, 0.9)]
            sizes = [Cell(show_memory(each), each) for each in quantiles]
            ceiling = Cell(shown_rate(thing.ceiling_Bps), thing.ceiling_Bps)
            rows.append([*_point(detail, used), thing.label, ceiling, *sizes, *_use_cells(detail, thing)])
    titles = [*_POINT[: len(used) > 1], "Network and direction", "For migrations", "Sent in one replication, median", "p90", *_USE]
    return Table("link-use", titles, rows, f"What goes over the network. {_means(used)}")


def _table_of_units(used: Sequence[tuple[Detail, Found]]) -> Table:
    """Return what the monitor systems do, a row for each SU; of all points, as above."""
    rows: list[list[Cell | str]] = []
    for detail, found in used:
        for thing in found.units:
            unit = detail.site.units[thing.name]
            cluster = detail.site.clusters[unit.cluster]
            ceilings = [each * unit.available for each in (cluster.sender_Bps, cluster.receiver_Bps)]
            rates = [Cell(show_rate(each), each) for each in ceilings]
            rows.append([*_point(detail, used), thing.label, *rates, *_use_cells(detail, thing)])
    names = {monitor(detail) for detail, _ in used}
    name = names.pop() if len(names) == 1 else "monitor system"
    titles = [*_POINT[: len(used) > 1], f"{name[0].upper()}{name[1:]} of SU", "Sends at most", "Receives at most", *_USE]
    return Table("cpu-use", titles, rows, f"What the monitor systems do. {_means(used)}{_factors(used)}")


def _factors(used: Sequence[tuple[Detail, Found]]) -> str:
    """Return how fast monitor systems send in rounds of which that is not the same."""
    clusters = [detail.site.clusters[detail.site.units[thing.name].cluster] for detail, found in used for thing in found.units]
    said = []
    for each in clusters:
        first, stopped = (f"{100 * factor / each.factor_live:.3g} %" for factor in (each.factor_first, each.factor_stopped))
        if not first == stopped == "100 %":
            said.append(
                f" SU {each.su_type} sends {first} of that in round 1 and {stopped} while the guest stands still; busy is a share of it."
            )
    return "".join(dict.fromkeys(said))


def _point(detail: Detail, used: Sequence[tuple[Detail, Found]]) -> list[str]:
    return [detail.name] if len(used) > 1 else []


_POINT = ("Point",)


_USE = ("Busy, of the plan's time", "Mean use while busy", "Highest use")


def _use_cells(detail: Detail, thing: Thing) -> list[Cell]:
    spans = span_s(detail)
    busy = float(thing.use.busy_s.sum()) / spans if spans > 0.0 else None
    return [share_cell(busy), share_cell(_mean_use(thing)), share_cell(thing.use.peak())]


def _mean_use(thing: Thing) -> float:
    return float(thing.use.amount.sum() / thing.use.busy_s.sum())


def _means(used: Sequence[tuple[Detail, Found]]) -> str:
    widths = sorted(float(found.edges[0][1] - found.edges[0][0]) for _, found in used)
    spans = " to ".join(dict.fromkeys(f"{each:.3g}" for each in (widths[0], widths[-1])))
    counts = " and ".join(f"{each:,}" for each in sorted({found.transfers.replications for _, found in used}))
    return (
        f"n = {counts} replications computed again. Highest use: of the spans of {spans} s of a replication "
        "the fullest one, the median of that over the replications."
    )


def _carried(detail: Detail, link: str) -> str:
    """Return how a network comes to what migrations can use of it."""
    spec = detail.spec.networks[link]
    background = f"less {shown_rate(spec.background)} of other traffic" if spec.background else "no other traffic"
    return (
        f"`{link}` has {shown_rate(spec.bandwidth or 0.0)} in each direction; {100 * (spec.efficiency or 0.0):.3g} % of it carries memory "
        f"contents, {background}: {shown_rate(detail.site.links[link].payload_Bps)} for migrations."
    )


def _plural(what: str) -> str:
    return f"the {what}s" if what.islower() or what == "monitor VM" else what


def _time(share: float) -> str:
    return "all the time" if share >= ALL else f"for {_whole(share)} of the time in which anything is sent"


def _whole(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.1 or share == 0.0 else f"{100 * share:.1f} %"
