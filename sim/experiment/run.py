"""Runs an experiment: what is missing is computed, what is there is used, the summary is made of both."""

from __future__ import annotations

import io
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Timer
from typing import Any

from ruamel.yaml import YAML

from sim.errors import ResultsError
from sim.experiment.answer import answer, write_summary
from sim.experiment.execution.counting import Advance, Progress, Tick
from sim.experiment.execution.engines import Choice, Wanted, choose
from sim.experiment.execution.parts import Failure, Part, migrations_a_replication, missing_parts
from sim.experiment.execution.workers import Outcomes, compute_all
from sim.experiment.identity import question_hash
from sim.experiment.provenance import check_same, provenance
from sim.experiment.sources import SOURCES, sources_text
from sim.experiment.stopping import confidence_of_a_look, is_enough, look_at, looks, told
from sim.experiment.storage.contents import Contents
from sim.experiment.storage.disk import check_space
from sim.experiment.storage.selection import beside, selected
from sim.experiment.storage.store import RESOLVED, RUN, Store
from sim.scenario.load import Loaded
from sim.scenario.objectives import Objective, parse_objective
from sim.scenario.point import Point
from sim.scenario.schema_experiment import PrecisionSpec
from sim.scenario.writing import expanded


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be run.

    Args:
        loaded: the scenario.
        replications: repetitions of every point, at least.
        out: result folder, a path or a URL, or None for reports/SCENARIO/HASH.
        workers: processes.
        messages: how many of the first replications keep their messages.
        rounds: whether the table of rounds is wanted.
        command: the command as it was given, for run.json.
        engine: which engine is wanted; auto takes for each point the fastest that covers it.
        cluster: address of a Dask cluster; None computes on this machine.
        columns: columns of migrations to store; all where none is named.
        repeat: gives the command that repeats a replication of a point; None names the result folder in it.
        tell: is told what people want to know before the end, such as the address of a dashboard.
        precision: how well the results have to be known: as many replications as that takes; None wants just `replications`.
        watch: is told of each part that is stored, so that people can be shown what it holds; None where nobody looks.
    """

    loaded: Loaded
    replications: int
    out: Path | str | None
    workers: int
    messages: int
    rounds: bool
    command: Sequence[str]
    engine: Wanted = "auto"
    cluster: str | None = None
    columns: tuple[str, ...] = ()
    repeat: Callable[[str, int], str] | None = None
    tell: Callable[[str], None] | None = None
    precision: PrecisionSpec | None = None
    watch: Callable[[Store, Part], None] | None = None

    @property
    def folder(self) -> Path | str:
        """The result folder."""
        return self.out or Path("reports") / Path(self.loaded.label).stem / question_hash(self.loaded.points)

    @property
    def objectives(self) -> list[Objective]:
        """The objectives of the scenario."""
        return [parse_objective(text) for text in self.loaded.scenario.objectives]

    def repeat_command(self, point: str, replication: int) -> str:
        """Return the command that repeats a replication alone."""
        if self.repeat is not None:
            return self.repeat(point, replication)
        chosen = ["--variant", point] if point else []
        return shlex.join(["migr", "trace", str(self.folder), "--replication", str(replication), *chosen])


# How many parts were there, those that were to be computed, and those of them that failed.
Computed = tuple[int, list[Part], list[tuple[Part, Failure]]]


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a run.

    Args:
        store: its folder.
        summary: as in summary.json.
        replications: replications of each point, those of earlier runs included.
        reused: parts that were there already.
        computed: parts that were computed now.
        failures: replications that broke a rule of the simulation; their parts are missing.
    """

    store: Store
    summary: dict[str, Any]
    replications: int
    reused: int
    computed: int
    failures: tuple[Failure, ...]


SUMMARY_S = 5.0  # who waits longer than this for a summary wants to know what for

Compute = Callable[[Sequence[Part], Sequence[Point], Store, Tick], Outcomes]


