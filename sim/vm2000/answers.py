"""The messages with which VM2000 answers commands, beside those of a migration; the id is the product's, words in brackets are ours.

Only ids whose meaning a manual gives are here; the others stand in the tables of `returns` or in the documentation, and nothing
prints them. Inserts: `command` is the command's name, `vm` and `unit` what the caller typed or what is meant by it.
"""

from __future__ import annotations

from sim.vm2000.message import BOTH, ONLY_390, ONLY_X86, TO_CALLER, TO_GUEST, Message

_LOCKS = "VM2000 User Guide: Commands not allowed during a VM Migration"
_CHECK = "VM2000 User Guide: CHECK-VM-MIGRATION"
_MOVE_DEFINITION = "VM2000 User Guide: MIGRATE-VM-DEFINITION"
_RECOVER = "VM2000 User Guide: RECOVER-VM-DEFINITION"
_RESUME = "VM2000 User Guide: RESUME-VM"
_CODES = "VM2000 User Guide: Command return codes"
_SEND = "VM2000 User Guide: SEND-VM-MESSAGE (example)"
_GROUP = "VM2000 User Guide: ADD-VM-TO-VM-GROUP"
_POOL = "VM2000 V10 User Guide, page 441: ASSIGN-VM-TO-CPU-POOL"


def _answer(id_: str, words: str, source: str, su_types: tuple[str, ...] = BOTH) -> Message:
    return Message(id_, f"[{words}]", TO_CALLER, su_types, source, text_known=False)


def _published(id_: str, text: str, source: str, su_types: tuple[str, ...]) -> Message:
    return Message(id_, text, TO_CALLER, su_types, source, text_known=True)


VMS3000 = _published("VMS3000", "VM2000 COMMAND /{command} FOR VIRTUAL MACHINE ({index},{vm}) PROCESSED SUCCESSFULLY", _SEND, BOTH)
VMS3011 = _answer("VMS3011", "command {command} is not supported on this SU type", "VM2000 User Guide: SHOW-VM-GROUP", ONLY_X86)
CMD0202 = _answer("CMD0202", "{text}", _CODES)
VMS4504 = _answer("VMS4504", "memory bottleneck: {text}", _CODES)

# Locks while a VM migrates.
VMS3041 = _answer("VMS3041", "command {command} executed only in part because of a migration", _LOCKS)
VMS3042 = _answer("VMS3042", "command {command} rejected because of a migration", _LOCKS)
NKR0197 = _answer("NKR0197", "command {command} rejected because of a migration", _LOCKS, ONLY_390)
NKR0194 = Message(
    "NKR0194",
    "[dynamic change of the I/O configuration: VM ({index},{vm}) is displayed with (DIFF) and cannot take part]",
    TO_GUEST,
    ONLY_390,
    "VM2000 User Guide: Device configuration for the VM Migration (SU /390)",
    text_known=False,
)

# The target of a command, and the VM.
VMS2341 = _answer("VMS2341", "SERVER-UNIT-NAME=*UNIQUE needs exactly one other SU in the SU cluster, there are {number}", _CHECK)
VMS2400 = _answer("VMS2400", "SU '{unit}' not found", _CHECK)
VMS2461 = _answer("VMS2461", "VM migration is not possible", _CHECK)
VMS4000 = _answer("VMS4000", "VM {vm} is not created", _CHECK)

