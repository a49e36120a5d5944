"""The commands that the simulator knows, with their operands: for the parser, and for whoever completes what is typed.

Source: VM2000 User Guide: Description of the commands; BS2000 Commands (SHOW-SYSTEM-INFORMATION, SHOW-LIVE-MIGRATION-HISTORY).
Of MODIFY-VM-ATTRIBUTES the privileges, the control of real CPUs, the trace and the automatic start are left out.
Assumes [A45]: the formats of ACTIVATE-VM-DEFINITION, RESET-VM, REMOVE-VM-FROM-VM-GROUP, SAVE-VM-CONFIGURATION,
SHOW-VM-STATUS, START- and STOP-CONFIGURATION-UPDATE and SHOW-SYSTEM-INFORMATION are ours, and so are defaults that the pages do not
name: the first value of a list, *AFTER-VM for MOVE-VM, 5 minutes of quiet for SHUTDOWN-VM.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sim.vm2000.commands.operands import (
    CATALOGUE_ID,
    FILE_NAME,
    HEXADECIMAL,
    HOST_NAME,
    MNEMONIC,
    NAME,
    PASSWORDS,
    VM_PASSWORDS,
    WILD_MNEMONIC,
    WILD_NAME,
    WORD,
    Command,
    Operand,
    Value,
    address,
    fixed,
    integer,
    keyword,
    operand,
)

_INDEX = integer(1, 99)
_MEGABYTES = operand("DIMENSION", "*MEGABYTE", "*GIGABYTE", default="*MEGABYTE")
# VM2000 User Guide: Managing main memory: VM2000 manages at most 1 TB.
_SIZE = integer(1, 1048576, (_MEGABYTES,))
_SWITCH = ("*YES", "*NO")


def _yes(name: str) -> Operand:
    return operand(name, *_SWITCH, default="*YES")


def _no(name: str) -> Operand:
    return operand(name, "*NO", "*YES", default="*NO")


def _unchanged(name: str, *values: Value | str) -> Operand:
    return operand(name, "*UNCHANGED", *values, default="*UNCHANGED")


VM = operand("VM-IDENTIFICATION", _INDEX, NAME)
CURRENT_VM = operand("VM-IDENTIFICATION", "*CURRENT", _INDEX, NAME, default="*CURRENT")
ANY_VM = operand("VM-IDENTIFICATION", "*CURRENT", "*ALL", _INDEX, NAME, default="*CURRENT")
_TARGET = operand("SERVER-UNIT-NAME", "*UNIQUE", HOST_NAME, default="*UNIQUE")
_DEFINITION = operand("VM-NAME", NAME)
_GROUP = operand("VM-GROUP-NAME", NAME)
_MONJV = (operand("MONJV", "*NONE", FILE_NAME, default="*NONE"), operand("JV-PASSWORD", "*NONE", *PASSWORDS, default="*NONE"))
_QUOTA = fixed(0.01, 99.99)

_PUBSET = keyword("*PUBSET-DEVICES", operand("PUBSET", keyword("*BY-PUBRES-DEVICE", operand("UNIT", MNEMONIC)), CATALOGUE_ID))
_RANGE = keyword("*DEVICE-RANGE", operand("FROM", MNEMONIC), operand("TO", MNEMONIC))
_ALL_DEVICES = keyword("*ALL", _yes("CHECK-VM-STATE"))
_UNITS = operand("UNITS", _ALL_DEVICES, _PUBSET, _RANGE, WILD_MNEMONIC, most=28)
_POOL = (
    operand("TO-CPU-POOL", "*STDPOOL", NAME),
    operand("CPU-QUOTA", _QUOTA),
    operand("ATTACHED-VM-CPUS", "*CHECK-NUMBER", "*ADJUST-NUMBER", default="*CHECK-NUMBER"),
)

_MIGRATION = (
    Command("CHECK-VM-MIGRATION", "check whether a VM can be migrated", (VM, _TARGET)),
    Command("MIGRATE-VM", "migrate a VM to another SU of the SU cluster", (VM, _TARGET, *_MONJV)),
    Command("MIGRATE-VM-DEFINITION", "migrate the definition of a VM that is not initialised", (_DEFINITION, _TARGET)),
    Command("RECOVER-VM-DEFINITION", "take a VM definition over from an SU that is down", (_DEFINITION, _TARGET)),
    Command("ACTIVATE-VM-DEFINITION", "initialise a VM from its persistent definition", (_DEFINITION,)),
)

_LIFE = (
    Command("HOLD-VM", "suspend a VM", (ANY_VM,), only_390=True),
    Command("RESUME-VM", "let a suspended VM go on", (ANY_VM,), only_390=True),
    Command(
        "START-VM",
        "start the guest system of a VM",
        (
            operand("IPL-UNIT", "*STD", MNEMONIC, default="*STD"),
            operand("MAIN-CONSOLE", "*STD", MNEMONIC, default="*STD", most=2),
            _no("HOLD"),
            _no("DIAGNOSTIC-IPL"),
            operand("INFORMATION-BYTE", "*FAST", "*AUTOMATIC", "*DIALOG", default="*FAST"),
            operand("PARAMS", "*NONE", WORD, default="*NONE"),
            _no("CLEAR-MEMORY"),
            _no("UNLOCK-SAVEAREA"),
            CURRENT_VM,
            _yes("CHECK-VM-STATE"),
        ),
    ),
    Command(
        "SHUTDOWN-VM",
        "shut the guest system of a VM down",
        (
            operand(
                "VM-IDENTIFICATION",
                "*CURRENT",
                keyword(
                    "*VM2000",
                    operand("WAITING-TIME", "*UNLIMITED", integer(1, 60), default="*UNLIMITED"),
                    operand(
                        "ACTION",
                        keyword("*SHUTDOWN", operand("QUIET-TIME", integer(0, 60), default="5")),
                        "*ENTER-JOB",
                        default="*SHUTDOWN",
                    ),
                ),
                "*VM-GUESTS",
                _INDEX,
                NAME,
                default="*CURRENT",
            ),
        ),
    ),
    Command("RESET-VM", "end the guest system of a VM at once", (CURRENT_VM,)),
    Command("DELETE-VM", "end a VM", (ANY_VM, _yes("CHECK-VM-STATE"))),
)

_MEMORY = (
    Command(
        "MOVE-VM",
        "move a VM inside the main memory of its SU",
        (
            operand(
                "LOCATION",
                keyword("*BEFORE-VM", operand("VM-IDENTIFICATION", "*NEXT", integer(2, 99), NAME, default="*NEXT")),
                keyword("*AFTER-VM", operand("VM-IDENTIFICATION", "*PREVIOUS", _INDEX, NAME, default="*PREVIOUS")),
                "*MEMORY-END",
                address(operand("DIMENSION", "*BYTE", "*MEGABYTE", default="*BYTE")),
                default="*AFTER-VM",
            ),
            VM,
            operand("MSCF-COORDINATED", "*IF-POSSIBLE", *_SWITCH, default="*IF-POSSIBLE"),
        ),
        only_390=True,
    ),
    Command(
        "EXTEND-VM-MEMORY",
        "give a VM more main memory",
        (VM, _unchanged("NEW-MEMORY-SIZE", "*MAXIMUM", _SIZE), _unchanged("NEW-MIN-MEMORY-SIZE", "*MAXIMUM", _SIZE), *_MONJV),
    ),
    Command("REDUCE-VM-MEMORY", "take main memory away from a VM", (VM, operand("NEW-MEMORY-SIZE", "*MINIMUM", _SIZE), *_MONJV)),
)

_DEVICES = (
    # FORCE is an operand of ADD-VM-DEVICES in the list of commands that a migration locks only; its own page does not have it.
    Command(
        "ADD-VM-DEVICES",
        "assign devices to a VM",
        (
            operand("UNITS", _PUBSET, _RANGE, WILD_MNEMONIC, most=28),
            VM,
            operand("TYPE", "*NONE", "*SD", "*VC", default="*NONE"),
            _no("FORCE"),
        ),
    ),
    Command(
        "REMOVE-VM-DEVICES",
        "take devices away from a VM",
        (_UNITS, CURRENT_VM, operand("FORCE", keyword("*NO", _no("WAIT-FOR-UNASSIGN")), "*YES", default="*NO")),
    ),
    Command(
        "SWITCH-VM-DEVICES",
        "take devices away from a VM and assign them to another",
        (_UNITS, operand("FROM-VM", _INDEX, NAME), operand("TO-VM", _INDEX, NAME), _no("FORCE")),
    ),
)

_ATTRIBUTES = (
    Command("ASSIGN-VM-TO-CPU-POOL", "assign a VM to a CPU pool", (VM, *_POOL)),
    Command("ASSIGN-VM-GROUP-TO-CPU-POOL", "assign the VMs of a VM group to a CPU pool", (_GROUP, *_POOL), only_390=True),
    Command("ADD-VM-TO-VM-GROUP", "add a VM to a VM group", (VM, _GROUP, operand("MEMBER-CPU-QUOTA", _QUOTA)), only_390=True),
    Command(
        "REMOVE-VM-FROM-VM-GROUP",
        "take a VM out of its VM group",
        (VM, operand("CPU-QUOTA", "*STD", _QUOTA, default="*STD")),
        only_390=True,
    ),
    Command(
        "MODIFY-VM-ATTRIBUTES",
        "change attributes of a VM",
        (
            VM,
            _unchanged("CPU-QUOTA", _QUOTA, keyword("*BY-VM-GROUP", _unchanged("MEMBER-CPU-QUOTA", _QUOTA))),
            _unchanged("MAX-CPU-UTILIZATION", fixed(0.01, 100.0)),
            _unchanged("MAX-IO-UTILIZATION", integer(1, 100)),
            _unchanged("PASSWORD", "*NONE", *VM_PASSWORDS),
            _unchanged("ADMIN-PRIVILEGES", "*STD", "*MINIMUM", "*MAXIMUM"),
            _unchanged("PERSISTENT", *_SWITCH),
        ),
    ),
    Command("SAVE-VM-CONFIGURATION", "back the VM2000 configuration up", (operand("TO-FILE", "*STD", FILE_NAME, default="*STD"),)),
    Command("START-CONFIGURATION-UPDATE", "begin a dynamic change of the I/O configuration", only_390=True),
    Command("STOP-CONFIGURATION-UPDATE", "end a dynamic change of the I/O configuration", only_390=True),
)

_BY_POOL = keyword("*BY-CPU-POOL", operand("CPU-POOL-NAME", "*STDPOOL", NAME, default="*STDPOOL"))
_BY = (keyword("*BY-VM-GROUP", _GROUP), _BY_POOL)
_SHOWN = ("*STD", "*CPU", "*UNITS", "*MEMORY", "*MONJV", "*PRIVILEGES")
_SHOWS = (
    Command(
        "SHOW-VM-ATTRIBUTES",
        "show the attributes of VMs",
        (
            operand("INFORMATION", *_SHOWN, "*ALL", default="*STD"),
            operand("TYPE", "*ALL", "*SD", "*VC", WORD, default="*ALL"),
            operand("VM-IDENTIFICATION", "*CURRENT", "*VM2000", _INDEX, WILD_NAME, *_BY, default="*CURRENT"),
        ),
    ),
    Command(
        "SHOW-VM-RESOURCES",
        "show the resources of VM2000",
        (
            operand("INFORMATION", *_SHOWN, "*CONFIGURATION", "*ALL", default="*STD"),
            operand("UNITS", "*ALL", _RANGE, WILD_MNEMONIC, default="*ALL", most=28),
            operand("TYPE", "*ANY", "*SD", "*VC", WORD, default="*ANY"),
        ),
    ),
    Command(
        "SHOW-VM-STATUS",
        "show planned and measured CPU values",
        (
            operand("VM-IDENTIFICATION", "*ALL", "*NONE", _INDEX, WILD_NAME, default="*ALL"),
            operand("VM-GROUP-NAME", "*ALL", "*NONE", NAME, default="*ALL"),
            operand("CPU-POOL-NAME", "*ALL", "*NONE", "*STDPOOL", NAME, default="*ALL"),
            operand("CPU-IDENTIFICATION", "*ALL", "*NONE", HEXADECIMAL, default="*ALL"),
            operand("PERIOD", "*RECENT", "*NO", integer(1, 60), default="*RECENT"),
        ),
    ),
    Command(
        "SHOW-VM-GROUP",
        "show VM groups",
        (
            operand("VM-GROUP-NAME", "*ALL", NAME, keyword("*BY-MEMBER", VM), _BY_POOL, default="*ALL"),
            operand("INFORMATION", "*ATTRIBUTES", "*MEMBERS", "*ALL", default="*ATTRIBUTES"),
        ),
        only_390=True,
    ),
    Command(
        "SHOW-SYSTEM-INFORMATION",
        "show what the guest system runs on",
        (operand("INFORMATION", "*STD", "*ALL", default="*STD"),),
        guest=True,
    ),
    Command(
        "SHOW-LIVE-MIGRATION-HISTORY",
        "show the SUs on which the guest system has been",
        (
            operand(
                "SERVER-UNIT",
                "*ALL",
                "*CURRENT",
                "*PREVIOUS",
                "*INITIAL",
                keyword(
                    "*INTERVAL",
                    operand("FROM", "*INITIAL", "*PREVIOUS", HEXADECIMAL, default="*INITIAL"),
                    operand("TO", "*CURRENT", "*PREVIOUS", "*SAME", HEXADECIMAL, default="*CURRENT"),
                ),
                HEXADECIMAL,
                default="*ALL",
                most=10,
            ),
            operand(
                "INFORMATION",
                "*SUMMARY",
                "*ALL",
                "*CONFIGURATION",
                "*CPU-ID-LIST",
                "*VM2000-IDENTIFICATION",
                "*IOCONF-IDENTIFICATION",
                default="*SUMMARY",
                most=4,
            ),
        ),
        guest=True,
    ),
)

COMMANDS: Mapping[str, Command] = MappingProxyType(
    {command.name: command for command in (*_MIGRATION, *_LIFE, *_MEMORY, *_DEVICES, *_ATTRIBUTES, *_SHOWS)}
)
