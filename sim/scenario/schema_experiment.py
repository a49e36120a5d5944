"""What a planner writes about the experiment: how often the night is repeated, and with which random numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Tag

from sim.scenario.fields import Entry, ShareAbove0, fault, whole

MOST = 1_000_000_000
LEAST_LIMIT = 1_024  # the block of replications whose draws are made together; below it the program does not stop anywhere else


class PrecisionSpec(Entry):
    """How well a run with `replications: auto` has to know its results before it stops."""

    time: ShareAbove0 = 0.05
    """Times: the p50 and p99 of each makespan, total and downtime, and quantiles of objectives. No end of a 95 % interval lies further
    from the quantile than this share of it; for a clock time, of the time since its step began."""
    probability: ShareAbove0 = 0.005
    """Probabilities: outcomes, objectives, the window. No end of a 95 % interval lies further from the share than this; 0.5 % means half a
    percentage point."""
    limit: Annotated[int, whole(LEAST_LIMIT, MOST)] = 1_048_576
    """Replications at which the run ends at the latest; 1,048,576 are 1,024 blocks of 1,024, which makes eight looks."""


class AutoSpec(Entry):
    """As many repetitions as the results need; the word `auto` stands for `{auto: {}}`."""

    auto: PrecisionSpec = PrecisionSpec()
    """When they are known well enough."""


def _auto(value: object) -> object:
    if isinstance(value, str):
        if value != "auto":
            raise fault(f"{value!r} is not a whole number; write one from 1 to {MOST}, or auto")
        return AutoSpec()
    return value


def _kind(value: object) -> str:
    return "[auto]" if isinstance(value, str | Mapping | AutoSpec) else "[number]"


Replications: TypeAlias = Annotated[
    Annotated[int, whole(1, MOST), Tag("[number]")]
    | Annotated[AutoSpec, BeforeValidator(_auto, json_schema_input_type=Literal["auto"] | AutoSpec), Tag("[auto]")],
    Discriminator(_kind),
]


class ExperimentSpec(Entry):
    """How often the night is repeated."""

    replications: Replications = 1000
    """Repetitions of every variant; or `auto`: as many as its results need, the same number for every variant."""
    seed: Annotated[int, whole(0, 2**63 - 1)] = 1
    """Seed of all random numbers; the same seed gives the same night again."""
