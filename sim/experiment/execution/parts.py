"""An experiment cut into parts: the replications of one point that one worker computes in one go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sim.experiment.execution.engines import Engine
from sim.model.draws import BLOCK
from sim.scenario.point import Point

PART = BLOCK  # replications of a part that SimPy computes: one block of draws, some seconds of work
ROWS = 1_000_000  # rows of migrations in a part of the array engine: some 60 MB on disk, a few seconds of work

Range = tuple[int, int]  # first replication, one after the last
Stored = Mapping[tuple[str, int], Sequence[Range]]  # table and place of a point -> what is stored, in order, no replication twice


@dataclass(frozen=True, slots=True)
class Part:
    """Replications start .. stop - 1 of the point with this place in the experiment, and what is wanted of them.

    Args:
        point: place of the point.
        start, stop: range of replications; within one block of draws with the SimPy engine.
        messages: how many of the first replications of the experiment keep their messages.
        rounds: whether the table of rounds is wanted.
        engine: which engine computes it.
        columns: columns of migrations that are stored; all where none is named.
        migrations: whether migrations and plans are wanted; not in parts that add messages or rounds to what is stored.
    """

    point: int
    start: int
    stop: int
    messages: int
    rounds: bool
    engine: Engine = "simpy"
    columns: tuple[str, ...] = ()
    migrations: bool = True

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables that the part writes; migrations last, since its file says that the part is done."""
        extra = (("messages",) if self.start < self.messages else ()) + (("rounds",) if self.rounds else ())
        return (*extra, "plans", "migrations") if self.migrations else extra

    @property
    def size(self) -> int:
        """How many replications it has."""
        return self.stop - self.start

    @property
    def name(self) -> str:
        """Name of the part: its point and its replications."""
        return part_name(self.point, self.start, self.stop)

    def file(self, table: str) -> str:
        """Return the name of the part's file in a table: it says which replications are in it."""
        stop = min(self.stop, self.messages) if table == "messages" else self.stop
        return f"{part_name(self.point, self.start, stop)}.parquet"


@dataclass(frozen=True, slots=True)
class Failure:
    """A replication that broke a rule of the simulation.

    Args:
        point: name of its point.
        replication: which one.
        reason: the error in one line.
        details: its traceback.
    """

    point: str
    replication: int
    reason: str
    details: str


def part_name(point: int, start: int, stop: int) -> str:
    """Return what the files of a part are called; the last replication is named, not the one after it."""
    return f"point-{point:03d}-replications-{start:09d}-{stop - 1:09d}"


def migrations_a_replication(point: Point) -> int:
    """Return how many VMs the steps of a point want, each migration at its first attempt.

    The plan is followed in the order of its times, every migration completed; no replication is simulated.
    """
    at = {vm.name: vm.unit for vm in point.vms}
    wanted = 0
    for step in sorted(point.steps, key=lambda step: step.at_s):
        there = [step.vm] if step.vm else [vm for vm, unit in at.items() if unit == step.drain]
        moved = [vm for vm in there if not step.sequence or vm in step.sequence]
        wanted += len(moved)
        at |= dict.fromkeys(moved, step.to)
    return wanted


def cell(point: Point, engine: Engine) -> int:
    """Return the size of the cells into which the replications of a point are cut; a part never reaches over the end of one.

    Returns:
        replications: whole blocks of draws, the same for a point whatever is stored already.
    """
    if engine == "simpy":
        return PART
    return PART * max(1, ROWS // (PART * max(1, migrations_a_replication(point))))


def gaps(stored: Sequence[Range], stop: int, size: int) -> Iterator[Range]:
    """Yield what is missing of replications 0 .. stop - 1, cut where cells of this size end.

    Args:
        stored: what is there, in order, no replication twice.
        stop: one after the last replication wanted.
        size: replications of a cell.
    """
    reached = 0
    for begin, end in (*stored, (stop, stop)):
        while reached < min(begin, stop):
            after = min(begin, stop, (reached // size + 1) * size)
            yield reached, after
            reached = after
        reached = max(reached, end)


def missing_parts(
    points: Sequence[Point],
    engines: Sequence[Engine],
    stored: Stored,
    *,
    replications: int,
    messages: int = 0,
    rounds: bool = False,
    columns: tuple[str, ...] = (),
) -> list[Part]:
    """Return the parts that an experiment lacks, the first replications of all points first.

    What is stored is never written again: a longer experiment gets the rest of the last cell and whole cells after it, and messages or
    rounds that are asked for later are parts without migrations. Messages come from SimPy whatever computes the migrations.

    Args:
        points: all points.
        engines: which engine computes each of them.
        stored: what is there.
        replications: how many each point is to have.
        messages: how many of the first replications keep their messages.
        rounds: whether the table of rounds is wanted.
        columns: columns of migrations that are stored; all where none is named.
    """
    parts: list[Part] = []
    for place, (point, engine) in enumerate(zip(points, engines, strict=True)):
        size, kept = cell(point, engine), min(messages, replications)
        told = set(gaps(stored.get(("messages", place), ()), kept, PART))
        followed = set(gaps(stored.get(("rounds", place), ()), replications, size)) if rounds else set()
        for start, stop in gaps(stored.get(("migrations", place), ()), replications, size):
            tells = engine == "simpy" and (start, min(stop, kept)) in told
            told -= {(start, min(stop, kept))} if tells else set()
            parts.append(Part(place, start, stop, kept if tells else 0, (start, stop) in followed, engine, columns))
            followed.discard((start, stop))
        parts += [Part(place, start, stop, 0, rounds=True, engine=engine, migrations=False) for start, stop in followed]
        parts += [Part(place, start, stop, stop, rounds=False, migrations=False) for start, stop in told]
    return sorted(parts, key=lambda part: (part.start, part.point, part.tables))
