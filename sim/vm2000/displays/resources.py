"""SHOW-VM-RESOURCES: what an SU still has to give, and how memory, real CPUs and devices are distributed.

Source: VM2000 User Guide: SHOW-VM-RESOURCES; Initializing a VM; Real CPUs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sim.vm2000.displays.attributes import VmShown, show_attributes
from sim.vm2000.displays.layout import ALL, CONFIGURATION, CPU, MEMORY, MONJV, STD, UNITS, columns, listed, memory_size, not_simulated, ours
from sim.vm2000.message import OWN

_COMMAND = "SHOW-VM-RESOURCES"
FREE = "FREE"


@dataclass(frozen=True, slots=True)
class MemoryRange:
    """A part of the memory of an SU.

    Args:
        owner: the VM that has it, another user in capital letters, or FREE.
        size_bytes: its size.
        start_bytes: its address (/390); None where memory is scattered.
    """

    owner: str
    size_bytes: float
    start_bytes: float | None = None


@dataclass(frozen=True, slots=True)
class RealCpu:
    """A real CPU: its number, its state (ATT, DET, WFM, ERR, OFF), its type (NORMAL, EXTRA, SPARE, ...) and its CPU pool."""

    number: int
    state: str
    kind: str
    pool: str


@dataclass(frozen=True, slots=True)
class Resources:
    """What an SU has.

    Args:
        unit: its name.
        su_type: "/390" or "x86".
        initialised: VMs that exist on it, guests only.
        most_vms: guests that can exist on it at once.
        largest_bytes: largest memory with which a VM can be created now.
        memory: all of its memory, in the order of the addresses where it has one.
        cpus: its real CPUs for guests; empty where nobody knows them.
        free_devices: mnemonics of devices that no VM has.
        vms: the VMs on it, in the order of their indexes.
    """

    unit: str
    su_type: str
    initialised: int
    most_vms: int
    largest_bytes: float
    memory: tuple[MemoryRange, ...]
    cpus: tuple[RealCpu, ...] = ()
    free_devices: tuple[str, ...] = ()
    vms: tuple[VmShown, ...] = ()

    @property
    def free_bytes(self) -> float:
        """Memory that nobody has."""
        return sum(each.size_bytes for each in self.memory if each.owner == FREE)


def show_resources(unit: Resources, information: str) -> str:
    """Return what SHOW-VM-RESOURCES displays.

    Args:
        unit: the SU.
        information: *STD, *CPU, *UNITS, *MEMORY, *MONJV, *CONFIGURATION or *ALL (all of them but *CONFIGURATION, one below the other);
            others are not simulated.
    """
    if information == ALL:
        return "\n".join(show_resources(unit, each) for each in _PARTS if each != CONFIGURATION)
    if information not in _PARTS:
        return not_simulated(information)
    command = _COMMAND if information == STD else f"{_COMMAND} INFORMATION={information}"
    return "\n".join((ours(command), *_PARTS[information](unit)))


def _std(unit: Resources) -> list[str]:
    attached = [cpu for cpu in unit.cpus if cpu.state == "ATT"]
    totals = _pairs(
        ("SERVER UNIT", f"{unit.unit} ({unit.su_type})"),
        ("VMS NOT INITIALIZED", str(unit.most_vms - unit.initialised)),
        ("LARGEST MEMORY SIZE", memory_size(unit.largest_bytes)),
        ("FREE MEMORY", memory_size(unit.free_bytes)),
        ("REAL CPUS ATTACHED", str(len(attached)) if unit.cpus else "-"),
        ("FREE DEVICES", str(len(unit.free_devices))),
    )
    return [*_of_vms(unit, STD), *totals]


def _of_vms(unit: Resources, information: str) -> list[str]:
    """Return what SHOW-VM-ATTRIBUTES tells of the VMs, without its first line."""
    return show_attributes(unit.vms, information, unit.su_type).splitlines()[1:]


def _cpu(unit: Resources) -> list[str]:
    rows = [("CPU", "STATE", "TYPE", "CPU-POOL"), *((f"{cpu.number:02}", cpu.state, cpu.kind, cpu.pool) for cpu in unit.cpus)]
    unknown = [f"{OWN} the scenario does not give the real CPUs of SU {unit.unit}"]
    return [*_of_vms(unit, CPU), *(columns(rows) if unit.cpus else unknown)]


def _memory(unit: Resources) -> list[str]:
    rows = [("START-ADDR", "MEM-SIZE", "USED BY"), *map(_memory_range, unit.memory)]
    return [*columns(rows, right=(0, 1)), *_pairs(("FREE MEMORY", memory_size(unit.free_bytes)), _largest(unit))]


def _memory_range(part: MemoryRange) -> tuple[str, str, str]:
    return memory_size(part.start_bytes), memory_size(part.size_bytes), part.owner


def _units(unit: Resources) -> list[str]:
    return [*_of_vms(unit, UNITS), *listed(unit.free_devices or ("-",), "FREE DEVICES: ")]


def _monjv(unit: Resources) -> list[str]:
    return _of_vms(unit, MONJV)


def _configuration(unit: Resources) -> list[str]:
    """Return how many VMs there can be at all.

    The product tells the maximum of the model. Which that is for a model is not published, so this is what the VM indexes allow.
    """
    return _pairs(("SERVER UNIT", f"{unit.unit} ({unit.su_type})"), ("MAXIMUM NUMBER OF VMS", f"{unit.most_vms} (by VM index)"))


def _largest(unit: Resources) -> tuple[str, str]:
    return "LARGEST MEMORY SIZE", memory_size(unit.largest_bytes)


def _pairs(*pairs: tuple[str, str]) -> list[str]:
    return columns(pairs)


_PARTS: dict[str, Callable[[Resources], Sequence[str]]] = {
    STD: _std,
    CPU: _cpu,
    UNITS: _units,
    MEMORY: _memory,
    MONJV: _monjv,
    CONFIGURATION: _configuration,
}
