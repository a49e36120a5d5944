"""What a planner writes about operations: commands that operators type, and things that go wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from sim.scenario.fields import Clock, Entry, Lognormal, Name, Share, Time, TimeAbove0, fault, one_of

# What a fault can befall -> what it names: a network or an SU.
KINDS: Final[dict[str, Literal["network", "SU"]]] = {
    "link": "network",
    "resources": "SU",
    "disks": "SU",
    "monitor": "SU",
    "definitions": "SU",
    "crash": "SU",
    "agent": "SU",
}
OF_TYPE: Final = {"disks": "/390", "agent": "x86"}  # kinds that only one SU type knows
LEAVES_A_REST: Final = ("link", "monitor")  # kinds that need not take everything
ALWAYS_OR_NEVER: Final = (None, 0.0, 1.0)  # the chances that `every` allows, None for one that is not given
PHASES: Final = ("check", "set-up", "pre-copy", "stop", "clean-up")
AGENT_MESSAGES: Final = ("VMS6000", "VMS6001", "VMS6003")  # VM2000 User Guide: Errors in the carrier system (SU x86)


def fault_name(place: int) -> str:
    """Return the name of a fault of a list: fault1 at place 0."""
    return f"fault{place + 1}"


def _command(value: object) -> str:
    """Return what an operator types, right or wrong: the product answers wrong commands, too."""
    if not isinstance(value, str) or not value.strip():
        raise fault('is no command; write it in quotes, such as "/HOLD-VM VM-ID=12"')
    return value


Command: TypeAlias = Annotated[
    str,
    BeforeValidator(_command),
    WithJsonSchema({"type": "string", "description": "a command of VM2000", "examples": ["/HOLD-VM VM-ID=12"]}),
]


class OperatorSpec(Entry):
    """A command that an operator types."""

    at: Clock
    """When; earlier than the window means the next day."""
    console: Name
    """Where: the name of an SU (its monitor console) or of a VM (its guest console)."""
    command: Command
    """What, as the product takes it, abbreviations included: "/HOLD-VM VM-ID=12"."""


class MomentSpec(Entry):
    """A moment in the migration of a VM, the first one that enters the phase."""

    vm: Name
    """The VM that migrates."""
    phase: Annotated[Literal["check", "set-up", "pre-copy", "stop", "clean-up"], one_of(*PHASES)]
    """The phase of the migration: check, set-up, pre-copy, stop (the guest stands still) or clean-up."""
    after: Time = 0.0
    """How long after the begin of the phase."""


def _kind_of_moment(value: object) -> str:
    return "[phase]" if isinstance(value, Mapping | MomentSpec) else "[clock]"


Moment: TypeAlias = Annotated[Annotated[Clock, Tag("[clock]")] | Annotated[MomentSpec, Tag("[phase]")], Discriminator(_kind_of_moment)]


class FaultSpec(Entry):
    """Something that goes wrong: one of link, resources, disks, monitor, definitions, crash and agent, at a moment or every so often."""

    link: Name | None = None
    """The network whose line is lost, or slow (`remaining`). A transfer waits for `link_patience`, then its migration is aborted."""
    resources: Name | None = None
    """The target SU that has no resources when a VM is set up there: the migration is aborted."""
    disks: Name | None = None
    """The target SU /390 where disks are not operable: the migration is aborted."""
    monitor: Name | None = None
    """The SU whose monitor system (/390) or X2000 (x86) gets no CPU, or less (`remaining`)."""
    definitions: Name | None = None
    """The SU whose store of VM definitions is not reachable: as target the migration is aborted, as source it ends with a warning and the
    definition is deleted later."""
    crash: Name | None = None
    """The SU that crashes; `for` is the time until it is up again and its VMs are started."""
    agent: Name | None = None
    """The SU x86 whose X2000 agent reports an error (`message`): migrations are rejected or aborted."""
    at: Moment | None = None
    """When, once in a replication: a clock time, or a moment in the migration of a VM: {vm: VM12PROD, phase: pre-copy, after: 5 s}."""
    every: TimeAbove0 | None = None
    """Mean time from one to the next (exponential), from the begin of the first step on as long as the plan is carried out."""
    lasts: Lognormal | None = Field(default=None, alias="for")
    """How long it lasts; for good if not given. `every` needs it."""
    remaining: Share | None = None
    """link, monitor: share of the bandwidth, or of the CPU, that is left; 0 % if not given, 100 % changes nothing."""
    chance: Share | None = None
    """Share of the replications in which it happens at all; 100 % if not given, 0 % switches the fault off. With `every` only these two."""
    message: Annotated[Literal["VMS6000", "VMS6001", "VMS6003"] | None, one_of(*AGENT_MESSAGES)] = None
    """agent: what it reports, VMS6000 (agent not available) if not given, VMS6001 (carrier administration not available) or VMS6003."""

    @property
    def kind(self) -> str:
        """What it befalls, one of KINDS."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def place(self) -> str:
        """The network or the SU that it befalls."""
        place: str = getattr(self, self.kind)
        return place

    @model_validator(mode="after")
    def _one_of_each(self) -> FaultSpec:
        kinds = [kind for kind in KINDS if getattr(self, kind) is not None]
        if not kinds:
            raise fault("does not say what goes wrong; write one of " + ", ".join(f"'{kind}: {KINDS[kind]}'" for kind in KINDS))
        if len(kinds) > 1:
            raise fault(f"has {' and '.join(kinds)}; keep one of them, the others become faults of their own", *kinds)
        if self.at is None and self.every is None:
            raise fault("does not say when; write 'at: \"22:10\"', 'at: {vm: VM1, phase: pre-copy}' or 'every: 200 h'")
        if self.at is not None and self.every is not None:
            raise fault("has at and every; keep 'at' for one moment, or 'every' for again and again", "at", "every")
        return self

    @model_validator(mode="after")
    def _fits(self) -> FaultSpec:
        if self.every is not None and self.lasts is None:
            raise fault("comes again and again, but never ends; write how long it lasts, such as 'for: 30 s'", "every")
        if self.every is not None and self.chance not in ALWAYS_OR_NEVER:
            raise fault(
                "has chance and every; remove 'chance', how often it happens is what 'every' says; only 'chance: 0 %' switches it off",
                "chance",
                "every",
            )
        if self.remaining is not None and self.kind not in LEAVES_A_REST:
            raise fault(
                f"has 'remaining', which {' and '.join(LEAVES_A_REST)} know, {self.kind} does not; remove it", "remaining", self.kind
            )
        if self.message is not None and self.kind != "agent":
            raise fault(
                f"has a message, which only an agent reports; remove it, or write 'agent: SU' in place of '{self.kind}'",
                "message",
                self.kind,
            )
        return self
