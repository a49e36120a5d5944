"""Why a migration did not end as planned, in a planner's words."""

from __future__ import annotations

from collections.abc import Mapping

# Assumptions without which there would be no such reason, or not at this moment.
ASSUMED: Mapping[str, str] = {"chase-limit": "A2", "forced-command": "A36", "link-lost": "A38", "monitor-starved": "A38"}
# One entry for each of `sim.columns.REASONS`; a test compares.
WORDS: Mapping[str, str] = {
    "vm-not-created": "the VM did not exist",
    "vm-state": "the VM was in a state that cannot migrate",
    "monitor-vm": "the monitor VM cannot migrate",
    "second-migration": "another migration from this SU, or of this VM, was under way",
    "cluster-inactive": "the SU cluster was not activated",
    "operating-mode": "the SUs were in different operating modes",
    "io-reconfiguration": "a dynamic change of the I/O configuration was under way",
    "hypervisor-size": "the hypervisor had too little memory",
    "monitor-memory": "the monitor VM had too little memory",
    "source-down": "the source SU was down",
    "target-unreachable": "the target SU could not be reached",
    "target-not-found": "the target SU was not found in the SU cluster",
    "target-not-unique": "*UNIQUE named no single SU",
    "name-in-use": "the target had a VM of this name",
    "device-not-generated": "the target lacked a device of the VM",
    "device-exclusive": "another system had a device of the VM exclusively on the target",
    "no-memory-on-target": "the target had too little free memory",
    "no-contiguous-memory": "the target had enough free memory, but not in one range",
    "no-index-on-target": "the target had no free VM index",
    "agent-error": "the VM2000 agent of an SU x86 was in error",
    "definition-not-created": "the VM's definition could not be created on the target",
    "disks-not-operable": "disks were not operable at the target",
    "chase-limit": "pages kept changing, and were not transferred in time",
    "link-lost": "the network connection was interrupted for too long",
    "monitor-starved": "a monitor system got no CPU for too long",
    "source-crash": "the source SU crashed",
    "target-crash": "the target SU crashed",
    "forced-command": "an operator's forced command ended it",
    "definition-not-deleted": "the VM's definition could not be deleted on the source at once",
    "step-stopped": "the step stopped after a failure before it",
}
