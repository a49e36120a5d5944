"""Says of a result folder whether a report can tell of it: whether what the report reads is there, and of one run."""

from __future__ import annotations

import json
from typing import Any

from sim.errors import ResultsError
from sim.experiment.storage.contents import Contents
from sim.experiment.storage.store import RESOLVED, RUN, SUMMARY
from sim.results.summary import FORMAT
from sim.scenario.load import Loaded
from sim.scenario.objectives import parse_objective

OF_RUN = ("scenario", "seed", "settings", "versions", "fingerprint")  # what sections read of run.json without asking whether it is there
OF_POINT = {"point", "engine", "replications", "settings", "completed", "migrations", "steps", "failures", "objectives"}  # of each point
AGAIN = "give the same `migr run` again"


def check_facts(folder: str, facts: dict[str, Any]) -> None:
    """Check that run.json holds what sections read of it.

    Raises:
        ResultsError: somebody has changed it.
    """
    lacking = [key for key in OF_RUN if key not in facts]
    if lacking:
        raise ResultsError(f"{folder}/{RUN}: damaged (it has no '{lacking[0]}'); move the folder away and run again")


def summary_in(folder: str, content: bytes | None, facts: dict[str, Any], contents: Contents) -> dict[str, Any]:
    """Return summary.json.

    Args:
        folder: as it was named.
        content: of the file; None where there is none.
        facts: run.json.
        contents: the folder, listed.

    Raises:
        ResultsError: it is not there, damaged, or of another version.
    """
    if content is None:
        there = _there(facts, contents)
        raise ResultsError(f"{folder}: has no {SUMMARY}, so its run is not finished: {there} replications are there; {AGAIN}, it continues")
    try:
        summary = dict(json.loads(content))
    except (TypeError, ValueError) as error:
        raise ResultsError(f"{folder}/{SUMMARY}: damaged ({error}); {AGAIN}, which writes it anew") from error
    if summary.get("format") != FORMAT:
        found = f"format {summary.get('format')}, now {FORMAT}"
        raise ResultsError(
            f"{folder}/{SUMMARY}: was written by another version of this program ({found}); {AGAIN}: it computes nothing twice and "
            "writes the summary anew"
        )
    points = summary.get("points")
    if not isinstance(points, list) or not all(isinstance(entry, dict) and entry.keys() >= OF_POINT for entry in points):
        raise ResultsError(f"{folder}/{SUMMARY}: damaged (its points are not there, or not whole); {AGAIN}, which writes it anew")
    return summary


def _there(facts: dict[str, Any], contents: Contents) -> str:
    """Return how many replications of all points are stored, and of how many where the run knew that before."""
    stored = sum(contents.replications_of(place) for place in contents.places)
    wanted = facts.get("replications")
    return f"{stored:,} of {wanted * len(facts.get('points') or [0]):,}" if isinstance(wanted, int) and wanted else f"{stored:,}"


def check_told(folder: str, loaded: Loaded, summary: dict[str, Any], contents: Contents) -> None:
    """Check that the summary tells of what is stored.

    Raises:
        ResultsError: a run that was interrupted has stored more or asked for something else, or parts were deleted.
    """
    told = {entry["point"]: int(entry["replications"]) for entry in summary["points"]}
    for place, point in enumerate(loaded.points):
        stored = contents.replications_of(place)
        if stored != told.get(point.name, 0):
            of_point = f" of '{point.name}'" if point.name else ""
            raise ResultsError(
                f"{folder}: {SUMMARY} tells of {told.get(point.name, 0):,} replications{of_point}, and {stored:,} are stored: its run was "
                f"interrupted, or files were deleted; {AGAIN}, it continues"
            )
    asked = [parse_objective(text).text for text in loaded.scenario.objectives]
    for entry in summary["points"]:
        if [each["objective"] for each in entry["objectives"]] != asked:
            raise ResultsError(
                f"{folder}: {SUMMARY} has the verdicts of other objectives than {RESOLVED} asks for: its run was given new ones and "
                f"interrupted, or the file was changed; {AGAIN}, it computes nothing twice"
            )
