from __future__ import annotations

import pytest

from sim.vm2000.commands.completion import begun, complete
from sim.vm2000.commands.formats import COMMANDS
from sim.vm2000.commands.syntax import parse


@pytest.mark.parametrize(
    ("text", "piece", "found"),
    [
        ("mig", "mig", ["MIGRATE-VM", "MIGRATE-VM-DEFINITION"]),
        ("/HOLD", "HOLD", ["HOLD-VM"]),
        ("MIGRATE-VM ", "", ["VM-IDENTIFICATION=", "SERVER-UNIT-NAME=", "MONJV=", "JV-PASSWORD="]),
        ("MIGRATE-VM VM-ID=12,", "", ["SERVER-UNIT-NAME=", "MONJV=", "JV-PASSWORD="]),
        ("MIGRATE-VM VM-ID=12, serv", "serv", ["SERVER-UNIT-NAME="]),
        ("MIGRATE-VM VM-ID=12,SERVER-UNIT-NAME=", "", ["*UNIQUE"]),
        ("DEL-VM VM-ID=2,CHECK-VM-STATE=*", "*", ["*YES", "*NO"]),
        ("HOLD-VM *A", "*A", ["*ALL"]),
        ("REMOVE-VM-DEVICES UNITS=(5000,*", "*", ["*ALL", "*PUBSET-DEVICES", "*DEVICE-RANGE"]),
        ("REMOVE-VM-DEVICES UNITS=*DEV(FROM=5000,", "", ["TO="]),
        ("REMOVE-VM-DEVICES UNITS=*ALL(*NO),VM-ID=2,F", "F", ["FORCE="]),
        ("EXTEND-VM-MEMORY 2,NEW-MEM=8(D", "D", []),
        ("NO-SUCH-COMMAND ", "", []),
        ("MIGRATE-VM VM-ID=VM1", "VM1", []),
    ],
)
def test_what_is_typed_can_become(text: str, piece: str, found: list[str]) -> None:
    assert (begun(text), complete(text)) == (piece, found)


def test_a_guest_knows_its_own_commands() -> None:
    assert complete("", guest=True) == ["SHOW-SYSTEM-INFORMATION", "SHOW-LIVE-MIGRATION-HISTORY"]
    assert set(complete("")) == set(COMMANDS) - set(complete("", guest=True))


def test_completed_commands_are_understood() -> None:
    for name in complete(""):
        values = {"UNITS": "5000", "NEW-MEMORY-SIZE": "8", "CPU-QUOTA": "1", "MEMBER-CPU-QUOTA": "1"}
        mandatory = [operand.name for operand in COMMANDS[name].operands if operand.default is None]
        assert {f"{operand}=" for operand in mandatory} <= set(complete(f"{name} "))
        written = ",".join(f"{operand}={values.get(operand, 'VM1')}" for operand in mandatory)
        assert parse(f"{name} {written}").name == name
