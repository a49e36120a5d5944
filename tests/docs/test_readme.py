"""Does the README tell the truth? Its commands are run and print what it shows."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sim.scenario.load import scenario_of

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)


def shown_commands() -> list[tuple[str, str]]:
    """Return (command, output) of every console block; a block holds one command."""
    return [(head.removeprefix("$ "), rest) for head, _, rest in (block.partition("\n") for block in BLOCKS)]


def migr(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "sim", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_there_are_blocks_to_check() -> None:
    assert len(BLOCKS) >= 2


@pytest.mark.parametrize(("command", "output"), shown_commands())
def test_a_command_prints_what_the_readme_shows(command: str, output: str) -> None:
    program, *arguments = shlex.split(command)
    assert program == "migr"
    done = migr(*arguments)
    assert (done.stdout + done.stderr).rstrip() == output.rstrip()


def test_the_ten_minutes_work_in_an_empty_folder(tmp_path: Path) -> None:
    commands = [line.strip() for line in README.splitlines() if line.startswith("    migr ")]
    assert [command.split()[1] for command in commands] == ["new", "check", "explain", "run", "trace"]
    for command in commands:
        arguments = shlex.split(command)[1:]
        done = migr(*arguments, *(["--replications", "40"] if arguments[0] == "run" else []), folder=tmp_path)
        assert (command, done.returncode, "Traceback" in done.stderr) == (command, done.returncode, False)
        assert done.returncode in ({0, 5, 6} if arguments[0] == "run" else {0}), done.stderr


def test_the_scenario_in_the_readme_is_correct() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    loaded = scenario_of(text, "README.md")
    assert [point.name for point in loaded.points] == ["SU /390", "SU x86"]
    assert len(loaded.points[0].vms) == 7


def test_every_scenario_is_in_the_table_and_every_link_leads_somewhere() -> None:
    shipped = {path.name for path in (ROOT / "scenarios").glob("*.yaml")}
    assert shipped == set(re.findall(r"`([a-z0-9-]+\.yaml)`", README.split("## A scenario")[0])) - {"night.yaml"}
    for target in re.findall(r"\]\((docs/[^)#]+)", README):
        assert (ROOT / target).exists(), target
