"""A comparison in words: which side is better, in what, and by how much."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

from sim.results.compare import Better, Compared, Comparison, better_of
from sim.results.differences import Difference
from sim.units import show_memory, show_time

UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0} | {"bytes": 1.0, "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30, "TiB": 2.0**40}
FOOTNOTE = """\
Less time and fewer bytes are better, and so are more VMs that
arrived (share completed: with or without warnings); times of VMs are of migrations that were completed{on_both}.
{decides} decides where a quantity stands; where its p99 says something else, its line tells.
In brackets 95 % intervals: what more replications would narrow, not what is assumed. Each holds for itself: of twenty statements about
things that do not differ one is wrong on average."""


def comparisons_text(found: Sequence[Comparison]) -> str:
    """Return comparisons for people, and below them what has to be known to read them."""
    on_both = " on both sides" if all(each.paired for each in found) else ""
    decides = "The median of the differences" if on_both else "The p50, or of pairs the median of their differences,"
    return "\n\n".join([*map(_comparison, found), FOOTNOTE.format(on_both=on_both, decides=decides)])


def _comparison(found: Comparison) -> str:
    """Return what speaks for each side, what does not differ, what cannot be told."""
    blocks = [_head(found), "", _verdict(found)]
    told: tuple[tuple[Better, str], ...] = (
        ("second", f"{found.second} is better:"),
        ("first", f"{found.first} is better:"),
        ("neither", "How they ended, beside the VMs that arrived; not judged:"),
        ("untold", "No difference can be told:"),
    )
    for better, title in told:
        chosen = [each for each in found.quantities if each.better == better]
        if chosen:
            blocks += ["", title, *(f"  {_line(found, each)}" for each in chosen)]
    equal = [each for each in found.quantities if each.better == "equal"]
    if equal:
        blocks += ["", "The same in every pair:", *(f"  {line}" for line in _equal(equal))]
    blocks += [_only(name, things) for name, things in ((found.first, found.only_first), (found.second, found.only_second)) if things]
    return "\n".join(blocks)


def _head(found: Comparison) -> str:
    one, other = found.replications
    if found.paired:
        return f"{found.second} against {found.first}: {one:,} pairs of replications with the same random draws"
    return f"{found.second} ({other:,} replications) against {found.first} ({one:,} replications), each with draws of its own"


def _verdict(found: Comparison) -> str:
    """Return the answer in a sentence."""
    number = {better: sum(each.better == better for each in found.quantities) for better in ("first", "second", "equal", "untold")}
    told = number["first"] + number["second"]
    total = sum(each.better != "neither" for each in found.quantities)
    if not told:
        return (
            "They are the same in every pair." if number["equal"] == total else f"In none of {total} quantities a difference can be told."
        )
    if not number["first"] or not number["second"]:
        winner = found.first if number["first"] else found.second
        rest = "" if told == total else "; in the others " + ("they are the same" if not number["untold"] else "no difference can be told")
        return f"{winner} is better in {told} of {total} quantities{rest}."
    return f"{found.second} is better in {number['second']}, {found.first} in {number['first']} of {total} quantities."


def _line(found: Comparison, each: Compared) -> str:
    """Return what is told of a quantity, from the view of the better side."""
    turned = each.better == "first"
    ends = tuple(_shown(each, side) for side in ((each.first, each.second) if turned else (each.second, each.first)))
    head = f"{_name(each)}: "
    if each.kind == "share":
        return head + f"{_change(each, each.decisive, turned=turned)}; {ends[0]} against {ends[1]}"
    text = head + _change(each, each.decisive, turned=turned)
    if found.paired and each.values[0] < found.replications[0]:
        text += f" of {each.values[0]:,} pairs"
    return f"{text}; {_far(each, turned=turned)}; p50 {ends[0]} against {ends[1]}"


def _far(each: Compared, *, turned: bool) -> str:
    """Return what is told of the p99, and in words where it does not say what the decisive difference says."""
    difference = each.differences["p99"]
    told, change = better_of(difference, less_is_better=True), _change(each, difference, turned=turned)
    if each.better in {told, "equal"}:
        return f"p99 {change}"
    if told != "untold":
        return f"but p99 {change}" if each.better == "untold" else f"but p99 the other way round, {change}"
    has_interval = difference.low is not None and difference.high is not None
    return f"p99 not told apart ({change})" if has_interval else f"p99 not told apart, {change}"


def _name(each: Compared) -> str:
    return f"{each.quantity} of {each.vm} in {each.step}" if each.vm else f"{each.quantity} of {each.step}"


def _change(each: Compared, difference: Difference, *, turned: bool) -> str:
    """Return a difference with its interval in words: "3 min 10 s shorter (3 min 05 s to 3 min 14 s)"."""
    value, low, high = difference.value, difference.low, difference.high
    if turned:
        value, low, high = -value, None if high is None else -high, None if low is None else -low
    if low is None or high is None:
        return f"{_one(each, value)} (n < {difference.needed}: no interval)"
    if low == high == 0:
        return "no difference"
    if low <= 0 <= high:
        return f"{_one(each, low)} to {_one(each, high)}"
    near, far = sorted((abs(low), abs(high)))
    if math.isinf(near):
        return _one(each, value)
    ends = f"at least {_size(each, near)}" if math.isinf(far) else " to ".join(_apart(each, near, far))
    return f"{_one(each, value)} ({ends})"


def _apart(each: Compared, near: float, far: float) -> tuple[str, str]:
    """Return two sizes; with one digit more where they are not equal and look it."""
    shown = _size(each, near), _size(each, far)
    if near == far or shown[0] != shown[1]:
        return shown
    return _finer(each, near), _finer(each, far)


def _finer(each: Compared, size: float) -> str:
    """Return a size with one digit more than `_size`, in the same unit."""
    if each.kind == "share":
        return f"{100 * size:.3g} points" if size < 0.1 else f"{100 * size:.2f} points"
    if each.kind == "seconds" and size >= 59.95:  # from there on whole seconds are shown, and from an hour on whole minutes
        tenths = round(size * 10)
        minutes, rest = divmod(tenths, 600)
        return f"{minutes} min {rest / 10:04.1f} s" if size < 3599.5 else f"{minutes // 60} h {minutes % 60:02} min {rest // 10:02} s"
    unit = (show_time if each.kind == "seconds" else show_memory)(size).split(" ")[1]
    return f"{float(f'{size / UNITS[unit]:.4g}'):g} {unit}"


def _one(each: Compared, value: float) -> str:
    """Return a difference in words."""
    less, more = {"seconds": ("shorter", "longer"), "bytes": ("less", "more"), "share": ("less", "more")}[each.kind]
    if value == 0:
        return "no difference"
    if math.isinf(value):
        return "ends where the other one never does" if value < 0 else "never ends where the other one does"
    return f"{_size(each, abs(value))} {less if value < 0 else more}"


def _size(each: Compared, size: float) -> str:
    if each.kind == "share":
        return f"{100 * size:.2g} points" if size < 0.1 else f"{100 * size:.1f} points"
    return show_time(size) if each.kind == "seconds" else show_memory(size)


def _shown(each: Compared, side: object) -> str:
    """Return the p50 or the share of a side."""
    assert isinstance(side, dict)  # noqa: S101 - one of the two mappings of `Compared`
    if each.kind == "share":
        return f"{100 * side['share']:.4g} %"
    return "never" if math.isinf(side["p50"]) else show_time(side["p50"]) if each.kind == "seconds" else show_memory(side["p50"])


def _equal(equal: Sequence[Compared]) -> list[str]:
    """Return a line for each quantity, with all VMs that it is the same of."""
    ordered = sorted(equal, key=lambda each: each.quantity)  # stable: VMs stay in the order of the plan
    return [
        f"{quantity} of {', '.join(f'{each.vm} in {each.step}' if each.vm else each.step for each in group)}"
        for quantity, group in groupby(ordered, key=lambda each: each.quantity)
    ]


def _only(name: str, things: Sequence[str]) -> str:
    return f"\nOnly {name} has {', '.join(things)}: not compared."
