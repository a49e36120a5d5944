from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from ruamel.yaml import YAML

from sim.scenario import catalogue
from sim.scenario.catalogue import assumptions, policies, profile_text
from sim.scenario.document import Document
from sim.scenario.facts import FactList
from sim.scenario.fields import Duration
from sim.scenario.point import Costs

ROOT = Path(__file__).parents[2] / "sim"
FILES = ("su_types", "policies", "links", "loads")


def tags_in_code() -> dict[str, set[str]]:
    files = sorted(ROOT.rglob("*.py"))
    assert len(files) > 20
    return {str(file.relative_to(ROOT)): set(re.findall(r"\[(A\d+)\]", file.read_text(encoding="utf-8"))) for file in files}


def tags_in_profiles() -> set[str]:
    return {tag for name in FILES for tag in re.findall(r"assumes: (A\d+)", profile_text(name))}


def tags_in_facts() -> set[str]:
    return {tag for file in sorted((ROOT / "scenario").glob("*.py")) for tag in re.findall(r'"(A\d+)"', file.read_text(encoding="utf-8"))}


def test_every_tag_in_the_code_and_the_profiles_is_in_the_list() -> None:
    listed = set(catalogue.assumptions())
    assert {file: tags - listed for file, tags in tags_in_code().items() if tags - listed} == {}
    assert tags_in_profiles() | tags_in_facts() <= listed


def test_every_assumption_in_the_list_is_made_somewhere() -> None:
    made = tags_in_profiles() | tags_in_facts() | set().union(*tags_in_code().values())
    assert set(catalogue.assumptions()) - made == set()


def test_an_assumption_names_what_replaces_it_or_holds_always_or_is_noted_where_it_counts() -> None:
    known = catalogue.assumptions().values()
    assert [entry.tag for entry in known if entry.parameter and entry.always] == []
    assert {entry.tag for entry in known if not entry.parameter and not entry.always} == {"A39", "A41", "A45", "A47"}
    assert {"A39", "A41", "A45", "A47"} <= tags_in_facts()


def numbers(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:  # noqa: ANN401 - YAML of any kind
    """Yield every entry of a profile that holds a number: {value: ...} or {median: ..., cv: ...}."""
    if isinstance(node, dict) and ("value" in node or "median" in node):
        yield path, node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from numbers(value, f"{path}.{key}")


@pytest.mark.parametrize("name", ["su_types", "policies", "links"])
def test_no_number_without_source_or_assumption(name: str) -> None:
    found = list(numbers(YAML(typ="safe", pure=True).load(profile_text(name))))
    assert len(found) >= 9
    assert [path for path, entry in found if not entry.get("source") and not entry.get("assumes")] == []


def test_no_load_without_source_or_assumption() -> None:
    assert sorted(catalogue.loads()) == ["batch", "idle", "oltp", "oltp-light", "read-mostly-jvm", "saturating-writer"]
    assert [load.name for load in catalogue.loads().values() if not load.source and not load.assumes] == []


def test_policies_are_those_of_the_model() -> None:
    """The table of the model: live rounds, few pages and from which round, most memory, skipping, stop goal and chase limit."""
    names = ("max_rounds", "few_pages", "from_round", "max_memory_factor", "skips", "skips_in_round_1", "stop_goal", "chase_limit")
    found = {
        name: tuple(policy.parameters[key].value if key in policy.parameters else None for key in names)
        for name, policy in catalogue.policies().items()
    }
    assert found == {
        "vm2000": (None, None, None, None, None, None, 2.0, 300.0),
        "xen": (5, 50, None, None, None, None, None, None),
        "xenserver": (4, 50, 2, None, None, None, None, None),
        "xen-legacy": (29, 50, None, 3.0, True, False, None, None),
        "stop-and-copy": (0, None, None, None, None, None, None, None),
        "clark": (65535, 64, None, None, None, None, None, None),
        "simgrid": (None, None, None, None, None, None, 0.03, None),
        "qemu": (None, None, None, None, None, None, None, None),
    }


def test_the_rates_of_clark() -> None:
    """100, 50 and 500 Mbit/s, in bytes per second."""
    parameters = catalogue.policies()["clark"].parameters
    assert [parameters[name].value for name in ("start_rate", "rate_step", "max_rate")] == [12.5e6, 6.25e6, 62.5e6]


def test_nothing_but_messages_takes_time_in_simgrid() -> None:
    """Every fixed cost of both SU types is 0 under `simgrid`, and so are header, fault cost and variation."""
    given = catalogue.policies()["simgrid"].parameters
    fixed = {*Costs.__dataclass_fields__} - {"check"}  # the check comes before the total
    assert {name for name in fixed if given[name].value != Duration(0.0)} == set()
    assert [given[name].value for name in ("fault_cost", "throughput_spread", "page_header_bytes")] == [0.0, 0.0, 0]


def test_the_published_stop_of_390_is_state_and_resume() -> None:
    """3 s in the console example, of which one second passes with the last pages: state and resume have a median of 2.0 s together."""
    parameters = catalogue.su_types()["/390"].parameters
    assert parameters["state"].value.median + parameters["resume"].value.median == 2.0


def test_source_of_an_assumed_value_says_that_it_is_assumed() -> None:
    """Its title alone would read like that of a manual."""
    facts = FactList(cast("Document", None))  # a value out of a profile has no place in a document
    facts.known(("clusters", "C", "parameters", "stop_goal"), policies()["vm2000"].parameters["stop_goal"], "vm2000")
    assert facts.facts[0].source == f"profile vm2000: assumed [A2]: {assumptions()['A2'].title}"
