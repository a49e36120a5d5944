"""Measures a piece of work beside its floor, and the table of what was measured."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from statistics import median
from typing import TypeVar

from pytest_benchmark.fixture import BenchmarkFixture

REPEATS = 5  # of which the median counts: a shared machine disturbs one or two
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Rate:
    """How quick something was.

    Args:
        what: what was measured.
        unit: what is counted.
        a_second: of wall time.
        a_cpu_second: of processor time, child processes included: what is left of the disturbance by others.
        floor: what it is compared with and its own rate; "" for nothing.
        ratio: processor time of the floor over its own, for as many; None without a floor.
    """

    what: str
    unit: str
    a_second: float
    a_cpu_second: float
    floor: str = ""
    ratio: float | None = None


@dataclass(slots=True)
class Measured:
    """All rates of a session, in the order in which they were measured."""

    rates: list[Rate] = field(default_factory=list)

    def table(self) -> list[str]:
        """Return the lines of the table."""
        rows = [("what", "a second", "a CPU second", "ratio", "to")]
        rows += [
            (
                f"{rate.what}, {rate.unit}",
                _shown(rate.a_second),
                _shown(rate.a_cpu_second),
                "" if rate.ratio is None else f"{rate.ratio:.3f}",
                rate.floor,
            )
            for rate in self.rates
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        return [
            "  ".join(
                cell.ljust(width) if column in {0, 4} else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in rows
        ]


@dataclass(frozen=True, slots=True)
class Measure:
    """Measures the work of one benchmark.

    Args:
        benchmark: of pytest-benchmark.
        measured: where rates are kept.
    """

    benchmark: BenchmarkFixture
    measured: Measured

    def __call__(
        self,
        what: str,
        count: int,
        work: Callable[[], Result],
        *,
        floor: Rate | None = None,
        unit: str = "migrations",
    ) -> Result:
        """Measure work, warmed up once.

        Args:
            what: name in the table.
            count: how much of the unit the work does.
            work: what is measured.
            floor: what it is compared with, in the same unit.
            unit: what is counted.

        Returns:
            what the work returned last; its caller asserts that it did what it was to do.
        """
        wall_s, cpu_s = [], []

        def timed() -> Result:
            gc.collect()
            before, began = _processor_s(), time.perf_counter()
            result = work()
            wall_s.append(time.perf_counter() - began)
            cpu_s.append(_processor_s() - before)
            return result

        result: Result = self.benchmark.pedantic(timed, rounds=REPEATS, warmup_rounds=1)  # type: ignore[no-untyped-call]  # it has no type hints
        rate = Rate(what, unit, count / median(wall_s[-REPEATS:]), count / median(cpu_s[-REPEATS:]))
        if floor:
            beside = f"{floor.what}: {_shown(floor.a_cpu_second)}"
            rate = replace(rate, floor=beside, ratio=rate.a_cpu_second / floor.a_cpu_second)
        self.measured.rates.append(rate)
        return result


def rate_of(what: str, count: int, work: Callable[[], object], *, unit: str = "migrations") -> Rate:
    """Measure a floor: as `Measure` does, without the benchmark of pytest-benchmark, of which a test has one only."""
    work()
    wall_s, cpu_s = [], []
    for _ in range(REPEATS):
        gc.collect()
        before, began = _processor_s(), time.perf_counter()
        work()
        wall_s.append(time.perf_counter() - began)
        cpu_s.append(_processor_s() - before)
    return Rate(what, unit, count / median(wall_s), count / median(cpu_s))


def _shown(rate: float) -> str:
    return f"{rate:,.3g}" if rate < 100 else f"{rate:,.0f}"


def _processor_s() -> float:
    """Return the processor time of this process and of its children that have ended, seconds."""
    used = os.times()
    own = time.process_time()  # finer than the hundredths of a second of os.times
    return own + used.children_user + used.children_system
