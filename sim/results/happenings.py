"""What happened beside the migrations of a point: SUs that went down, faults, operators' commands; counted chunk by chunk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from sim.engine.happened import BETWEEN
from sim.results.chunks import names_of
from sim.results.entries import share_entry

COLUMNS = frozenset({"ended", "faults", "commands"})  # of the table of plans; the same in all rows of a replication


class Happenings:
    """Counts the texts of `sim.engine.happened`: few replications differ in them, however many there are.

    Args:
        confidence: of the intervals.
    """

    def __init__(self, confidence: float) -> None:
        self._confidence = confidence
        self._texts: dict[str, Counter[str]] = {column: Counter() for column in COLUMNS}  # replications by text

    def add(self, plans: pa.Table) -> None:
        """Take the rows of the next replications."""
        _, first = np.unique(plans["replication"].to_numpy(), return_index=True)
        for column, texts in self._texts.items():
            names, codes = names_of(plans[column])
            texts.update({names[code]: int(count) for code, count in enumerate(np.bincount(codes[first])) if count})

    def entries(self) -> dict[str, Any]:
        """Return what happened; one replication was given."""
        return {"outages": self._outages(), "faults": self._faults(), "commands": self._commands()}

    def _outages(self) -> list[dict[str, Any]]:
        """Return the SUs that went down in the order of their names, with the VMs whose guests ended, the frequent ones first."""
        down: Counter[str] = Counter()
        ended: dict[str, Counter[str]] = {}
        for text, count in self._texts["ended"].items():
            of_text: dict[str, set[str]] = {}  # an SU can go down several times in a replication
            for unit, *vms in _entries(text):
                of_text.setdefault(unit.removesuffix(":"), set()).update(vms)
            for name, guests in of_text.items():
                down[name] += count
                ended.setdefault(name, Counter()).update(dict.fromkeys(guests, count))
        return [
            {
                "su": unit,
                "replications": self._share(down[unit]),
                "guests_ended": {vm: self._share(count) for vm, count in sorted(ended[unit].items(), key=lambda each: (-each[1], each[0]))},
            }
            for unit in sorted(down)
        ]

    def _faults(self) -> list[dict[str, Any]]:
        """Return the faults in the order of the scenario."""
        met, times, attempts = Counter[str](), Counter[str](), Counter[str]()
        for text, count in self._texts["faults"].items():
            for name, occurred, failed in _entries(text):
                met[name] += count * (int(occurred) > 0)
                times[name] += count * int(occurred)
                attempts[name] += count * int(failed)
        return [
            {"fault": name, "replications": self._share(met[name]), "count": met[name], "times": times[name], "attempts": attempts[name]}
            for name in met
        ]

    def _commands(self) -> list[dict[str, Any]]:
        """Return the operators' commands in the order of the scenario, each with the number of replications in which it ended so."""
        ends: dict[int, Counter[str]] = {}
        said: dict[int, tuple[str, ...]] = {}
        for text, count in self._texts["commands"].items():
            for number, *typed, end in _entries(text):
                said[int(number)] = tuple(typed)
                ends.setdefault(int(number), Counter())[end] += count
        return [
            {
                "number": number,
                **dict(zip(("time", "console", "command"), said[number], strict=True)),
                "ends": dict(sorted(ends[number].items())),
            }
            for number in sorted(said)
        ]

    def _share(self, hits: int) -> dict[str, float | None]:
        return share_entry(hits, self._texts["ended"].total(), self._confidence)


def _entries(text: str) -> Iterator[list[str]]:
    for entry in text.split(BETWEEN) if text else ():
        yield entry.split(" ")
