"""docs/protocol.md and docs/protocol-commands.md say what the code does: messages, order, codes, locks, where each fact is and its test."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from sim.vm2000 import answers, catalogue, outside
from sim.vm2000.answers import ANSWERS
from sim.vm2000.catalogue import MESSAGES, Message, rank
from sim.vm2000.commands import locks
from sim.vm2000.outside import OUTSIDE
from sim.vm2000.returns import TABLES, ReturnCode

ROOT = Path(__file__).parents[2]
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "protocol-commands.md").read_text(encoding="utf-8")
NOT_PRODUCED = "not produced: "


def _tables(text: str, header: str) -> list[list[str]]:
    """Return the rows of all tables whose header begins with the cells given; a cell may be empty."""
    rows = [table.partition("\n\n")[0].splitlines()[2:] for table in text.split(f"\n| {header} |")[1:]]
    return [[cell.strip() for cell in re.split(r"(?<= )\|(?= )", f" {row.strip('|')} ")] for table in rows for row in table]


FACTS = _tables(PROTOCOL, "Fact") + _tables(COMMANDS, "Fact")
IN_OTHER_TABLES = (*OUTSIDE, *ANSWERS)
OF_MESSAGES = {
    "migration": (
        _tables(PROTOCOL.partition("## Lines outside")[0], "Constant"),
        catalogue,
        [each for each in MESSAGES if each not in IN_OTHER_TABLES],
    ),
    "outside": (_tables(PROTOCOL.partition("## Lines outside")[2], "Constant"), outside, OUTSIDE),
    "answers": (_tables(COMMANDS, "Constant"), answers, ANSWERS),
}
CODES = _tables(COMMANDS, "Command | Printed")
LOCKED = _tables(COMMANDS, "Command | Restriction")
IMPOSSIBLE = _tables(COMMANDS, "Id")


def _constant(name: str) -> Message:
    value = getattr(catalogue, name)
    assert isinstance(value, Message)
    return value


@pytest.mark.parametrize(("rows", "module", "messages"), OF_MESSAGES.values(), ids=list(OF_MESSAGES))
def test_a_table_of_messages_is_that_of_the_code(rows: list[list[str]], module: ModuleType, messages: Iterable[Message]) -> None:
    names = {value: name for name, value in vars(module).items() if isinstance(value, Message)}
    from_code = [
        [
            names[message],
            message.id,
            f"`{message.text}`",
            ", ".join(message.recipients),
            ", ".join(message.su_types),
            "published" if message.text_known else "own words",
        ]
        for message in messages
    ]
    assert sorted(row[:-1] for row in rows) == sorted(from_code)


def _phases(order: str) -> list[list[Message]]:
    return [[_constant(name.strip().rstrip("*")) for name in phase.split(",")] for phase in order.split(" < ")]


def _strictly_ordered(su_type: str, phases: list[list[Message]]) -> bool:
    """Whether the messages of a phase share a place, and the places rise."""
    ranks = [{rank(su_type, message) for message in phase} for phase in phases]
    flat = [place for places in ranks for place in places]
    return all(len(places) == 1 for places in ranks) and flat == sorted(set(flat))


ORDERS = {su_type: _phases(order) for su_type, order in _tables(PROTOCOL, "SU type")}
ABORTS = {su_type: _phases(order) for su_type, order in _tables(PROTOCOL, "Abort")}


@pytest.mark.parametrize("su_type", ["/390", "x86"])
def test_the_orders_of_the_doc_are_those_of_the_code(su_type: str) -> None:
    """Every message of a migration has its place in one of them; those of a rejection and of a plan stand in the text."""
    assert _strictly_ordered(su_type, ORDERS[su_type])
    assert _strictly_ordered(su_type, ABORTS[su_type])
    in_doc = {message for order in (ORDERS, ABORTS) for phase in order[su_type] for message in phase}
    elsewhere = {catalogue.VMS2404, catalogue.REJECTED_BY_SOURCE, *IN_OTHER_TABLES}
    assert in_doc == {message for message in MESSAGES if su_type in message.su_types} - elsewhere


def test_a_message_that_may_repeat_is_starred() -> None:
    starred = {_constant(name) for name in re.findall(r"(\w+)\*[ ,]", PROTOCOL)}
    conflicts = {catalogue.VMS2404, catalogue.REJECTED_BY_SOURCE}
    assert starred == catalogue._REPEATED - conflicts


def _is_in_the_code(place: str) -> bool:
    """Whether a dotted name is a package or module, or a name in one, or an attribute of that."""
    parts = place.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for name in parts[length:]:
            if not hasattr(found, name):
                return False
            found = getattr(found, name)
        return True
    return False


def test_every_place_that_the_doc_names_exists() -> None:
    assert len(FACTS) > 50
    for fact, place, *_ in FACTS:
        assert place == "not simulated" or _is_in_the_code(place.strip("`")), fact


@cache
def _functions(path: str) -> frozenset[str]:
    """Return the names of the tests in a file; none where there is no such file."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    return frozenset(node.name for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef))


