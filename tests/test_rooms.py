"""A room imports only rooms listed above it; what a room must not know, it does not import anywhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SIM = Path(__file__).parents[1] / "sim"
ROOMS = ("errors", "units", "columns", "model", "vm2000", "scenario", "engine", "results", "experiment", "validate", "report", "cli")
MODULES = sorted(SIM.rglob("*.py"))
# Rooms -> packages that they do not know, even inside functions.
FORBIDDEN = {
    "model": {"simpy", "pandas", "pyarrow", "pydantic", "ruamel", "rich", "typer", "matplotlib"},
    "vm2000": {"simpy", "pandas", "pyarrow", "pydantic", "ruamel", "rich", "typer", "numpy", "matplotlib"},
    "scenario": {"simpy", "pandas", "pyarrow", "scipy", "rich", "typer", "matplotlib"},
    "engine": {"pandas", "pyarrow", "scipy", "pydantic", "ruamel", "rich", "typer", "matplotlib"},
}
# What every command would pay for: only inside functions, or in rooms that such commands never import.
HEAVY = {"pandas", "pyarrow", "scipy", "matplotlib"}


def room_of(file: Path) -> str:
    """Return the room that a module belongs to."""
    return file.relative_to(SIM).parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the full names that a module imports, inside functions and for type checking too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the room"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported(file: Path) -> set[str]:
    """Return the full names that a file imports."""
    return set(imports(ast.parse(file.read_text(encoding="utf-8"))))


def named(file: Path) -> str:
    """Return a name for the file in the list of tests."""
    return str(file.relative_to(SIM))


@pytest.mark.parametrize("file", MODULES, ids=named)
def test_room_imports_only_rooms_above_it(file: Path) -> None:
    room = room_of(file)
    if room in {"__init__", "__main__"}:
        assert imported(file) <= {"sim.cli.main", "__future__.annotations"}
        return
    above = ROOMS[: ROOMS.index(room) + 1]
    rooms = {name.split(".")[1] for name in imported(file) if name.split(".")[0] == "sim"}
    assert rooms <= set(above), f"sim.{room} imports {sorted(rooms - set(above))}"


@pytest.mark.parametrize("file", [file for file in MODULES if room_of(file) in FORBIDDEN], ids=named)
def test_room_does_not_know_what_is_none_of_its_business(file: Path) -> None:
    packages = {name.split(".")[0] for name in imported(file)}
    assert not packages & FORBIDDEN[room_of(file)]


def test_every_module_lies_in_a_room() -> None:
    assert {room_of(file) for file in MODULES} == {*ROOMS, "__init__", "__main__"}


def test_reader_of_imports_sees_what_it_has_to() -> None:
    """A guard: imports inside functions, under TYPE_CHECKING, of packages and of names are all seen."""
    source = "import simpy.util\ndef f():\n    from pandas import DataFrame\nif TYPE_CHECKING:\n    from sim.cli import main\n"
    assert set(imports(ast.parse(source))) == {"simpy.util", "pandas.DataFrame", "sim.cli.main"}
    assert any("sim.model" in name for name in imported(SIM / "engine" / "move.py"))


@pytest.mark.parametrize(
    "file", [file for file in MODULES if room_of(file) in {"errors", "units", "columns", "scenario", "cli"}], ids=named
)
def test_rooms_that_every_command_loads_import_nothing_heavy_at_the_top(file: Path) -> None:
    top: list[ast.stmt] = ast.parse(file.read_text(encoding="utf-8")).body
    at_the_top = [node for node in top if isinstance(node, ast.Import | ast.ImportFrom)]
    packages = {name.split(".")[0] for node in at_the_top for name in imports(node)}
    assert not packages & HEAVY
