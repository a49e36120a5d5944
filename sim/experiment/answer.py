"""The summary of a run, made of what its folder holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sim.experiment.execution.engines import Choice
from sim.experiment.storage.contents import Contents
from sim.experiment.storage.store import SUMMARY, SUMMARY_CSV, Store
from sim.scenario.load import Loaded
from sim.scenario.objectives import parse_objective
from sim.scenario.resolve import first_second, seconds_from_midnight
from sim.scenario.schema_plan import ScenarioSpec

if TYPE_CHECKING:
    from sim.experiment.storage.reading import PointRows
    from sim.results.summary import Asked

# ruff: noqa: PLC0415 - pandas and pyarrow only once there is something to summarise


def answer(
    store: Store, loaded: Loaded, choices: Sequence[Choice], replications: int, confidence: float = 0.95, stop: int | None = None
) -> dict[str, Any]:
    """Return the summary of what a folder holds; points of which nothing is stored are not in it.

    Args:
        store: the folder.
        loaded: the scenario.
        choices: the engine of each point.
        replications: how many each point was to have.
        confidence: of every interval.
        stop: look at the replications before this one only; None looks at all.

    Raises:
        ResultsError: a part is damaged, or an objective needs a column that is not stored.
    """
    contents = store.contents()
    if not contents.places:
        return {"points": []}
    from sim.results.summary import FORMAT, summarise

    return {
        "format": FORMAT,
        "title": loaded.scenario.title,
        "question": loaded.scenario.question,
        **summarise(_points(contents, loaded, choices, confidence, stop)),
        "missing": _missing(contents, loaded, replications),
        "assumptions": sorted({fact.assumption for facts in loaded.facts for fact in facts if fact.assumption}, key=_tag),
    }


def write_summary(store: Store, summary: dict[str, Any]) -> None:
    """Write summary.json and summary.csv.

    Raises:
        ResultsError: the folder cannot be written.
    """
    from sim.results.summary import flat

    store.write_text(SUMMARY, json.dumps(summary, indent=2, allow_nan=False) + "\n")
    store.write_text(SUMMARY_CSV, flat(summary).to_csv(index=False))


def _points(
    contents: Contents, loaded: Loaded, choices: Sequence[Choice], confidence: float, stop: int | None
) -> Iterator[tuple[str, PointRows, Asked, Mapping[str, Any]]]:
    """Yield name, rows, what is asked, settings and engine of each point of which something is stored."""
    from sim.experiment.storage.reading import PointRows

    for place in contents.places:
        point, choice = loaded.points[place], choices[place]
        more = {
            "settings": loaded.settings[place],
            "policies": sorted({cluster.policy.name for cluster in point.clusters}),
            "engine": choice.engine,
            "why_engine": choice.why,
        }
        yield point.name, PointRows(contents, place, stop), _asked(loaded.completed[place], confidence), more


def _asked(scenario: ScenarioSpec, confidence: float) -> Asked:
    """Return what the summary of a point is to say; its night counts from its own begin, which variants and sweeps may move."""
    from sim.results.summary import Asked

    first, window = first_second(scenario), scenario.window
    ends = float(seconds_from_midnight(window.until, first)) if window else None
    return Asked(tuple(parse_objective(text) for text in scenario.objectives), float(first), ends, confidence)


def _missing(contents: Contents, loaded: Loaded, replications: int) -> list[dict[str, Any]]:
    """Return how many replications each point lacks, where it lacks any: those of parts that failed."""
    lacking = [(point.name, replications - contents.replications_of(place)) for place, point in enumerate(loaded.points)]
    return [{"point": name, "replications": number} for name, number in lacking if number > 0]


def _tag(assumption: str) -> int:
    return int(assumption.removeprefix("A"))