def _mentions(cell: str, id_: str) -> bool:
    """Whether the file of a test speaks of a message or code; whether it is that test is for the reader to see."""
    return id_ in {"", catalogue.OWN} or id_ in (ROOT / cell.strip("`").partition("::")[0]).read_text(encoding="utf-8")


def _is_a_test(cell: str) -> bool:
    path, _, name = cell.strip("`").partition("::")
    return path.startswith("tests/") and name.startswith("test_") and name in _functions(path)


def test_every_fact_names_a_test_that_exists() -> None:
    for fact, place, test, _ in FACTS:
        assert _is_a_test(test) or (place == "not simulated" and test.startswith("no such field: ")), f"{fact}: {test}"


def test_every_fact_has_a_status_and_what_is_assumed_a_tag() -> None:
    for fact, *_, status in FACTS:
        assert re.match(r"(documented|inferred|assumed)", status), fact
        assert not status.startswith("assumed") or "[A" in status or "ours" in status, fact


def test_every_tag_is_in_the_list_of_assumptions_and_those_of_the_code_are_in_the_doc() -> None:
    tags = set(re.findall(r"\[(A\d+)\]", PROTOCOL + COMMANDS))
    listed = (ROOT / "sim" / "scenario" / "profiles" / "assumptions.yaml").read_text(encoding="utf-8")
    assert tags <= set(re.findall(r"^(A\d+):", listed, flags=re.MULTILINE))
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "sim" / "vm2000").rglob("*.py"))
    assert set(re.findall(r"Assumes \[(A\d+)\]:", code)) <= tags


@pytest.mark.parametrize("rows", [rows for rows, _, _ in OF_MESSAGES.values()], ids=list(OF_MESSAGES))
def test_every_message_names_a_test_or_why_nothing_prints_it(rows: list[list[str]]) -> None:
    for name, id_, *_, test in rows:
        assert test.startswith(NOT_PRODUCED) or (_is_a_test(test) and _mentions(test, id_)), f"{name} {id_}: {test}"


def test_the_codes_of_the_doc_are_those_of_the_code() -> None:
    from_code = [(command, f"`{code}`", code.meaning or "(not published)") for command, table in TABLES.items() for code in table.values()]
    assert [(command, printed, meaning) for command, printed, meaning, _ in CODES] == from_code


def test_every_code_names_a_test_or_why_nothing_ends_with_it() -> None:
    for command, printed, meaning, test in CODES:
        maincode = printed.strip("`").rpartition("MC=")[2]
        assert test.startswith(NOT_PRODUCED) or (_is_a_test(test) and _mentions(test, maincode)), f"{command} {printed}: {test}"
        assert test.startswith(NOT_PRODUCED) or meaning != "(not published)", f"{command} {printed}: nobody knows when it is due"


def test_the_locks_of_the_doc_are_those_of_the_code() -> None:
    in_doc = set()
    for commands, _, su_types, answer, test in LOCKED:
        assert _is_a_test(test), commands
        in_doc |= {(command.split(" ")[0], answer.partition(",")[0], su_types) for command in commands.split(", ")}
    assert in_doc == {(row.command, row.message.id, ", ".join(row.su_types)) for row in locks.ROWS}


def _codes_without_meaning() -> list[ReturnCode]:
    return [code for table in TABLES.values() for code in table.values() if not code.meaning]


def test_every_id_in_the_doc_is_in_the_code_or_said_to_be_impossible() -> None:
    """Nothing that the simulator prints is called impossible, and nothing else slips in."""
    of_code = {message.id for message in (*MESSAGES, *ANSWERS)} | {code.maincode for table in TABLES.values() for code in table.values()}
    impossible = {id_ for ids, *_ in IMPOSSIBLE for id_ in ids.split(", ")}
    assert impossible & of_code == {code.maincode for code in _codes_without_meaning()}
    ids = set(re.findall(r"\b(?:VMS|HAL|NBR|MCS|NKR|CMD)\d{4}\b|\bETMDR\d\d\b", PROTOCOL + COMMANDS))
    assert ids == (of_code | impossible) - {"", catalogue.OWN}
