"""Runs an experiment: what is missing is computed, what is there is used, the summary is made of both."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from sim.errors import ResultsError
from sim.experiment.identity import RESULTS_VERSION, fingerprint, question_hash
from sim.experiment.parts import Failure, Part, parts_of
from sim.experiment.store import FAILURES, RESOLVED, RUN, SUMMARY, SUMMARY_CSV, Store
from sim.experiment.workers import compute_all
from sim.scenario.load import Loaded
from sim.scenario.objectives import parse_objective
from sim.scenario.resolve import first_second, seconds_from_midnight
from sim.scenario.writing import expanded

ENGINE = "simpy"
WHY_ENGINE = "the SimPy engine simulates every scenario; it is the only engine of this version"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be run.

    Args:
        loaded: the scenario.
        replications: repetitions of every point.
        out: result folder, or None for reports/SCENARIO/HASH.
        workers: processes.
        messages: how many of the first replications keep their messages.
        rounds: whether the table of rounds is wanted.
        command: the command as it was given, for run.json.
    """

    loaded: Loaded
    replications: int
    out: Path | None
    workers: int
    messages: int
    rounds: bool
    command: Sequence[str]

    @property
    def folder(self) -> Path:
        """The result folder."""
        return self.out or Path("reports") / Path(self.loaded.label).stem / question_hash(self.loaded.points)


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


Progress = Callable[[int, int], None]  # replications done, replications in all


def run(order: Order, progress: Progress) -> Ran:
    """Compute what is missing of an experiment and summarise it.

    Args:
        order: what is to be run.
        progress: called with what is done, whenever a part is.

    Raises:
        ResultsError: the folder belongs to another question, another version or another machine, or cannot be written.
    """
    points, store = order.loaded.points, Store(order.folder)
    order = _with_what_is_there(store, order)
    store.prepare()
    parts = parts_of(points, order.replications, order.messages, rounds=order.rounds)
    missing = [part for part in parts if not store.is_done(part)]
    total = sum(part.stop - part.start for part in parts)
    done = total - sum(part.stop - part.start for part in missing)
    store.write_text(RUN, _facts(order, finished=False))
    store.write_text(RESOLVED, _yaml(expanded(order.loaded)))
    progress(done, total)
    failures = []
    try:
        for part, failure in compute_all(missing, points, store, order.workers):
            done += part.stop - part.start
            progress(done, total)
            failures += [failure] if failure else []
    except BrokenProcessPool as error:
        raise ResultsError(
            f"{store.folder}: a worker process was killed from outside (out of memory?); finished parts are kept: "
            "give the same command again, with fewer --workers"
        ) from error
    summary = _summary(store, order, parts) if len(failures) < len(parts) else {"points": []}
    if failures:
        store.write_text(FAILURES, "\n".join(f"point '{each.point}' replication {each.replication}\n{each.details}" for each in failures))
    else:
        store.keep_only(parts)
        store.write_text(RUN, _facts(order, finished=True))
    return Ran(store, summary, order.replications, len(parts) - len(missing), len(missing), tuple(failures))


def _summary(store: Store, order: Order, parts: Sequence[Part]) -> dict[str, Any]:
    from sim.results.summary import flat, summarise  # noqa: PLC0415 - pandas only once there is something to summarise

    objectives = [parse_objective(text) for text in order.loaded.scenario.objectives]
    scenario = order.loaded.scenario
    first, window = first_second(scenario), scenario.window
    ends = float(seconds_from_midnight(window.until, first)) if window else None
    found = summarise(store.frame("migrations", parts), store.frame("plans", parts), objectives, float(first), ends)
    summary = {
        "title": scenario.title,
        "question": scenario.question,
        "engine": ENGINE,
        "why_engine": WHY_ENGINE,
        **found,
        "assumptions": sorted({fact.assumption for facts in order.loaded.facts for fact in facts if fact.assumption}, key=_tag),
    }
    store.write_text(SUMMARY, json.dumps(summary, indent=2, allow_nan=False) + "\n")
    store.write_text(SUMMARY_CSV, flat(found).to_csv(index=False))
    return summary


def check_same(store: Store, loaded: Loaded) -> None:
    """Check that this program, on this machine, would compute what the folder holds.

    Raises:
        ResultsError: it holds another question, or was computed by another version or with another arithmetic.
    """
    wanted = {
        "results_version": (RESULTS_VERSION, "was written by another version of this program"),
        "question": (question_hash(loaded.points), "holds the results of another scenario"),
        "fingerprint": (fingerprint(), "was computed on a CPU or with a NumPy that rounds differently"),
    }
    facts = store.facts()
    for key, (value, what) in wanted.items():
        if facts.get(key) != value:
            found = f"{key} {facts.get(key)}, now {value}"
            raise ResultsError(f"{store.folder}: {what} ({found}); name another folder with --out, or move this one away")


def _with_what_is_there(store: Store, order: Order) -> Order:
    """Return the order, extended by what the folder holds already: nothing that was computed is dropped.

    Raises:
        ResultsError: the parts in the folder cannot stand beside those of this run.
    """
    facts = store.facts()
    if not facts:
        if store.folder.exists() and (not store.folder.is_dir() or any(store.folder.iterdir())):
            raise ResultsError(f"{store.folder}: is not empty and holds no results of `migr run`; name another folder with --out")
        return order
    check_same(store, order.loaded)
    return replace(
        order,
        replications=max(order.replications, store.replications()),
        messages=max(order.messages, int(facts.get("messages", 0))),
        rounds=order.rounds or bool(facts.get("rounds")),
    )


def _facts(order: Order, *, finished: bool) -> str:
    """Return run.json: how the results came about."""
    import platform  # noqa: PLC0415 - with importlib.metadata a tenth of a second that only a run pays
    from importlib.metadata import version  # noqa: PLC0415

    libraries = ("simpy", "numpy", "scipy", "pandas", "pyarrow")
    facts = {
        "results_version": RESULTS_VERSION,
        "question": question_hash(order.loaded.points),
        "fingerprint": fingerprint(),
        "finished": finished,
        "scenario": order.loaded.label,
        "replications": order.replications,
        "messages": order.messages,
        "rounds": order.rounds,
        "seed": order.loaded.points[0].seed,
        "points": [point.name for point in order.loaded.points],
        "engine": ENGINE,
        "why_engine": WHY_ENGINE,
        "command": list(order.command),
        "versions": {"migr": version("vm-migration-sim"), "python": platform.python_version()}
        | {library: version(library) for library in libraries},
    }
    return json.dumps(facts, indent=2) + "\n"


def _yaml(document: dict[str, Any]) -> str:
    """Return the document as YAML, keys in their order: that of the steps means something."""
    text = io.StringIO()
    YAML(typ="rt").dump(document, text)  # the "safe" kind would sort the keys
    return text.getvalue()


def _tag(assumption: str) -> int:
    return int(assumption.removeprefix("A"))
