"""Return codes of commands, as NBR0740 prints them: subcodes 2 and 1, and the maincode.

Source: VM2000 User Guide: Command return codes, and the pages of the commands. The tables there leave subcode 2 open for most codes
("-"); it is 0 here. A code whose meaning is empty stands in a table, but what it means is not published: nothing produces it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class ReturnCode:
    """The result of a command; `str` gives it as NBR0740 prints it.

    Args:
        sc2: subcode 2; 2 is "done, but".
        sc1: subcode 1; the class of the error, 0 for none.
        maincode: a message id.
        meaning: what the manual says it means; "" where that is not published.
    """

    sc2: int
    sc1: int
    maincode: str
    meaning: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"SC2={self.sc2:03}, SC1={self.sc1:03}, MC={self.maincode}"


Codes = Mapping[str, ReturnCode]

# Subcode 1 of what VM2000 rejects in every table that is published, but for VMs that migrate.
_REJECTS = 64


def _table(*codes: ReturnCode) -> Codes:
    return MappingProxyType({_key(code): code for code in codes})


def _key(code: ReturnCode) -> str:
    """Return what a table finds a code by: its maincode, with subcode 2 where the command was executed but there is something to say."""
    return f"{code.maincode}/{code.sc2}" if code.maincode == "CMD0001" and code.sc2 else code.maincode


def _rejections(meanings: Iterable[tuple[str, str]]) -> tuple[ReturnCode, ...]:
    return tuple(ReturnCode(0, _REJECTS, maincode, meaning) for maincode, meaning in meanings)


ACCEPTED = ReturnCode(0, 0, "CMD0001", "done")
# VM2000 User Guide: RESUME-VM; that of HOLD-VM has it too, and that other commands answer in the same way is inferred.
NO_ACTION = ReturnCode(1, 0, "CMD0001", "no action required")
# VM2000 User Guide: ADD-VM-TO-VM-GROUP; CREATE-VM-GROUP. That MODIFY-VM-ATTRIBUTES has it too is inferred.
ROUNDED = ReturnCode(2, 0, "CMD0001", "decimals rounded to two places")

GENERAL = _table(
    ACCEPTED,
    ReturnCode(0, 1, "CMD0202", "syntax or semantic error"),
    ReturnCode(0, 32, "CMD0221", "internal error"),
    ReturnCode(0, 64, "CMD0216", "privilege missing"),
    ReturnCode(0, 64, "VMS9001", "command not available at this input medium or for this guest"),
    ReturnCode(0, 64, "VMS9004", "not supported on this SU type"),
    ReturnCode(0, 65, "CMD2241", "subsystem not loaded"),
    ReturnCode(0, 128, "CMD2280", "not available at present"),
    ReturnCode(0, 128, "VMS4504", "memory bottleneck"),
    ReturnCode(0, 128, "VMS4513", "hypervisor bottleneck"),
    ReturnCode(0, 130, "VMS6000", "VM2000 agent not available"),
    ReturnCode(0, 130, "VMS6001", "carrier administration not available"),
)

_TARGET = (
    ("VMS2341", "no unique remote SU"),
    ("VMS2400", "target SU not found"),
)
_VM_NOT_CREATED = ("VMS4000", "VM not created")
# Both a message and a return code [VM2000 User Guide: SWITCH-VM-CPU].
_NO_CPU = ("VMS4612", "too few attached CPUs in the CPU pool")

CHECK_VM_MIGRATION = _table(
    ReturnCode(0, 0, "CMD0001", "migration possible"),
    ReturnCode(2, 0, "VMS2461", "migration not possible"),
    *_rejections((*_TARGET, _VM_NOT_CREATED)),
)

# Assumes [A12]: the table of MIGRATE-VM is not published; this is that of CHECK-VM-MIGRATION, and "not possible" has the
# subcode 1 that its other rejections have.
REJECTED = ReturnCode(0, _REJECTS, "VMS2461", "migration not possible")
MIGRATE_VM = _table(ACCEPTED, REJECTED, *_rejections((*_TARGET, _VM_NOT_CREATED)))

MIGRATE_VM_DEFINITION = _table(
    ACCEPTED,
    ReturnCode(2, 0, "VMS2321", "migrated, but the definition could not be deleted on the source SU"),
    *_rejections(
        (
            ("VMS2300", "VM definition does not exist"),
            ("VMS2323", "VM definition could not be migrated"),
            ("VMS2324", "rejected by the target SU"),
            ("VMS2325", "not confirmed in time by the target SU"),
            ("VMS2332", "storage of the VM definitions not reachable"),
            *_TARGET,
            ("VMS2402", ""),
            ("VMS2403", ""),
            ("VMS2410", ""),
            ("VMS4015", ""),
        )
    ),
)

RECOVER_VM_DEFINITION = _table(
    ACCEPTED,
    *_rejections(
        (
            ("VMS2300", "VM definition does not exist"),
            ("VMS2311", "maximum number of VM definitions reached"),
            ("VMS2332", "storage of the VM definitions not reachable"),
            ("VMS2341", "no unique remote SU"),
            ("VMS2342", "the SU named is the local one"),
            ("VMS2343", "the SU named is in no SU cluster with the local one"),
            ("VMS2344", "the remote SU is running"),
            ("VMS2345", "VM definition cannot be retrieved"),
            ("VMS2346", "VM definition is not unique in the SU cluster"),
            ("VMS2347", "the local SU is in no SU cluster"),
            ("VMS2400", "SU not found"),
            ("VMS4013", "VM name not available"),
        )
    ),
)

RESUME_VM = _table(
    ACCEPTED,
    NO_ACTION,
    ReturnCode(2, 0, "VMS2020", "the VM stays IN HOLD(WAIT)"),
    ReturnCode(2, 0, "VMS2306", "VM definition not updated"),
    *_rejections((("VMS2001", ""), _VM_NOT_CREATED, _NO_CPU)),
    GENERAL["VMS9004"],
    ReturnCode(0, _REJECTS, "VMS9005", "executed only in part"),
)

# Of VMs that migrate: in V12 on the page of ADD-VM-TO-VM-GROUP, in V10 on that of ASSIGN-VM-TO-CPU-POOL; that other commands have
# the same code is inferred. It is the class of what can be tried again later, unlike all other rejections.
_MIGRATES = ReturnCode(0, 128, "VMS3042", "VM being migrated")

ADD_VM_TO_VM_GROUP = _table(
    ACCEPTED,
    ROUNDED,
    RESUME_VM["VMS2306"],
    *_rejections(
        (
            _VM_NOT_CREATED,
            ("VMS4400", "VM group not yet created"),
            ("VMS4422", "VM not assigned to the CPU pool of the VM group"),
            ("VMS4424", "VM already belongs to a VM group"),
        )
    ),
    _MIGRATES,
)

# VM2000 V10 User Guide, page 441; of the page of V12 only the beginning could be read.
ASSIGN_VM_TO_CPU_POOL = _table(
    ACCEPTED,
    ROUNDED,
    ReturnCode(3, 0, "CMD0001", "implicit attachment of virtual CPUs started"),
    ReturnCode(4, 0, "CMD0001", "implicit detachment of virtual CPUs started"),
    *_rejections(
        (
            _VM_NOT_CREATED,
            ("VMS4600", "CPU pool not set up"),
            _NO_CPU,
            ("VMS4616", "VM already assigned to the CPU pool"),
            ("VMS4622", "VM belongs to a VM group"),
        )
    ),
    _MIGRATES,
)

# The subcode of NKR0197, a message of BS2000, is not published: 64, as most rejections have.
LOCKS = _table(_MIGRATES, ReturnCode(0, _REJECTS, "NKR0197", "rejected because of a migration"), RESUME_VM["VMS9005"])

TABLES: Mapping[str, Codes] = MappingProxyType(
    {
        "every command": GENERAL,
        "CHECK-VM-MIGRATION": CHECK_VM_MIGRATION,
        "MIGRATE-VM": MIGRATE_VM,
        "MIGRATE-VM-DEFINITION": MIGRATE_VM_DEFINITION,
        "RECOVER-VM-DEFINITION": RECOVER_VM_DEFINITION,
        "RESUME-VM": RESUME_VM,
        "ADD-VM-TO-VM-GROUP": ADD_VM_TO_VM_GROUP,
        "ASSIGN-VM-TO-CPU-POOL": ASSIGN_VM_TO_CPU_POOL,
        "commands locked by a migration": LOCKS,
    }
)
