"""The section of assumptions: what it lists, what it says of weights, and what where there are none."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim.experiment.probing.effects import EFFECTS, effects, effects_text
from sim.report.page.blocks import Figure, Prose, Section, Table
from sim.report.page.drawing import svg_of
from sim.report.page.sections.assumptions.section import assumptions
from sim.report.page.sections.assumptions.tornado import shown_move, tornado
from sim.report.page.source import Source, read_run, source_of
from sim.scenario.load import load_scenario

SCENARIOS = Path(__file__).parents[3] / "scenarios"
Ran = Callable[[str, int], tuple[Path, Source]]


def section_of(source: Source) -> Section:
    found = assumptions(source)
    assert found is not None
    return found


def tables(section: Section) -> dict[str, Table]:
    return {block.key: block for block in section.blocks if isinstance(block, Table)}


def words(section: Section) -> str:
    return " ".join(block.text for block in section.blocks if isinstance(block, Prose))


@pytest.fixture(scope="module")
def weighed(ran: Ran, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Source]:
    """A copy of the quickstart's run with its effects, and the source of its report; the run itself belongs to all tests."""
    folder = shutil.copytree(ran("quickstart", 200)[0], tmp_path_factory.mktemp("weighed") / "run")
    loaded = load_scenario(SCENARIOS / "quickstart.yaml")
    found = effects(loaded)
    (folder / EFFECTS).write_text(effects_text(found), encoding="utf-8")
    source = source_of([read_run(str(folder), loaded)], [], "migr report quickstart")
    assert source.runs[0].effects == found
    return json.loads(effects_text(found)), source


def test_without_weights_it_says_how_to_get_them(night: Source) -> None:
    found = section_of(night)
    assert not found.figures
    assert f"`migr run night-drain-390 --assumptions --out {night.runs[0].folder}`" in words(found)


def test_every_tag_of_the_summary_is_listed_once_or_with_each_of_its_numbers(night: Source) -> None:
    found = tables(section_of(night))
    for key in ("assumed", "intext"):
        assert {row[0].text.strip("[]") for row in found[key].shown} == set(night.runs[0].summary["assumptions"])
    values = {(row[0].text, row[2].text) for row in found["assumed"].shown}
    assert ("[A2]", "stop goal: 2 s") in values
    assert ("[A2]", "chase limit: 300 s") in values
    assert len(values) == len(found["assumed"].rows)


def test_it_says_that_the_rule_of_su_390_is_not_published_where_one_is_used(night: Source, swept: Source, ran: Ran) -> None:
    assert "is not published" in words(section_of(night))
    assert "is not published" in words(section_of(swept))  # SU /390 is among its variants
    assert "is not published" not in words(section_of(ran("night-drain-x86", 20)[1]))


def test_sources_name_published_numbers_without_an_assumption(night: Source) -> None:
    rows = {row[0].text: (row[1].text, row[2].text) for row in tables(section_of(night))["sources"].shown}
    value, cited = rows["clusters.C390.parameters.monitor_need"]
    assert value == "512 MiB"
    assert cited.startswith("VM2000 User Guide")
    assert "clusters.C390.parameters.sender" not in rows  # published, but what it stands for is assumed
    assert "clusters.C390.parameters.link_patience" not in rows  # nothing meets it in this night


def test_values_behind_the_cells_are_those_of_the_stored_effects(weighed: tuple[dict[str, Any], Source]) -> None:
    stored, source = weighed
    found = tables(section_of(source))
    rows = [*found["assumed"].shown, *found["assumedrest"].shown]
    assert {row[0].text.strip("[]") for row in rows} == set(source.runs[0].summary["assumptions"])
    assert all(max(abs(row[3].value or 0.0), abs(row[4].value or 0.0)) < 0.1 for row in found["assumedrest"].shown)
    sender = next(row for row in rows if row[2].text.startswith("throughput of the sender: 335"))
    moves = next(each for each in stored["points"][1]["numbers"] if each["what"] == "throughput of the sender")
    differences = [moves[case]["makespan_s"]["difference"] for case in ("less", "more")]
    assert sender[0].text == "[A5]"
    assert sender[3].value == max(differences, key=abs)
    heaviest = [row[3].value for row in rows if row[3].value is not None]
    assert any(heaviest)
    for figure, point in zip(section_of(source).figures, stored["points"], strict=True):
        shares = {(row[0].text, row[1].text): row[6].value for row in figure.numbers.shown}
        p90s = {(row[0].text, row[1].text): row[2].value for row in figure.numbers.shown}
        for each in point["numbers"]:
            name = f"[{each['tag']}] {each['what']}"
            assert shares[name, "20 % less"] == each["less"]["completed"]
            assert p90s[name, "20 % more"] == each["more"]["makespan_s"]["value"]


