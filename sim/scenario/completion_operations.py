"""Fill in what a scenario leaves open about operators and faults, and leave out faults that an SU type does not know."""

from __future__ import annotations

from collections.abc import Iterator

from sim.scenario.facts import FactList
from sim.scenario.problems import Path
from sim.scenario.schema_operations import LEAVES_A_REST, OF_TYPE, FaultSpec, MomentSpec, OperatorSpec
from sim.scenario.schema_plan import ScenarioSpec
from sim.scenario.unused import unused_faults


def complete_operators(spec: ScenarioSpec, facts: FactList) -> tuple[OperatorSpec, ...]:
    """Return the commands of the operators, and note what every answer to them rests on."""
    for position in range(len(spec.operators)):
        for key in ("at", "console", "command"):
            facts.written(("operators", str(position), key))
    if spec.operators:
        # Assumes [A41]: only migrations, their checks and MOVE-VM take time.
        facts.derived(("operators",), "answered at once", "only migrations, their checks and MOVE-VM take time", "A41")
        facts.derived(("operators",), "read by the rules of SDF", "abbreviations as far as they are unique", "A45")
        facts.derived(("operators",), "VMs as the commands leave them", "START-VM RUNNING, SHUTDOWN-VM DOWN, RESET-VM INIT-ONLY", "A47")
    return spec.operators


def complete_faults(spec: ScenarioSpec, facts: FactList) -> dict[str, FaultSpec]:
    """Return the faults that can happen to these SU types, with every default written out."""
    unknown = {path[1] for path, _ in unused_faults(spec)}
    result: dict[str, FaultSpec] = {}
    for name, fault in spec.faults.items():
        path = ("faults", name)
        if name in unknown:
            facts.written((*path, fault.kind), f" (ignored: SU {OF_TYPE[fault.kind]} only)")
        else:
            result[name] = _complete(path, fault, facts)
    if any(fault.kind == "crash" for fault in result.values()):
        # Assumes [A39]: VMs are initialised and started again when their SU is up.
        facts.derived(("faults",), "VMs of an SU that crashed", "when it is up again, initialised; those that were RUNNING, started", "A39")
    return result


def _complete(path: Path, fault: FaultSpec, facts: FactList) -> FaultSpec:
    for key in (fault.kind, "every"):
        if getattr(fault, key) is not None:
            facts.written((*path, key))
    if isinstance(fault.at, MomentSpec):
        for key in ("vm", "phase"):
            facts.written((*path, "at", key))
        facts.field((*path, "at"), fault.at, "after", "0 s", "at the begin of the phase")
    elif fault.at is not None:
        facts.written((*path, "at"))
    if fault.lasts is not None:
        facts.written((*path, "for"))
    else:
        facts.derived((*path, "for"), "for good", "the scenario gives no end")
    return fault.model_copy(update=dict(_defaults(path, fault, facts)))


def _defaults(path: Path, fault: FaultSpec, facts: FactList) -> Iterator[tuple[str, object]]:
    """Yield the fields of a fault that its kind knows, as written or with their defaults."""
    known: list[tuple[str, object, str, str]] = []
    if fault.every is None or fault.chance is not None:
        known.append(("chance", 1.0, "100 %", "it happens in every replication"))
    if fault.kind in LEAVES_A_REST:
        known.append(("remaining", 0.0, "0 %", "nothing is left"))
    if fault.kind == "agent":
        known.append(("message", "VMS6000", "VMS6000", "the VM2000 agent is not available"))
    for name, value, text, source in known:
        facts.field(path, fault, name, text, source)
        given = getattr(fault, name)
        yield name, value if given is None else given
