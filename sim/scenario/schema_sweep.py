"""What a planner writes to vary a scenario: lists, ranges, and designs over ranges."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from sim.scenario.fields import Entry, fault, one_of, whole

MOST_POINTS = 10_000  # of an experiment: reading a hundred a second, and a table of more rows answers nobody's question


def _end(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise fault("is no end of a range; write one value such as 4 GiB")
    return value


End: TypeAlias = Annotated[Any, BeforeValidator(_end), WithJsonSchema({"type": ["string", "number"], "examples": ["4 GiB", 2]})]


class SpanSpec(Entry):
    """From one value to another, both included; quantities of one kind, plain numbers, or clock times."""

    begin: End = Field(alias="from")
    """The smallest value."""
    to: End
    """The largest value; a clock time before `from` is on the next day."""
    scale: Annotated[Literal["linear", "log"], one_of("linear", "log")] = "linear"
    """log: equal factors instead of equal differences."""


class RangeSpec(SpanSpec):
    """Values from one to another; a list says them one by one: [4 GiB, 16 GiB]."""

    steps: Annotated[int, whole(2, MOST_POINTS)] | None = None
    """How many values, both ends among them."""
    step: End | None = None
    """Or: the difference from one value to the next; a duration between clock times. The last value is not above `to`."""

    @model_validator(mode="after")
    def _one_way(self) -> RangeSpec:
        if (self.steps is None) == (self.step is None):
            raise fault("needs 'steps: 5' (how many values) or 'step: 4 GiB' (from one to the next); write one of the two")
        if self.step is not None and self.scale == "log":
            raise fault("has a step on a log scale, where differences are not equal; write steps")
        return self


class DesignSpec(Entry):
    """Points spread over several ranges at once, where all combinations would be too many; the seed is that of the experiment."""

    lhs: Annotated[int, whole(2, MOST_POINTS)] | None = None
    """Points of a Latin hypercube: each range is cut into so many strips, and each strip is met once."""
    sobol: Annotated[int, whole(2, MOST_POINTS)] | None = None
    """Points of a scrambled Sobol' sequence, a power of two: more even than a Latin hypercube."""
    ranges: dict[str, SpanSpec]
    """Ranges by dotted path, as in `sweep`, without steps: {vms.DB.memory: {from: 4 GiB, to: 64 GiB}}."""

    @model_validator(mode="after")
    def _one_design(self) -> DesignSpec:
        if (self.lhs is None) == (self.sobol is None):
            raise fault("needs 'lhs: 64' or 'sobol: 64', the number of points; write one of the two")
        if not self.ranges:
            raise fault("has no ranges; write 'ranges: {vms.DB.memory: {from: 4 GiB, to: 64 GiB}}'")
        if self.sobol is not None and self.sobol & (self.sobol - 1):
            below = 1 << (self.sobol.bit_length() - 1)
            above = f" or {2 * below}" if 2 * below <= MOST_POINTS else ""
            raise fault(
                f"has {self.sobol} points of a Sobol' sequence, which is even for powers of two only; write 'sobol: {below}'{above}"
            )
        return self


def sweep_schema() -> dict[str, Any]:
    """Return the JSON schema of `sweep`: paths with lists or ranges, and groups that move together."""
    span: dict[str, Any] = RangeSpec.model_json_schema(by_alias=True)
    values = {"anyOf": [{"type": "array", "minItems": 1}, span]}
    groups = {"type": "array", "items": {"type": "object", "additionalProperties": values}}
    return {"type": "object", "properties": {"together": groups}, "additionalProperties": values}


Sweep: TypeAlias = Annotated[dict[str, Any], WithJsonSchema(sweep_schema())]
