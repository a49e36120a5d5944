"""The section of assumptions: what it lists, what it says of weights, and what where there are none."""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim.experiment.probing.effects import EFFECTS, effects, effects_text
from sim.report.page.blocks import Figure, Prose, Section, Table
from sim.report.page.drawing import svg_of
from sim.report.page.sections.assumptions.measures import shown_move
from sim.report.page.sections.assumptions.section import assumptions
from sim.report.page.sections.assumptions.tornado import tornado
from sim.report.page.source import Source, read_run, source_of
from sim.scenario.load import load_scenario

SCENARIOS = Path(__file__).parents[3] / "scenarios"
Ran = Callable[[str, int], tuple[Path, Source]]
Judged = dict[str, dict[str, Any]]  # of each objective


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


def weights(point: dict[str, Any]) -> dict[str, float]:
    """Return the largest change that each number of a point makes: of the share that arrives, and of the times as parts of themselves."""
    found = {}
    for each in point["numbers"]:
        changes = [abs(each[case]["completed"] - point["completed"]) for case in ("less", "more")]
        for metric, base in point["base"].items():
            changes += [abs(each[case][metric]["difference"]) / base["value"] for case in ("less", "more")]
        found[f"[{each['tag']}] {each['what']}"] = max(changes)
    return found


def test_values_behind_the_cells_are_those_of_the_stored_effects(weighed: tuple[dict[str, Any], Source]) -> None:
    stored, source = weighed
    found = tables(section_of(source))
    assert list(found["assumed"].titles) == ["Tag", "Number", "p90 makespan", "p90 longest downtime"]  # no VM is left behind, nothing asked
    rows = [*found["assumed"].shown, *found["assumedrest"].shown]
    assert {row[0].text.strip("[]") for row in rows} == set(source.runs[0].summary["assumptions"])
    sender = next(row for row in rows if row[1].text.startswith("throughput of the sender: 335"))
    moves = next(each for each in stored["points"][1]["numbers"] if each["what"] == "throughput of the sender")
    differences = [moves[case]["makespan_s"]["difference"] for case in ("less", "more")]
    assert sender[0].text == "[A5]"
    assert sender[2].value == max(differences, key=abs)
    for figure, point in zip(section_of(source).figures, stored["points"], strict=True):
        shares = {(row[0].text, row[1].text): row[6].value for row in figure.numbers.shown}
        p90s = {(row[0].text, row[1].text): row[2].value for row in figure.numbers.shown}
        for each in point["numbers"]:
            name = f"[{each['tag']}] {each['what']}"
            assert shares[name, "20 % less"] == each["less"]["completed"]
            assert p90s[name, "20 % more"] == each["more"]["makespan_s"]["value"]


def test_table_and_figures_have_the_numbers_that_weigh_1_percent_with_the_heaviest_first(weighed: tuple[dict[str, Any], Source]) -> None:
    stored, source = weighed
    section = section_of(source)
    together: dict[str, float] = {}
    for figure, point in zip(section.figures, stored["points"], strict=True):
        of_point = weights(point)
        for name, weight in of_point.items():
            together[name] = max(weight, together.get(name, 0.0))
        heaviest = sorted((name for name, weight in of_point.items() if weight >= 0.01), key=lambda name: -of_point[name])
        assert figure.title.startswith(f"{point['point']}: {heaviest[0]} matters most")
        assert f"{len(heaviest)} weigh" in figure.sample
        assert f"{100 * of_point[heaviest[0]]:.2g} %" in figure.title
        places = [figure.alt.index(f"{name}: ") for name in heaviest[:6]]
        assert places == sorted(places)
        assert svg_of(figure.drawing, figure.key) == svg_of(figure.drawing, figure.key)
        assert "1,024 replications" in figure.sample
    rows = tables(section)["assumed"].shown
    listed = [f"{row[0].text} {row[1].text.split(':')[0]}" for row in rows]
    assert set(listed) == {name for name, weight in together.items() if weight >= 0.01}
    assert [together[name] for name in listed] == sorted((together[name] for name in listed), reverse=True)


def test_counts_of_lead_and_tables_add_up(weighed: tuple[dict[str, Any], Source]) -> None:
    """Assumptions are counted by tags; one may stand for several numbers, which are counted one by one."""
    _, source = weighed
    section = section_of(source)
    found = tables(section)
    tags = len(source.runs[0].summary["assumptions"])
    heavy, rest = found["assumed"].shown, found["assumedrest"].shown
    light = [row for row in rest if row[3].text != "no number"]
    with_number = len({row[0].text for row in [*heavy, *light]})
    numbers, rules = len(heavy) + len(light), len(rest) - len(light)
    assert with_number + rules == tags
    text = words(section)
    assert f"rest on {tags} assumptions" in text
    assert f"{len(heavy)} of the {numbers} numbers among them weigh" in text
    assert f"{with_number} of them stand for numbers, {numbers} numbers in all; the other {rules} are rules" in text
    assert found["assumed"].caption.startswith(f"The {len(heavy)} of {numbers} numbers")
    assert found["assumedrest"].caption.startswith(f"The {len(light)} other numbers, and the {rules} assumptions without one")


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


def judged(share: float, verdict: str) -> dict[str, Any]:
    """Return what became of an objective that asks for a share."""
    return {"of": "share", "estimate": share, "verdict": verdict}


