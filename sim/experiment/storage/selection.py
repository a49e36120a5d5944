"""Which columns of the table of migrations a run stores."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from sim.columns import MIGRATIONS
from sim.errors import ResultsError, UsageError
from sim.results.samples import migration_columns
from sim.scenario.objectives import Objective

NAMES = tuple(column.name for column in MIGRATIONS)
# What every question needs: which attempt it was, what came of it, and where it stood in the plan; names cost next to nothing.
ALWAYS = ("point", "replication", "step", "vm", "attempt", "su_type", "due_s", "outcome", "reason")


def needed_by(objectives: Sequence[Objective]) -> frozenset[str]:
    """Return the columns that objectives look at."""
    return migration_columns(objective.metric for objective in objectives if objective.metric is not None)


def selected(wanted: Sequence[str], objectives: Sequence[Objective]) -> tuple[str, ...]:
    """Return the columns that are stored, in their order; () for all.

    Args:
        wanted: names that the planner gave; all where none is given.
        objectives: of the scenario; what they need is stored in any case.

    Raises:
        UsageError: a name is no column, naming all that are not.
    """
    problems = [_unknown(name) for name in wanted if name not in NAMES]
    if problems:
        raise UsageError("\n".join([*problems, f"columns of migrations: {', '.join(NAMES)}"]))
    kept = {*ALWAYS, *wanted, *needed_by(objectives)}
    return tuple(name for name in NAMES if name in kept) if wanted and len(kept) < len(NAMES) else ()


def beside(folder: object, stored: tuple[str, ...], wanted: Sequence[str], objectives: Sequence[Objective]) -> tuple[str, ...]:
    """Return the columns with which a folder goes on: those that it has.

    Args:
        folder: what is named in errors.
        stored: its columns, () for all.
        wanted: names that the planner gave now.
        objectives: of the scenario as it is now.

    Raises:
        ResultsError: other columns are wanted, or an objective needs one that is not there.
    """
    chosen = selected(wanted, objectives)
    if wanted and chosen != stored:
        raise ResultsError(
            f"{folder}: holds {_shown(stored)}, and --columns asks for {_shown(chosen)}; leave --columns away, "
            "or name another folder with --out"
        )
    lacking = sorted(needed_by(objectives) - set(stored or NAMES))
    if lacking:
        raise ResultsError(
            f"{folder}: holds {_shown(stored)}, and the objectives need {', '.join(lacking)}; name another folder with --out, "
            "or remove these objectives"
        )
    return stored


def _shown(columns: tuple[str, ...]) -> str:
    more = [name for name in columns if name not in ALWAYS]
    return f"the columns {', '.join(more) or 'that are always there'}" if columns else "all columns"


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name, NAMES, 1)
    return f"--columns: there is no column '{name}'" + (f"; did you mean '{close[0]}'?" if close else "")
