"""What Tab offers: words of the console, names of the site, and what VM2000 allows at this place."""

from __future__ import annotations

import pytest

from report.consoles import POINT
from sim.report.console.completion import candidates
from sim.report.console.screen import Screen
from sim.vm2000.commands.formats import COMMANDS

SCREEN = Screen(POINT)


@pytest.mark.parametrize(
    ("before", "begun", "offered"),
    [
        (".sk", ".sk", [".skip"]),
        (".console ab", "ab", ["ABGSE501", "ABGSE701"]),
        (".hide VM12PROD,g", "g", ["guests"]),
        (".speed 6", "6", []),
        ("MIGR", "MIGR", ["MIGRATE-VM", "MIGRATE-VM-DEFINITION"]),
        ("/mov", "mov", ["MOVE-VM"]),
        ("NONSENSE ", "", []),
        ("MIGRATE-VM V", "V", ["VM12PROD", "VM-IDENTIFICATION="]),
        ("MIGRATE-VM VM-ID=", "", ["VM12PROD"]),
        ("mig-vm vm-id=v", "v", ["VM12PROD"]),
        ("MIGRATE-VM VM-ID=12,SERV", "SERV", ["SERVER-UNIT-NAME="]),
        ("MIGRATE-VM VM12PROD,A", "A", ["ABGSE501", "ABGSE701"]),
        ("MIGRATE-VM VM-ID=12,SERVER-UNIT-NAME=ab", "ab", ["ABGSE501", "ABGSE701"]),
        ("MIGRATE-VM VM-ID=12,SERVER-UNIT-NAME=*", "*", ["*UNIQUE"]),
        ("MIGRATE-VM VM-ID=12,NONSENSE=", "", []),
        ("SHOW-VM-ATTRIBUTES INF=*M", "*M", ["*MEMORY", "*MONJV"]),
        ("MOVE-VM LOCATION=*AFTER-VM(VM-ID=", "", ["VM12PROD", "*PREVIOUS"]),
        ("MOVE-VM LOCATION=*AFTER-VM(VM-ID=3),V", "V", ["VM-IDENTIFICATION="]),
    ],
)
def test_offers(before: str, begun: str, offered: list[str]) -> None:
    assert candidates(before, SCREEN, "ABGSE501") == (begun, offered)


def test_every_command_is_offered_where_it_belongs() -> None:
    _, at_unit = candidates("", SCREEN, "ABGSE501")
    _, in_guest = candidates("", SCREEN, "VM12PROD")
    assert sorted([*at_unit, *in_guest]) == sorted(COMMANDS)
    assert in_guest == ["SHOW-SYSTEM-INFORMATION", "SHOW-LIVE-MIGRATION-HISTORY"]
