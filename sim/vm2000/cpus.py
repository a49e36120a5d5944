"""CPU arithmetic of VM2000: virtual CPUs after a change of SU, shares by CPU quota, and how many virtual CPUs a real one carries.

Source: VM2000 User Guide: CPU management during a VM Migration; Performance Handbook: VM2000 scheduling.
"""

from __future__ import annotations

from collections.abc import Mapping

STDPOOL = "*STDPOOL"  # the CPU pool that every SU has
# More active virtual CPUs than this on one real CPU are not recommended [Performance Handbook: VM2000 scheduling].
MOST_VIRTUAL_PER_REAL = 3


def adjusted(running: int, blocked: int, source_cpus: int, target_cpus: int) -> tuple[int, int]:
    """Return the virtual CPUs of a VM after a migration, as (running, blocked).

    As many as the real CPUs of the target's pool have the VM's number to be: surplus ones go to BLOCK where the target's pool has fewer
    real CPUs than the source's; where it has more, those in BLOCK are attached again as far as there is room. CPUs that the guest itself
    detached are in neither number, so nothing attaches them.

    Args:
        running: virtual CPUs that the guest uses.
        blocked: virtual CPUs in state BLOCK.
        source_cpus: real CPUs attached to the CPU pool on the source, at least 1.
        target_cpus: real CPUs attached to the CPU pool on the target, at least 1.
    """
    if target_cpus < source_cpus:
        surplus = max(0, running - target_cpus)
        return running - surplus, blocked + surplus
    if target_cpus > source_cpus:
        attached = max(0, min(blocked, target_cpus - running))
        return running + attached, blocked - attached
    return running, blocked


def shares(quotas: Mapping[str, float]) -> Mapping[str, float]:
    """Return which share 0..1 of its CPU pool each VM is to get when all of them want all they can: quota / sum of the quotas.

    The limits of utilisation and the number of virtual CPUs are left out: they bound what a VM takes, not what it is entitled to.

    Args:
        quotas: CPU quota by VM, of the VMs that are active in one CPU pool; 0 for all of them shares equally.
    """
    total = sum(quotas.values())
    if total <= 0.0:
        return dict.fromkeys(quotas, 1.0 / len(quotas)) if quotas else {}
    return {name: quota / total for name, quota in quotas.items()}


def share_changes(before: Mapping[str, float], after: Mapping[str, float]) -> str:
    """Return whose planned share of a CPU pool changes and how, "VM A: 50.0 % -> 33.3 %, VM B: new, 33.3 %"; "" when none does.

    Args:
        before: shares by VM, 0..1.
        after: the same later; VMs that are in one only came or went.
    """
    changes = [f"VM {name}: {_change(before.get(name), after.get(name))}" for name in sorted({*before, *after})]
    return ", ".join(change for change in changes if not change.endswith(": "))


def overcommitment(pool: str, virtual_cpus: int, real_cpus: int) -> str:
    """Return the warning that a CPU pool has more active virtual CPUs than recommended; "" when it has not, or when nobody knows.

    Args:
        pool: its name.
        virtual_cpus: active virtual CPUs of all VMs in it.
        real_cpus: real CPUs attached to it; 0 where the scenario does not say.
    """
    if not 0 < real_cpus * MOST_VIRTUAL_PER_REAL < virtual_cpus:
        return ""
    return (
        f"CPU pool {pool} has {virtual_cpus} active virtual CPUs on {real_cpus} real ones, {virtual_cpus / real_cpus:.1f} each; "
        f"at most {MOST_VIRTUAL_PER_REAL} are recommended"
    )


def percent(share: float) -> str:
    """Return a share 0..1 as "33.3 %"."""
    return f"{100.0 * share:.1f} %"


def _change(before: float | None, after: float | None) -> str:
    """Return what became of a share; "" when people would read the same number twice."""
    if before is None:
        return f"new, {percent(after)}" if after is not None else ""
    if after is None:
        return f"{percent(before)}, gone"
    return f"{percent(before)} -> {percent(after)}" if percent(before) != percent(after) else ""