def run(order: Order, progress: Progress) -> Ran:
    """Compute what is missing of an experiment and summarise it.

    Args:
        order: what is to be run.
        progress: is told what is done.

    Raises:
        ResultsError: the folder belongs to another question, another version, another machine or another run, is damaged, or cannot be
            written; what is finished is kept.
        UsageError: a column does not exist, or the engine that is wanted does not cover a point.
    """
    selected(order.columns, order.objectives)  # a wrong name is told before anything is written
    choices = [choose(point, order.engine) for point in order.loaded.points]
    store = Store(order.folder)
    asked = order.replications
    with store.held(), _executor(order) as compute:
        order = _with_what_is_there(store, order)
        store.remove_leftovers()
        check_space(store.at, _missing(order, choices, store.contents()), order.loaded.points)  # refused: nothing is written
        store.write_text(RUN, _facts(order, choices, finished=False))
        store.write_text(RESOLVED, _yaml(expanded(order.loaded)))
        store.write_text(SOURCES, sources_text(order.loaded))
        if order.precision is None:
            reused, parts, failures = compute_missing(store, order, choices, compute, progress)
            summary = _answer(store, order, choices)
        else:
            order, (reused, parts, failures), summary = _until_known(store, order, order.precision, choices, compute, progress)
        store.remove_errors({part.name for part, _ in failures})
        if summary["points"]:
            write_summary(store, summary)
        if order.replications > asked and order.precision is None:
            summary["asked"] = _asked(asked, order.replications)  # of this command: the stored summary is the same whatever was asked for
        store.remove_leftovers()  # a worker that was killed on the way leaves what it was writing
        if not failures:
            store.write_text(RUN, _facts(order, choices, finished=True))
    return Ran(store, summary, order.replications, reused, len(parts), tuple(failure for _, failure in failures))


def _until_known(
    store: Store, order: Order, precision: PrecisionSpec, choices: Sequence[Choice], compute: Compute, progress: Progress
) -> tuple[Order, Computed, dict[str, Any]]:
    """Compute up to a look, look, and go on until everything is known well enough, the limit is reached, or a part failed.

    A look sees the first replications only, whatever else the folder holds, so it finds the same after an interruption.

    Returns:
        the order with the number of replications that it came to, what was computed, the summary.
    """
    held, confidence, taken = order.replications, confidence_of_a_look(precision.limit), []
    computed: list[Computed] = []
    for number in looks(precision.limit):
        order = replace(order, replications=number)
        computed.append(compute_missing(store, order, choices, compute, progress))
        summary = _answer(store, order, choices, confidence, number)
        taken.append(look_at(summary, number, precision))
        if is_enough(taken) or computed[-1][2]:
            break
    if held > order.replications:
        order = replace(order, replications=held)
        computed.append(compute_missing(store, order, choices, compute, progress))
        summary = _answer(store, order, choices, confidence)
    failures = [failure for _, _, failed in computed for failure in failed]
    summary["stopping"] = told(taken, precision, order.replications, failed=bool(failures))
    return order, (computed[0][0], [part for _, parts, _ in computed for part in parts], failures), summary


def compute_missing(store: Store, order: Order, choices: Sequence[Choice], compute: Compute, progress: Progress) -> Computed:
    """Compute the parts that the folder lacks.

    A part that fails leaves a file in the folder of errors; the others are computed all the same.

    Returns:
        how many parts were there, those that were to be computed, and those of them that failed.

    Raises:
        ResultsError: the disk is too small or full, or workers were killed again and again.
    """
    points, contents = order.loaded.points, store.contents()
    parts = _missing(order, choices, contents)
    check_space(store.at, parts, points)
    advance = Advance(progress, order.replications, len(points), parts)
    failures = []
    with closing(compute(parts, points, store, advance.tick)) as outcomes:  # Ctrl-C ends the workers at once
        for part, failure in outcomes:
            advance.finish(part)
            if failure is not None:
                failures.append((part, failure))
                store.write_error(part, _told(order, failure))
            elif order.watch is not None:
                order.watch(store, part)
    return sum(len(pieces) for (table, _), pieces in contents.pieces.items() if table == "migrations"), parts, failures


