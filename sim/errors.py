"""What can go wrong, by who can act on it; the first line of each says so."""

from __future__ import annotations

from collections.abc import Sequence


class MigrError(Exception):
    """Base of the errors that end a command with a message and no traceback."""

    exit_code = 1


class UsageError(MigrError):
    """The caller can act: an option or an argument does not exist or does not fit."""

    exit_code = 2


class ScenarioError(MigrError):
    """The planner can act: the scenario, its overrides or the world they describe is wrong.

    Args:
        problems: one line each, `place: where: what; do this`; at least one.
        warnings: what else was seen in the scenario, in the same form.
    """

    exit_code = 3

    def __init__(self, problems: list[str], warnings: Sequence[str] = ()) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
        self.warnings = tuple(warnings)


class ResultsError(MigrError):
    """The planner can act: a result folder is missing, foreign, damaged or not writable."""

    exit_code = 2


class ObjectiveMissed(MigrError):
    """The planner can decide: the run is done and an objective is missed or undecided.

    Args:
        message: the verdicts, one line each.
        exit_code: 5 when one is missed, 6 when one is undecided and none missed.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class ModelError(MigrError):
    """We have to act: the simulation broke one of its own rules.

    Whoever catches it adds the command that repeats the replication.
    """