# Definitions.
VMS2300 = _answer("VMS2300", "definition of VM {vm} does not exist", _MOVE_DEFINITION)
VMS2321 = _answer("VMS2321", "definition of VM {vm} migrated to SU '{unit}', but not deleted here", _MOVE_DEFINITION)
VMS2323 = _answer("VMS2323", "definition of VM {vm} could not be migrated: {text}", _MOVE_DEFINITION)
VMS2324 = _answer("VMS2324", "definition of VM {vm} rejected by target SU '{unit}': {text}", _MOVE_DEFINITION)
VMS2325 = _answer("VMS2325", "definition of VM {vm} not confirmed in time by target SU '{unit}'", _MOVE_DEFINITION)
VMS2332 = _answer("VMS2332", "storage of the VM definitions of SU '{unit}' not reachable", _MOVE_DEFINITION, ONLY_390)
VMS2311 = _answer("VMS2311", "maximum number of VM definitions on SU '{unit}' reached", _RECOVER)
VMS2340 = _answer("VMS2340", "definition of VM {vm} recovered from SU '{unit}'", _RECOVER)
VMS2342 = _answer("VMS2342", "SU '{unit}' is the local SU", _RECOVER)
VMS2343 = _answer("VMS2343", "SU '{unit}' is in no SU cluster with the local SU", _RECOVER)
VMS2344 = _answer("VMS2344", "SU '{unit}' is running", _RECOVER)
VMS2345 = _answer("VMS2345", "definition of VM {vm} cannot be retrieved from SU '{unit}'", _RECOVER)
VMS2346 = _answer("VMS2346", "definition of VM {vm} is not unique in the SU cluster", _RECOVER)
VMS2347 = _answer("VMS2347", "the local SU is in no SU cluster", _RECOVER)
VMS4013 = _answer("VMS4013", "VM name {vm} is not available", _RECOVER)

# Hold and resume, which exist on SU /390 only.
VMS2020 = _answer("VMS2020", "VM ({index},{vm}) stays IN HOLD(WAIT)", _RESUME, ONLY_390)
VMS2306 = _answer("VMS2306", "definition of VM ({index},{vm}) not updated", _RESUME, ONLY_390)

# CPU pools and VM groups; groups exist on SU /390 only.
VMS4425 = _published("VMS4425", "VIRTUAL MACHINE ({index},{vm}) ASSIGNED TO VM GROUP '{group}'", _GROUP, ONLY_390)
VMS4618 = _published(
    "VMS4618",
    "CPU POOL ASSIGNMENT OF VIRTUAL MACHINE ({index},{vm}) CHANGED FROM CPU POOL '{old}' TO CPU POOL '{new}'",
    _POOL,
    BOTH,
)
VMS4400 = _answer("VMS4400", "VM group {group} is not created", _GROUP, ONLY_390)
VMS4422 = _answer("VMS4422", "VM ({index},{vm}) is not in the CPU pool of VM group {group}", _GROUP, ONLY_390)
VMS4424 = _answer("VMS4424", "VM ({index},{vm}) belongs to VM group {group}", _GROUP, ONLY_390)
VMS4600 = _answer("VMS4600", "there is no CPU pool {pool}", _POOL)
VMS4612 = _answer("VMS4612", "too few attached CPUs in CPU pool {pool}: {text}", "VM2000 User Guide: SWITCH-VM-CPU; RESUME-VM")
VMS4616 = _answer("VMS4616", "VM ({index},{vm}) is in CPU pool {pool} already", _POOL)
VMS4622 = _answer("VMS4622", "VM ({index},{vm}) belongs to VM group {group}", _POOL, ONLY_390)

ANSWERS: tuple[Message, ...] = (
    VMS3000,
    VMS3011,
    CMD0202,
    VMS4504,
    VMS3041,
    VMS3042,
    NKR0197,
    NKR0194,
    VMS2341,
    VMS2400,
    VMS2461,
    VMS4000,
    VMS2300,
    VMS2321,
    VMS2323,
    VMS2324,
    VMS2325,
    VMS2332,
    VMS2311,
    VMS2340,
    VMS2342,
    VMS2343,
    VMS2344,
    VMS2345,
    VMS2346,
    VMS2347,
    VMS4013,
    VMS2020,
    VMS2306,
    VMS4425,
    VMS4618,
    VMS4400,
    VMS4422,
    VMS4424,
    VMS4600,
    VMS4612,
    VMS4616,
    VMS4622,
)