def _missing(order: Order, choices: Sequence[Choice], contents: Contents) -> list[Part]:
    """Return the parts that the folder lacks; of a run that stops by itself those up to its first look."""
    first = 0 if order.precision is None else next(iter(looks(order.precision.limit)))
    return missing_parts(
        order.loaded.points,
        [choice.engine for choice in choices],
        contents.stored,
        replications=order.replications or first,
        messages=order.messages,
        rounds=order.rounds,
        columns=order.columns,
    )


def _asked(asked: int, there: int) -> dict[str, Any]:
    """Return what a summary says when its folder holds more replications than the command asked for."""
    text = f"{asked:,} replications asked for, {there:,} are in the folder; all of them are in the summary."
    return {"text": text, "replications": asked, "in_folder": there}


def _answer(store: Store, order: Order, choices: Sequence[Choice], confidence: float = 0.95, stop: int | None = None) -> dict[str, Any]:
    """Return the summary; if it takes long, tell people what is done meanwhile."""
    if order.tell is None:
        return answer(store, order.loaded, choices, order.replications, confidence, stop)
    replications = stop or order.replications
    rows = replications * sum(map(migrations_a_replication, order.loaded.points))
    timer = Timer(SUMMARY_S, order.tell, [f"Summarising about {rows:,} rows of migrations."])
    timer.daemon = True  # nobody waits for it to end
    timer.start()
    try:
        return answer(store, order.loaded, choices, order.replications, confidence, stop)
    finally:
        timer.cancel()


@contextmanager
def _executor(order: Order) -> Iterator[Compute]:
    """Yield what computes parts where the order wants it; a cluster is left at the end."""
    if order.cluster is None:
        yield lambda parts, points, store, tick: compute_all(parts, points, store, order.workers, tick)
        return
    from sim.experiment.execution.cluster import Cluster  # noqa: PLC0415 - only for who asks for it

    with Cluster(order.cluster, order.tell) as cluster:
        yield cluster.compute


def _told(order: Order, failure: Failure) -> str:
    """Return what the file of a failed part says."""
    repeat = order.repeat_command(failure.point, failure.replication)
    return f"point '{failure.point}' replication {failure.replication}: {failure.reason}\nRepeat it with: {repeat}\n\n{failure.details}"


def _with_what_is_there(store: Store, order: Order) -> Order:
    """Return the order, extended by what the folder holds already: nothing that was computed is dropped.

    Raises:
        ResultsError: the parts in the folder cannot stand beside those of this run.
    """
    facts = store.facts()
    if not facts:
        if store.is_foreign():
            raise ResultsError(f"{store.folder}: is not empty and holds no results of `migr run`; name another folder with --out")
        return replace(order, columns=selected(order.columns, order.objectives))
    check_same(store, order.loaded)
    columns = beside(store.folder, tuple(facts.get("columns") or ()), order.columns, order.objectives)
    contents = store.contents()
    contents.check_whole()
    return replace(
        order,
        replications=max(order.replications, contents.replications),
        messages=max(order.messages, int(facts.get("messages", 0))),
        rounds=order.rounds or bool(facts.get("rounds")),
        columns=columns,
    )


def _facts(order: Order, choices: Sequence[Choice], *, finished: bool) -> str:
    """Return run.json."""
    asked = {
        "finished": finished,
        "replications": order.replications,
        "auto": order.precision.model_dump(mode="json") if order.precision else None,
        "messages": order.messages,
        "rounds": order.rounds,
        "columns": list(order.columns) or None,
        "command": list(order.command),
    }
    return provenance(order.loaded, choices, asked)


def _yaml(document: dict[str, Any]) -> str:
    """Return the document as YAML, keys in their order: that of the steps means something."""
    text = io.StringIO()
    yaml = YAML(typ="rt")  # the "safe" kind would sort the keys
    yaml.width = 2**20  # a key that goes on in the next line, such as a point's long name, could not be read again
    yaml.dump(document, text)
    return text.getvalue()
