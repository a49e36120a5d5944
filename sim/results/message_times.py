"""When the messages of a VM's migrations and failing attempts appear: the medians and spreads of their times over replications."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from string import Formatter
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sim.results.statistics import quantile
from sim.vm2000.answers import VMS2400, VMS4000
from sim.vm2000.catalogue import (
    ABORTED_ON_SOURCE,
    GUEST_LOST,
    MESSAGES,
    REASONS,
    REJECTED_BY_SOURCE,
    VMS2450,
    VMS2451,
    Message,
    Recipient,
)

COLUMNS = ("replication", "place", "time_s", "vm", "source", "target", "consoles", "id", "text")
BAND = (0.05, 0.5, 0.95)  # lower end, median and upper end
MOST = 1000  # replications looked at: the bands do not get narrower with more, only smoother


@dataclass(frozen=True, slots=True)
class Appearance:
    """A message of a migration, or several with one id and one wording, such as one a device.

    Args:
        id: as printed; "[migr]" for own words, whose id is not published.
        consoles: who sees it.
        text: the line as the console of the first replication shows it, the first one of several.
        replications: in how many of the looked-at migrations it appears.
        times: how often it appears in one migration, fewest and most.
        first_s: p5, median and p95 of the time of the first one, seconds after VMS2450.
        last_s: the same of the last one.
    """

    id: str
    consoles: frozenset[Recipient]
    text: str
    replications: int
    times: tuple[int, int]
    first_s: tuple[float, float, float]
    last_s: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class MessageTimes:
    """The messages of the first completed migration of a VM, or of its first attempt that fails, one of each replication.

    Args:
        vm: its name.
        replications: in how many the messages were looked at.
        counted: in how many of them there is such a migration; their times are told.
        source: the source SU; "" where it is not the same in all.
        target: likewise.
        appearances: in the order of their median times.
    """

    vm: str
    replications: int
    counted: int
    source: str
    target: str
    appearances: tuple[Appearance, ...]


@dataclass(frozen=True, slots=True)
class FailingTimes:
    """What consoles show of attempts that fail.

    Args:
        times: of the attempts that began and failed for the most frequent reason.
        why: the line that gives this reason, as the first replication shows it; "" where none does.
        failed: in how many replications an attempt failed after its VMS2450, for whatever reason.
        rejected: in how many a command was rejected, so that no attempt began.
        answer: the line that says so to whoever typed the command, as the first replication shows it; "" where none was rejected.
    """

    times: MessageTimes
    why: str
    failed: int
    rejected: int
    answer: str


class _Printed(NamedTuple):
    """A stored message; fields as in `sim.columns.MESSAGES`."""

    time_s: float
    source: str
    target: str
    consoles: str
    id: str
    text: str


@dataclass(slots=True)
class _Gathered:
    """What is known of one message: from each migration in which it appears its first and last time and how often it appears."""

    consoles: frozenset[Recipient]
    text: str
    first: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)
    often: list[int] = field(default_factory=list)


def message_times(batches: Iterable[pa.RecordBatch], vm: str) -> MessageTimes:
    """Return when the messages of a VM appear in its first completed migration, seconds after its VMS2450.

    Args:
        batches: rows of the table of messages of one point, in the order of replications and places; read no further than needed.
        vm: name of the VM.
    """
    return _times_of([_first_completed(lines) for lines in _replications(batches, vm)], vm)


def failing_times(batches: Iterable[pa.RecordBatch], vm: str) -> FailingTimes:
    """Return when the messages of a VM appear in its first attempt that fails, seconds after its VMS2450.

    Attempts that fail for several reasons have several courses; that of the most frequent one is told.

    Args:
        batches: rows of the table of messages of one point, in the order of replications and places; read no further than needed.
        vm: name of the VM.
    """
    attempts: list[list[_Printed]] = []
    answers: list[str] = []
    for lines in _replications(batches, vm):
        attempts.append(_first_failed(lines))
        answers += [line.text for line in lines if _key(line) in _REJECTED][:1]
    reasons = Counter(_reason(lines) for lines in attempts if lines)
    main = max(reasons, key=lambda reason: reasons[reason], default=None)  # the first one of several that are as frequent
    chosen = [lines if lines and _reason(lines) == main else [] for lines in attempts]
    why = next((line.text for lines in chosen for line in lines if _key(line) == main), "")
    return FailingTimes(_times_of(chosen, vm), why, reasons.total(), len(answers), answers[0] if answers else "")


def _times_of(migrations: list[list[_Printed]], vm: str) -> MessageTimes:
    """Return when messages appear in migrations of a VM, one of each replication; no lines where it has none."""
    known: dict[tuple[str, str], _Gathered] = {}
    counted = [lines for lines in migrations if lines]
    for lines in counted:
        _take(known, lines)
    ways = {(lines[0].source, lines[0].target) for lines in counted}
    source, target = ways.pop() if len(ways) == 1 else ("", "")
    found = [_appearance(id_, of) for (id_, _), of in known.items()]
    # Sorting is stable: messages of one time stay in the order of the console.
    appearances = tuple(sorted(found, key=lambda each: each.first_s[1]))
    return MessageTimes(vm, len(migrations), len(counted), source, target, appearances)


def _take(known: dict[tuple[str, str], _Gathered], lines: list[_Printed]) -> None:
    """Add the lines of a migration."""
    seen: dict[tuple[str, str], list[_Printed]] = {}
    for line in lines:
        seen.setdefault(_key(line), []).append(line)
    began_s = lines[0].time_s
    for key, same in seen.items():
        if key not in known:
            known[key] = _Gathered(frozenset(map(Recipient, same[0].consoles.split(","))), same[0].text)
        known[key].first.append(same[0].time_s - began_s)
        known[key].last.append(same[-1].time_s - began_s)
        known[key].often.append(len(same))


def _appearance(id_: str, of: _Gathered) -> Appearance:
    first, last = (tuple(quantile(np.array(times), q) for q in BAND) for times in (of.first, of.last))
    return Appearance(
        id_,
        of.consoles,
        of.text,
        len(of.first),
        (min(of.often), max(of.often)),
        (first[0], first[1], first[2]),
        (last[0], last[1], last[2]),
    )


def _replications(batches: Iterable[pa.RecordBatch], vm: str) -> Iterator[list[_Printed]]:
    """Yield of each replication the lines of the VM."""
    number: int | None = None
    lines, seen = list[_Printed](), 0
    for batch in batches:
        of_vm = _lines_of(batch, vm)
        for replication in dict.fromkeys(map(int, batch["replication"].to_numpy())):
            if replication != number:
                if seen:
                    yield lines
                if seen == MOST:
                    return
                number, lines, seen = replication, [], seen + 1
            lines += of_vm.get(replication, [])
    if seen:
        yield lines


def _lines_of(batch: pa.RecordBatch, vm: str) -> dict[int, list[_Printed]]:
    """Return the lines of a VM, by replications."""
    rows = batch.filter(pc.equal(batch["vm"], pa.scalar(vm)))
    found: dict[int, list[_Printed]] = {}
    for number, *line in zip(*(rows[name].to_pylist() for name in ("replication", *_Printed._fields)), strict=True):
        found.setdefault(number, []).append(_Printed(*line))
    return found


def _first_completed(lines: list[_Printed]) -> list[_Printed]:
    """Return the lines of the first completed migration, from VMS2450 to VMS2451; none where there is none."""
    start = None
    for place, line in enumerate(lines):
        if line.id == VMS2450.id:
            start = place
        elif line.id == VMS2451.id and start is not None:
            return lines[start : place + 1]
    return []


def _first_failed(lines: list[_Printed]) -> list[_Printed]:
    """Return the lines of the first attempt that began and failed, from VMS2450 to the last one at the time of its end."""
    starts = [place for place, line in enumerate(lines) if line.id == VMS2450.id]
    for start, end in pairwise([*starts, len(lines)]):
        attempt = lines[start:end]
        ends = [line.time_s for line in attempt if _key(line) in _FAILED]
        if ends and all(line.id != VMS2451.id for line in attempt):
            return [line for line in attempt if line.time_s <= ends[-1]]
    return []


def _reason(attempt: list[_Printed]) -> tuple[str, str]:
    """Return what tells the line apart that says why an attempt failed."""
    return next((key for key in map(_key, attempt) if key in _WHY), ("", ""))


def _key(line: _Printed) -> tuple[str, str]:
    """Return what tells the messages of a migration apart."""
    return line.id, wording(line.id, line.text)


def wording(id_: str, text: str) -> str:
    """Return what tells messages of one id apart: own words have one id for all, so for them it is the template of the catalogue."""
    return next((each.text for each in _own() if each.id == id_ and _fits(each, text)), "")


@cache
def _own() -> tuple[Message, ...]:
    """Return the messages whose ids are shared by several."""
    ids = Counter(each.id for each in MESSAGES)
    return tuple(each for each in MESSAGES if ids[each.id] > 1)


def _fits(message: Message, text: str) -> bool:
    """Say whether a line can come from a template: its literal parts stand in the line in their order."""
    at = len(message.id) + 1
    for number, (literal, *_) in enumerate(Formatter().parse(message.text)):
        at = text.find(literal, at) if number else at if text.startswith(literal, at) else -1
        if at < 0:
            return False
        at += len(literal)
    return True


def _keys(*messages: Message) -> frozenset[tuple[str, str]]:
    """Return what tells messages apart from the others."""
    shared = _own()
    return frozenset((each.id, each.text if each in shared else "") for each in messages)


_WHY = _keys(*REASONS)
_FAILED = _keys(*REASONS, ABORTED_ON_SOURCE, GUEST_LOST)  # the last one of these is the end of an attempt
_REJECTED = _keys(REJECTED_BY_SOURCE, VMS2400, VMS4000)
