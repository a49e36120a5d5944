"""What is said of operators' commands before the night: mistyped, or sure to fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from scenario.operations import WORLD, loaded
from sim.cli import app
from sim.errors import ScenarioError
from sim.scenario import scenario_of

X86 = WORLD.replace("/390", "x86")
THREE = WORLD.replace("      SU2: {memory: 64 GiB}\n", "      SU2: {memory: 64 GiB}\n      su3: {memory: 64 GiB}\n")
NO_SUCH = "is a command that the simulator does not execute; it will say so"


def typed(command: str, console: str = "SU1") -> str:
    return f'operators:\n  - {{at: "22:05", console: {console}, command: "{command}"}}\n'


FAILING = [
    (WORLD, "SU1", "/HLD-VM VM1", f"HLD-VM {NO_SUCH}; did you mean HOLD-VM?"),
    (WORLD, "SU1", "/COPY-FILE A", f"COPY-FILE {NO_SUCH}"),
    (WORLD, "SU1", "/HOLD-VM VMID=2", "will be answered CMD0202: HOLD-VM: there is no operand 'VMID'; did you mean VM-IDENTIFICATION? "),
    (
        WORLD,
        "SU1",
        "/MIGRATE-VM VM-ID=(12,13",
        "will be answered CMD0202: MIGRATE-VM: 'VM-ID=(12,13' has a parenthesis too many or too few",
    ),
    (WORLD, "SU1", "/HOLD-VM VM-ID=120", "VM-IDENTIFICATION=120: no VM of cluster 'SE' has this index at the start; known: 2"),
    (WORLD, "SU2", "/MIGRATE-VM 3", "VM-IDENTIFICATION=3: no VM of cluster 'SE' has this index at the start; known: 2"),
    (WORLD, "SU1", "/HOLD-VM VM7", "VM-IDENTIFICATION=VM7: no VM of cluster 'SE' has this name at the start; did you mean VM1?"),
    (WORLD, "SU1", "/MIGRATE-VM VM1,SU9", "SERVER-UNIT-NAME=SU9: cluster 'SE' has no such SU; did you mean SU2?"),
    (WORLD, "SU1", "/MIGRATE-VM VM1,SU1", "SERVER-UNIT-NAME=SU1 is the SU at which it is typed; known: SU2"),
    (THREE, "SU1", "/MIGRATE-VM VM1", "SERVER-UNIT-NAME=*UNIQUE needs one other SU, and cluster 'SE' has 2; known: SU2, su3"),
    (X86, "SU1", "/HOLD-VM VM1", "HOLD-VM is a command of SU /390, and 'SU1' is x86; it will be answered VMS3011"),
    (WORLD, "VM1", "/HOLD-VM VM1", "HOLD-VM is a command for the console of an SU, and 'VM1' is a VM; type it at 'SU1'"),
    (
        WORLD,
        "SU1",
        "/SHOW-SYSTEM-INFORMATION",
        "SHOW-SYSTEM-INFORMATION is a command for the console of a guest, and 'SU1' is an SU; type it at a VM",
    ),
]


@pytest.mark.parametrize(("world", "console", "command", "words"), FAILING)
def test_a_command_that_can_be_seen_to_fail(world: str, console: str, command: str, words: str) -> None:
    (warning,) = loaded(world + typed(command, console)).warnings
    assert warning.startswith(f"night.yaml:{len((world + typed(command)).splitlines())}:42: operators.0.command: {words}")


RIGHT = [
    ("SU1", "/HOLD-VM VM-ID=2"),
    ("SU2", "/HOLD-VM vm1"),  # after the migration
    ("SU1", "/MIGRATE-VM VM1,SU2"),
    ("SU1", "/MIGRATE-VM VM1,SU3"),  # a command does not know small letters
    ("SU1", "/SHOW-VM-ATTRIBUTES VM-ID=*VM2000"),
    ("SU1", "/SHOW-VM-ATTRIBUTES VM-ID=<A:Z>"),
    ("SU1", "/SHOW-VM-ATTRIBUTES VM-ID=MONITOR"),
    ("SU1", "/MOVE-VM *AFTER-VM(1),VM1"),
    ("VM1", "/SHOW-SYSTEM-INFORMATION"),
]


@pytest.mark.parametrize(("console", "command"), RIGHT)
def test_a_command_that_may_well_succeed(console: str, command: str) -> None:
    assert loaded(THREE + typed(command, console)).warnings == ()


@pytest.mark.parametrize("mistake", ["  - {at: noon, console: SU1, command: /SHOW-VM-STATUS}\n", "faults: {f: {link: mcnprr}}\n"])
def test_mistyped_commands_are_told_beside_mistakes(mistake: str) -> None:
    """Whether a VM or an SU exists is told when the mistakes are mended."""
    with pytest.raises(ScenarioError) as error:
        scenario_of(WORLD + typed("/HLD-VM VM9") + mistake, "night.yaml")
    assert error.value.problems
    assert error.value.warnings == (f"night.yaml:17:42: operators.0.command: HLD-VM {NO_SUCH}; did you mean HOLD-VM?",)


def test_mistyped_commands_of_a_variant_are_told_beside_mistakes() -> None:
    text = (
        WORLD.replace("1 Gbit/s", "1 Gb") + "variants:\n  calm: {}\n  busy: {operators: [{at: '22:05', console: SU1, command: /HLD-VM}]}\n"
    )
    with pytest.raises(ScenarioError) as error:
        scenario_of(text, "night.yaml")
    (warning,) = error.value.warnings
    assert warning.endswith(f"operators.0.command: HLD-VM {NO_SUCH}; did you mean HOLD-VM? (variant 'busy')")


@pytest.mark.parametrize("command", ["check", "explain"])
def test_both_are_printed(command: str, tmp_path: Path) -> None:
    file = tmp_path / "night.yaml"
    file.write_text(WORLD.replace("1 Gbit/s", "1 Gb") + typed("/HLD-VM VM1"), encoding="utf-8")
    told = CliRunner().invoke(app, [command, str(file)])
    assert isinstance(told.exception, ScenarioError)
    assert told.stderr == f"warning: {file}:17:42: operators.0.command: HLD-VM {NO_SUCH}; did you mean HOLD-VM?\n"
