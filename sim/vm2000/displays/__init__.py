"""What the SHOW commands of VM2000 and of its guests display: frozen views in, text out."""

from sim.vm2000.displays.attributes import Assigned, VmLine, VmShown, show_attributes, show_vm_attributes
from sim.vm2000.displays.groups import show_groups
from sim.vm2000.displays.guest import Stay, SystemInformation, lm_counts, show_live_migration_history, show_system_information
from sim.vm2000.displays.layout import memory_size, not_simulated
from sim.vm2000.displays.over_time import StateShown, show_states_over_time
from sim.vm2000.displays.resources import FREE, MemoryRange, RealCpu, Resources, show_resources
from sim.vm2000.displays.status import PoolLoad, VmLoad, show_status

__all__ = [
    "FREE",
    "Assigned",
    "MemoryRange",
    "PoolLoad",
    "RealCpu",
    "Resources",
    "StateShown",
    "Stay",
    "SystemInformation",
    "VmLine",
    "VmLoad",
    "VmShown",
    "lm_counts",
    "memory_size",
    "not_simulated",
    "show_attributes",
    "show_groups",
    "show_live_migration_history",
    "show_resources",
    "show_states_over_time",
    "show_status",
    "show_system_information",
    "show_vm_attributes",
]
