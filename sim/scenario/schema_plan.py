"""What a planner writes about the night: steps, objectives, variants, and the scenario as a whole."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from sim.scenario.fields import Clock, Date, Entry, Flag, Name, Text, Time, TupleReader, fault, one_of, whole
from sim.scenario.schema_experiment import ExperimentSpec
from sim.scenario.schema_load import LoadSpec
from sim.scenario.schema_operations import FaultSpec, OperatorSpec, fault_name
from sim.scenario.schema_sweep import DesignSpec, Sweep
from sim.scenario.schema_world import ClusterSpec, NetworkSpec, VmSpec

ORDERS = ("largest-first", "smallest-first", "by-index", "by-name")


def _order(value: object) -> str | tuple[str, ...]:
    if isinstance(value, str) and value in ORDERS:
        return value
    if isinstance(value, list) and value and all(isinstance(name, str) for name in value):
        if len(set(value)) < len(value):
            raise fault("names a VM twice; write each once")
        return tuple(value)
    shown = repr(value) if isinstance(value, str) else "this"
    raise fault(f"{shown} is no order; write {', '.join(ORDERS)} or a list of VM names")


Order: TypeAlias = Annotated[
    str | tuple[str, ...],
    BeforeValidator(_order),
    WithJsonSchema({"anyOf": [{"enum": list(ORDERS)}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]


class OnAbortSpec(Entry):
    """What the plan does when a migration is aborted."""

    retries: Annotated[int, whole(0, 100)] = 0
    """Further attempts."""
    wait: Time = 0.0
    """Pause before each of them."""
    then: Annotated[Literal["skip", "stop"], one_of("skip", "stop")] = "skip"
    """skip goes on with the next VM, stop ends the step."""
    retry_rejected: Flag = False
    """Whether a rejected command is tried again too, as often and after the same pause."""


class StepSpec(Entry):
    """A step of the plan: the migration of one VM, or the drain of an SU."""

    migrate: Name | None = None
    """The VM to migrate."""
    drain: Name | None = None
    """The SU to empty, one VM after the other."""
    to: Name
    """The target SU, in the same cluster."""
    at: Clock | None = None
    """When it begins; the begin of the window if not given, else 00:00. Earlier than the window means the next day."""
    order: Order = "largest-first"
    """Order of a drain: largest-first, smallest-first, by-index, by-name, or a list of VM names (those not listed stay)."""
    on_abort: OnAbortSpec = OnAbortSpec()
    """What follows an abort; `then` also follows a rejection, and with `retry_rejected` the retries do."""
    when_busy: Annotated[Literal["wait", "reject"], one_of("wait", "reject")] = "wait"
    """While the source SU has another outgoing migration: wait for its end, or be rejected as an operator's command would be."""

    @model_validator(mode="after")
    def _one_task(self) -> StepSpec:
        if self.migrate is not None and self.drain is not None:
            raise fault("has migrate and drain; keep one of the two, the other becomes a step of its own")
        if self.migrate is None and self.drain is None:
            raise fault("says neither what to migrate nor what to drain; write 'migrate: VM' or 'drain: SU'")
        if self.migrate is not None and "order" in self.model_fields_set:
            raise fault("has an order, but migrates one VM; remove the order or write 'drain: SU'")
        return self


class WindowSpec(Entry):
    """The maintenance window."""

    begin: Clock = Field(alias="from")
    """When it begins."""
    until: Clock
    """When it ends; earlier than `from` means the next day."""

    @model_validator(mode="after")
    def _not_empty(self) -> WindowSpec:
        if self.begin == self.until:
            raise fault("begins and ends at the same time; write an end after the begin")
        return self


def _named(value: object) -> object:
    return {fault_name(place): entry for place, entry in enumerate(value)} if isinstance(value, list) else value


def _version(value: object) -> object:
    if isinstance(value, bool) or value != 1:
        raise fault("this program reads version 1 of the format; write 'schema: 1'")
    return value


class ScenarioSpec(Entry):
    """A scenario: SUs, VMs and a plan, and the question that they answer."""

    version: Annotated[Literal[1], BeforeValidator(_version)] = Field(alias="schema")
    """Version of this format; 1."""
    title: Text = ""
    """One line that names the scenario."""
    question: Text = ""
    """What the planner wants to know."""
    start: Date | None = None
    """Date of the first evening; gives the dates in messages."""
    window: WindowSpec | None = None
    """The maintenance window."""
    networks: dict[str, NetworkSpec]
    """Networks by name."""
    clusters: dict[str, ClusterSpec]
    """SU clusters by name."""
    loads: dict[str, LoadSpec] = Field(default_factory=dict)
    """Loads by name."""
    vms: dict[str, VmSpec]
    """Virtual machines by name (1 to 8 characters of A-Z 0-9 # @ $ -)."""
    plan: dict[str, StepSpec]
    """Steps by name."""
    index_clash: Annotated[Literal["keep-free-index"], one_of("keep-free-index")] = "keep-free-index"
    """What happens when the VM's index is in use on the target: keep it if free, else take the smallest free one."""
    operators: Annotated[tuple[OperatorSpec, ...], TupleReader] = ()
    """Commands that operators type: [{at: "22:05", console: ABGSE501, command: "/HOLD-VM VM-ID=12"}]."""
    faults: Annotated[dict[str, FaultSpec], BeforeValidator(_named, json_schema_input_type=dict[str, FaultSpec] | list[FaultSpec])] = Field(
        default_factory=dict
    )
    """What goes wrong, by name: {flap: {link: mcnpr, at: "22:10", for: 30 s}}; in a list they are named fault1, fault2, ..."""
    variants: Annotated[dict[str, dict[str, Any]], WithJsonSchema({"type": "object", "additionalProperties": {"type": "object"}})] = Field(
        default_factory=dict
    )
    """Variants by name, each a mapping of dotted paths to values: {clusters.C390.type: x86}."""
    sweep: Sweep = Field(default_factory=dict)
    """Values to be varied, by dotted path as in --set: {vms.DB.memory: [4 GiB, 16 GiB]}; all combinations are computed, for every variant.
    A range {from: 4 GiB, to: 64 GiB, steps: 5} stands for a list. `together: [{PATH: [..], PATH: [..]}]` holds groups of paths whose values
    go side by side, first with first."""
    design: DesignSpec | None = None
    """Points spread over ranges, where all combinations would be too many; beside `sweep` and `variants` it is combined with them."""
    objectives: Annotated[tuple[Text, ...], TupleReader] = ()
    """What has to be met, such as: P(makespan of out <= 4 h) >= 95 %."""
    experiment: ExperimentSpec = ExperimentSpec()
    """Replications and seed."""
