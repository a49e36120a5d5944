"""docs/protocol.md says what the code does: messages, order, and where each fact is implemented."""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path

import pytest

from sim.vm2000 import catalogue, checks
from sim.vm2000.catalogue import MESSAGES, Message, rank

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")


def _table(header: str) -> list[list[str]]:
    """Return the rows of the table whose first header cell is given."""
    _, _, rest = TEXT.partition(f"\n| {header} |")
    rows = rest.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def _constant(name: str) -> Message:
    value = getattr(catalogue, name)
    assert isinstance(value, Message)
    return value


def test_the_table_of_messages_is_the_catalogue() -> None:
    names = {value: name for name, value in vars(catalogue).items() if isinstance(value, Message)}
    from_code = {
        names[message]: [
            message.id,
            f"`{message.text}`",
            ", ".join(message.recipients),
            ", ".join(message.su_types),
            "published" if message.text_known else "own words",
        ]
        for message in MESSAGES
    }
    # By pattern and not by `_table`: the cell of COMMAND's id is empty.
    lines = re.findall(r"^\| (\w+) \| ?(.*?) \| (`.*?`) \| (.*?) \| (.*?) \| (published|own words) \|$", TEXT, flags=re.MULTILINE)
    from_doc = {name: [id_.strip(), *rest] for name, id_, *rest in lines}
    assert from_doc == from_code
    assert len(lines) == len(MESSAGES)


def _phases(order: str) -> list[list[Message]]:
    return [[_constant(name.strip().rstrip("*")) for name in phase.split(",")] for phase in order.split(" < ")]


@pytest.mark.parametrize("su_type", ["/390", "x86"])
def test_the_order_of_the_doc_is_the_order_of_the_code(su_type: str) -> None:
    orders = dict(_table("SU type"))
    phases = _phases(orders[su_type])
    ranks = [{rank(su_type, message) for message in phase} for phase in phases]
    assert all(len(places) == 1 for places in ranks)
    flat = [place for places in ranks for place in places]
    assert flat == sorted(set(flat))
    in_doc = {message for phase in phases for message in phase}
    of_a_migration = {message for message in MESSAGES if su_type in message.su_types and message.id not in {catalogue.OWN, "VMS2404"}}
    assert in_doc == of_a_migration


def test_the_order_of_an_abort_in_the_doc_is_the_order_of_the_code() -> None:
    (order,) = re.findall(r"with (CHASE_LIMIT_PASSED or .*)\.$", TEXT, flags=re.MULTILINE)
    phases = _phases(order.replace(" or ", ", "))
    for su_type in ("/390", "x86"):
        places = [rank(su_type, message) for phase in phases for message in phase]
        assert places == sorted(places)
        assert len(set(places)) == len(phases) == 4


def test_a_message_that_may_repeat_is_starred() -> None:
    starred = {_constant(name) for name in re.findall(r"(\w+)\* <", TEXT)}
    conflicts = {catalogue.VMS2404, catalogue.REJECTED_BY_SOURCE}
    assert starred == catalogue._REPEATED - conflicts


def _is_in_the_code(place: str) -> bool:
    """Whether a dotted name is a package or module, or a name in one."""
    module, _, name = place.rpartition(".")
    return hasattr(importlib.import_module(module), name) or importlib.util.find_spec(place) is not None


def test_every_place_that_the_doc_names_exists() -> None:
    facts = _table("Fact")
    assert len(facts) > 20
    for fact, place, _ in facts:
        assert _is_in_the_code(place.strip("`")), fact


def test_every_fact_has_a_status_and_every_tag_stands_in_the_code() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "sim" / "vm2000").glob("*.py"))
    for fact, _, status in _table("Fact"):
        assert re.match(r"(documented|inferred|assumed)", status), fact
        for tag in re.findall(r"\[A\d+\]", status):
            assert f"Assumes {tag}:" in code, fact
    assert set(re.findall(r"Assumes (\[A\d+\]):", code)) == set(re.findall(r"\[A\d+\]", TEXT))


def test_the_results_of_the_doc_are_those_of_the_code() -> None:
    printed = dict(re.findall(r"^\| (ACCEPTED|REJECTED) \| `(.*?)` \|", TEXT, flags=re.MULTILINE))
    assert printed == {"ACCEPTED": str(checks.ACCEPTED), "REJECTED": str(checks.REJECTED)}


def test_every_id_in_the_doc_is_one_of_the_catalogue() -> None:
    ids = set(re.findall(r"\b(?:VMS|HAL|NBR|MCS)\d{4}\b|\bETMDR\d\d\b", TEXT))
    assert ids - {checks.REJECTED.maincode} == {message.id for message in MESSAGES} - {"", catalogue.OWN}
