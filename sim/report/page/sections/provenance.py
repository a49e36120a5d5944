"""Section of the report: how the results came about, and how they are made again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from sim.experiment.storage.store import RESOLVED
from sim.report.page.blocks import Block, Listing, Prose, Section, Table
from sim.report.page.source import Run, Source
from sim.report.text import engines

MOST_LINES = 300  # of the scenario with every default: longer ones are cut, the file is in the folder


def provenance(source: Source) -> Section | None:
    """Return the section."""
    facts = [_facts(run) for run in source.runs]
    names = list(dict.fromkeys(name for each in facts for name in each))
    titles = ["what", *(run.label or "this run" for run in source.runs)]
    rows = [[name, *(each.get(name, "-") for each in facts)] for name in names]
    blocks: list[Block] = [
        Prose(
            f"`{source.command}` writes this page again from the stored results: the same bytes each time. "
            "The same `migr run` computes the results again, with the same numbers where the fingerprint of the arithmetic is the same."
        ),
        Table("provenance", titles, rows),
        *(listing for run in source.runs if (listing := _resolved(run)) is not None),
    ]
    return Section("provenance", "Provenance", blocks)


def _facts(run: Run) -> dict[str, str]:
    """Return what is told of a run, in its order."""
    facts, points = run.facts, run.summary["points"]
    versions = facts["versions"]
    counts = sorted({point["replications"] for point in points})
    return {
        "result folder": run.folder,
        "scenario file": str(facts["scenario"]),
        "command": shlex.join(facts["command"]) if facts.get("command") else "not known",
        "question (hash of all numbers that an engine uses)": str(facts["question"]),
        "seed": str(facts["seed"]),
        "points": f"{len(points):,}",
        "replications of a point": " to ".join(f"{count:,}" for count in dict.fromkeys((counts[0], counts[-1]))) if counts else "none",
        "asked for": _asked(run),
        "missing": _missing(run.summary.get("missing", ())),
        "engine": "; ".join(line.removeprefix("Engine: ") for line in engines(points)),
        "migr": f"version {versions['migr']}, results version {facts['results_version']}",
        "libraries": ", ".join(f"{name} {number}" for name, number in versions.items() if name != "migr"),
        "fingerprint of the arithmetic": str(facts["fingerprint"]),
        "figures drawn by": f"matplotlib {version('matplotlib')}",
    }


def _asked(run: Run) -> str:
    """Return what was to be stored, and how many replications were asked for."""
    facts = run.facts
    replications = f"{facts['replications']:,} replications" if facts.get("replications") else "replications as precision needs them"
    parts = [
        replications,
        f"messages of the first {facts.get('messages') or 0:,}",
        "rounds stored" if facts.get("rounds") else "rounds not stored",
    ]
    parts.append(f"columns {', '.join(facts['columns'])}" if facts.get("columns") else "all columns")
    told = [run.summary[key]["text"] for key in ("asked", "stopping") if key in run.summary]
    return "; ".join([", ".join(parts), *told])


def _missing(missing: Sequence[dict[str, Any]]) -> str:
    """Return which replications are not there because their parts failed."""
    told = [f"{each['replications']:,} replications{' of ' + each['point'] if each['point'] else ''}" for each in missing]
    return "; ".join(told) + ": their parts failed" if told else "nothing"


def _resolved(run: Run) -> Listing | None:
    """Return the scenario with every default written out, as it is stored; None where it is not."""
    content = run.contents.folder.read_bytes(RESOLVED)
    if content is None:
        return None
    lines = content.decode(errors="replace").splitlines()
    title = f"{run.label + ': ' if run.label else ''}the scenario with every default written out ({RESOLVED})"
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], f"# {len(lines) - MOST_LINES:,} more lines are in {RESOLVED} of the folder"]
    return Listing(lines, title, console=True, folded=True)
