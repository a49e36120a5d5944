"""SHOW-VM-STATUS: how the real CPUs are to be shared among the VMs.

Planned values only: what guests really use of their CPUs is not simulated, so measured values are left out.

Source: VM2000 User Guide: SHOW-VM-STATUS; Performance Handbook: VM2000 scheduling.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from sim.vm2000.cpus import MOST_VIRTUAL_PER_REAL, overcommitment, percent, shares
from sim.vm2000.displays.layout import columns, tenths, vm_id
from sim.vm2000.message import OWN

_NOTE = f"{OWN} layout of this program, after SHOW-VM-STATUS; the product's layout is not published, measured values are not simulated"


@dataclass(frozen=True, slots=True)
class VmLoad:
    """An active VM.

    Args:
        index: VM index.
        name: VM name.
        group: VM group (/390), "" for none.
        quota: CPU quota.
        max_utilisation: limit of the CPU utilisation, percent.
        cpus: virtual CPUs that run.
    """

    index: int
    name: str
    group: str
    quota: float
    max_utilisation: float
    cpus: int


@dataclass(frozen=True, slots=True)
class PoolLoad:
    """A CPU pool, its real CPUs (0 where nobody knows) and the active VMs in it, in the order of their indexes."""

    name: str
    real_cpus: int
    vms: tuple[VmLoad, ...]

    @property
    def virtual_cpus(self) -> int:
        """Active virtual CPUs."""
        return sum(vm.cpus for vm in self.vms)


def show_status(pools: Sequence[PoolLoad], vms: Container[str] | None = None) -> str:
    """Return what SHOW-VM-STATUS displays of the planned distribution, with a warning below where a pool is overcommitted.

    Args:
        pools: CPU pools with all that is active in them.
        vms: names of the VMs to show; None for all. Shares are of the whole pool in any case.
    """
    warnings = (overcommitment(pool.name, pool.virtual_cpus, pool.real_cpus) for pool in pools)
    return "\n".join((_NOTE, *_pools(pools), *_vms(pools, vms), *(f"{OWN} {warning}" for warning in warnings if warning)))


def _pools(pools: Sequence[PoolLoad]) -> list[str]:
    rows = [("CPU-POOL", "REAL CPUS", "VIRT CPUS", "PER REAL", "AT MOST")]
    for pool in pools:
        known = pool.real_cpus > 0
        per_real = f"{pool.virtual_cpus / pool.real_cpus:.1f}" if known else "-"
        rows.append((pool.name, str(pool.real_cpus) if known else "-", str(pool.virtual_cpus), per_real, str(MOST_VIRTUAL_PER_REAL)))
    return columns(rows, right=(1, 2, 3, 4))


def _vms(pools: Sequence[PoolLoad], wanted: Container[str] | None) -> list[str]:
    rows = [("VM-ID", "VM-GROUP", "CPU-POOL", "CPU-Q", "PLANNED", "MAX-U", "VIRT CPUS")]
    for pool in pools:
        planned = shares({vm.name: vm.quota for vm in pool.vms})
        for vm in (each for each in pool.vms if wanted is None or each.name in wanted):
            place = (vm_id(vm.index, vm.name), vm.group or "-", pool.name)
            rows.append((*place, tenths(vm.quota), percent(planned[vm.name]), tenths(vm.max_utilisation), str(vm.cpus)))
    return columns(rows, right=(3, 4, 5, 6))