def test_the_title_names_the_number_that_moves_the_makespan_most(weighed: tuple[dict[str, Any], Source]) -> None:
    stored, source = weighed
    for figure, point in zip(section_of(source).figures, stored["points"], strict=True):
        moves = {
            (each["tag"], each["what"], case): each[case]["makespan_s"]["difference"]
            for each in point["numbers"]
            for case in ("less", "more")
        }
        (tag, what, case), move = max(moves.items(), key=lambda each: abs(each[1]))
        assert figure.title.startswith(f"{point['point']}: [{tag}] {what} matters most")
        assert f"20 % {case} makes it {abs(move):.2f} s {'longer' if move > 0 else 'shorter'}" in figure.title
        assert "1,024 replications" in figure.sample
        assert svg_of(figure.drawing, figure.key) == svg_of(figure.drawing, figure.key)


def test_weights_of_other_results_are_not_shown(weighed: tuple[dict[str, Any], Source]) -> None:
    _, source = weighed
    path = Path(source.runs[0].folder) / EFFECTS
    kept = path.read_text(encoding="utf-8")
    path.write_text(json.dumps(json.loads(kept) | {"question": "another"}), encoding="utf-8")
    try:
        found = section_of(source)
    finally:
        path.write_text(kept, encoding="utf-8")
    assert not found.figures
    assert "belongs to other results" in words(found)


def case(difference: float | str, value: float | str = 100.0, completed: float = 1.0) -> dict[str, Any]:
    """Return a case that moves the makespan only."""
    still = {"value": 4.0, "difference": 0.0, "low": 0.0, "high": 0.0}
    return {
        "replications": 64,
        "completed": completed,
        "makespan_s": {"value": value, "difference": difference, "low": difference, "high": difference},
        "downtime_s": still,
    }


def point_of(*numbers: dict[str, Any], base: float | str = 100.0) -> dict[str, Any]:
    ends = {"value": base, "low": base, "high": base}
    return {
        "point": "<b>{0}",
        "engine": "simpy",
        "replications": 64,
        "completed": 1.0 if base != "never" else 0.25,
        "base": {"makespan_s": ends, "downtime_s": {"value": 4.0, "low": 3.0, "high": 5.0}},
        "numbers": list(numbers),
    }


def test_what_never_ends_is_first_and_told_as_a_share_of_the_replications() -> None:
    numbers = (
        {"tag": "A3", "what": "sender", "less": case(50.0, 150.0), "more": case(-20.0, 80.0)},
        {"tag": "A2", "what": "stop goal", "less": case("never", "never", 0.5), "more": case(-1.0, 99.0)},
    )
    figure = tornado(point_of(*numbers), "weight")
    assert isinstance(figure, Figure)
    assert (
        figure.title == "<b>{0}: [A2] stop goal matters most: with 20 % less, 50 % instead of 100 % of the replications bring every VM over"
    )
    assert figure.numbers.shown[2][2].value == math.inf
    drawn = svg_of(figure.drawing, "weight")
    assert "never ends" in drawn
    assert drawn.index("[A2] stop goal") < drawn.index("[A3] sender")
    assert "SimPy" in figure.sample


def test_where_nothing_moves_there_is_a_sentence() -> None:
    unmoved = {"tag": "A3", "what": "sender", "less": case(0.0), "more": case(0.0)}
    found = tornado(point_of(unmoved), "weight")
    assert isinstance(found, Prose)
    assert found.text.startswith("None of the assumed numbers of <b>{0} moves")
    never = tornado(point_of(unmoved, base="never"), "weight")
    assert isinstance(never, Prose)
    assert "25 % of 64 replications bring every VM over" in never.text


def test_a_world_that_cannot_be_is_told_in_its_row() -> None:
    numbers = (
        {"tag": "A20", "what": "memory", "less": case(0.0), "more": {"note": "the VMs of SU A do not fit"}},
        {"tag": "A3", "what": "sender", "less": case(5.0), "more": case(-5.0)},
    )
    figure = tornado(point_of(*numbers), "weight")
    assert isinstance(figure, Figure)
    assert figure.numbers.shown[1][2].text == "the VMs of SU A do not fit"


@pytest.mark.parametrize(
    ("move", "text"),
    [(0.0, "no effect"), (0.001, "< 0.01 s"), (-6.48, "-6.48 s"), (112.0, "+1:52 min"), (math.inf, "never ends")],
)
def test_moves_in_words(move: float, text: str) -> None:
    assert shown_move(move) == text