def case(difference: float | str, value: float | str = 100.0, completed: float = 1.0, asked: Judged | None = None) -> dict[str, Any]:
    """Return a case that moves the makespan only, and objectives where they are given."""
    still = {"value": 4.0, "difference": 0.0, "low": 0.0, "high": 0.0}
    return {
        "replications": 64,
        "completed": completed,
        "objectives": asked or {},
        "makespan_s": {"value": value, "difference": difference, "low": difference, "high": difference},
        "downtime_s": still,
    }


def point_of(*numbers: dict[str, Any], base: float | str = 100.0, asked: Judged | None = None) -> dict[str, Any]:
    ends = {"value": base, "low": base, "high": base}
    return {
        "point": "<b>{0}",
        "engine": "simpy",
        "replications": 64,
        "completed": 1.0 if base != "never" else 0.25,
        "objectives": asked or {},
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
    assert found.text.startswith("None of the assumed numbers of <b>{0}, 1 in all, changes a verdict, a share")
    unmoved = {"tag": "A3", "what": "sender", "less": case(0.0, "never", 0.25), "more": case(0.0, "never", 0.25)}
    never = tornado(point_of(unmoved, base="never"), "weight")
    assert isinstance(never, Prose)
    assert "25 % of 64 replications bring every VM over" in never.text


def test_a_share_that_changes_weighs_where_p90_has_no_end_either_way() -> None:
    """As where every fourth night brings all VMs over, and none with a smaller goal: p90 is without end in both."""
    numbers = (
        {"tag": "A3", "what": "sender", "less": case(0.0, "never", 0.25), "more": case(0.0, "never", 0.255)},
        {"tag": "A38", "what": "patience", "less": case(0.0, "never", 0.24), "more": case(0.0, "never", 0.25)},
        {"tag": "A2", "what": "stop goal", "less": case(0.0, "never", 0.0), "more": case(0.0, "never", 0.25)},
    )
    figure = tornado(point_of(*numbers, base="never"), "weight")
    assert isinstance(figure, Figure)
    assert (
        figure.title == "<b>{0}: [A2] stop goal matters most: with 20 % less, 0 % instead of 25 % of the replications bring every VM over"
    )
    drawn = svg_of(figure.drawing, "weight")
    assert drawn.index("[A2] stop goal") < drawn.index("[A38] patience")
    assert "[A3] sender" not in drawn  # half a percentage point
    assert "Of the 3 numbers 2 weigh" in figure.sample


def test_objectives_weigh_by_their_estimate_and_by_a_verdict_that_turns() -> None:
    """A verdict from fewer replications is compared with what these have as assumed: there it is as undecided, and as often met."""
    asked = {"P(x)": judged(0.98, "met")}
    same, worse, turned = judged(0.98, "met"), judged(0.2, "missed"), judged(0.975, "undecided")
    fewer = case(0.0, asked={"P(x)": turned}) | {"replications": 32, "as_assumed": {"completed": 1.0, "objectives": {"P(x)": turned}}}
    numbers = (
        {"tag": "A3", "what": "sender", "less": fewer, "more": case(0.0, asked={"P(x)": same})},
        {"tag": "A19", "what": "loads", "less": case(0.0, asked={"P(x)": same}), "more": case(0.0, asked={"P(x)": turned})},
        {"tag": "A25", "what": "writing", "less": case(0.0, asked={"P(x)": same}), "more": case(2.0, asked={"P(x)": worse})},
    )
    figure = tornado(point_of(*numbers, asked=asked), "weight")
    assert isinstance(figure, Figure)
    assert figure.title == "<b>{0}: [A25] writing matters most: with 20 % more, 20 % instead of 98 % for P(x)"
    assert "[A19] loads: P(x): no effect / 98 to 97.5 %, undecided" in figure.alt
    drawn = svg_of(figure.drawing, "weight")
    assert drawn.index("[A25] writing") < drawn.index("[A19] loads")
    assert "[A3] sender" not in drawn
    assert [row[7].text for row in figure.numbers.shown] == [
        "97.5 %, undecided",
        "98 %, met",
        "98 %, met",
        "97.5 %, undecided",
        "98 %, met",
        "20 %, missed",
    ]


@pytest.mark.parametrize(
    ("longest_s", "unit", "labels"), [(-310.0, "s", ("-310 s", "+50.0 s")), (1200.0, "min", ("+20.0 min", "+0.83 min"))]
)
def test_an_axis_has_one_unit_and_every_label_names_it(longest_s: float, unit: str, labels: tuple[str, ...]) -> None:
    numbers = {"tag": "A15", "what": "touched", "less": case(longest_s), "more": case(50.0)}
    figure = tornado(point_of(numbers), "weight")
    assert isinstance(figure, Figure)
    texts = [text for text in re.findall(r">([^<>]+)</text>", svg_of(figure.drawing, "weight")) if text[0] in "+-\u2212"]
    assert set(labels) < set(texts)
    assert all(text.endswith(f" {unit}") for text in texts)


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


@pytest.mark.parametrize(
    ("move", "of", "text"),
    [
        (-math.inf, "end", "ends, as it does not otherwise"),
        (math.inf, "downtime", "left behind"),
        (-2.0, "rounds", "-2 rounds"),
        (-(2.0**30), "sent", "-1 GiB"),
    ],
)
def test_moves_of_objectives_in_words(move: float, of: str, text: str) -> None:
    assert shown_move(move, of) == text
