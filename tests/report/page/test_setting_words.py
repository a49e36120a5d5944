"""Settings in words, which points of a sweep are drawn, and what a setting does to the verdicts."""

from __future__ import annotations

from typing import Any

import pytest

from sim.report.layout import enumerated
from sim.report.page.detailed import points_of_sweep
from sim.report.page.sections.answer.turns import turns, which_meet
from sim.report.page.setting_words import combination, plain_setting, setting, setting_and_path
from sim.scenario.sweep import variant_of

PACE = "networks.mcnpr.bandwidth"
SIZE = "vms.DBPROD.memory"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (SIZE, "memory of DBPROD"),
        ("vms.*.touched", "touched memory of all VMs"),
        (PACE, "bandwidth of network mcnpr"),
        ("plan.out.at", "begin of step out"),
        ("clusters.SE.type", "SU type of SE"),
        ("loads.orders.spread", "spread of load orders"),
        ("vms.<script>.memory", "memory of <script>"),
        ("vms.{name}.memory", "memory of {name}"),
    ],
)
def test_a_path_is_said_in_words_and_shown_once(path: str, words: str) -> None:
    assert plain_setting(path) == setting(path) == words
    assert setting_and_path(path) == f"{words} (`{path}`)"


def test_a_path_without_words_stays_as_code() -> None:
    assert plain_setting("experiment.seed") == "experiment.seed"
    assert setting("experiment.seed") == setting_and_path("experiment.seed") == "`experiment.seed`"


def test_a_size_or_a_rate_says_alone_what_it_is_and_other_values_do_not() -> None:
    assert combination("SU /390", {PACE: "1 Gbit/s", SIZE: "32 GiB"}) == "SU /390 with 1 Gbit/s and 32 GiB"
    assert combination("", {SIZE: "8 GiB", "vms.B.memory": "16 GiB"}) == "memory of DBPROD 8 GiB and memory of B 16 GiB"
    assert combination("", {PACE: "1 Gbit/s", SIZE: "8 GiB", "loads.l.spread": "5 %"}) == "1 Gbit/s, 8 GiB and spread of load l 5 %"
    assert combination("SU x86", {}) == "SU x86"


def entry(variant: str, settings: dict[str, str], share: float, makespan: float = 1.0) -> dict[str, Any]:
    """Return a point of summary.json whose objective asks for a share of 95 %."""
    name = ", ".join([*([variant] if variant else []), *(f"{path}={value}" for path, value in settings.items())])
    objective = {"objective": "P(makespan of out <= 3 min) >= 95 %", "verdict": "met" if share >= 0.95 else "missed", "estimate": share}
    steps = [{"step": "out", "makespan_s": {"p90": {"value": makespan}}}]
    return {"point": name, "settings": settings, "objectives": [objective], "steps": steps}


def grid(missed: set[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """Return two variants x two networks x three sizes."""
    return [
        entry(v, {PACE: f"{b} Gbit/s", SIZE: f"{m} GiB"}, 0.0 if (v, b, m) in missed else 1.0)
        for v in ("x", "y")
        for b in ("1", "10")
        for m in ("8", "16", "32")
    ]


def test_what_a_setting_turns_is_told_with_the_others() -> None:
    """As it was found: with 32 GiB only x with 10 Gbit/s meets it."""
    entries = grid({("x", "1", "32"), ("y", "1", "32"), ("y", "10", "32")})
    assert which_meet(entries) == ": all with memory of DBPROD 8 GiB or 16 GiB, and of the others only x with 10 Gbit/s and 32 GiB"
    told = turns(entries)
    assert told[0] == (
        f"Bandwidth of network mcnpr (`{PACE}`): 1 Gbit/s 4 of 6, 10 Gbit/s 5 of 6. "
        "10 Gbit/s instead of 1 Gbit/s turns 1 of 6 pairs from missed to met: x with 32 GiB. Missed with either: y with 32 GiB."
    )
    assert told[1].endswith(
        "32 GiB instead of 16 GiB turns 3 of 4 pairs from met to missed: x with 1 Gbit/s; y with 1 Gbit/s; y with 10 Gbit/s."
    )
    assert told[2] == (
        "Variant: x 5 of 6, y 4 of 6. y instead of x turns 1 of 6 pairs from met to missed: 10 Gbit/s and 32 GiB. "
        "Missed with either: 1 Gbit/s and 32 GiB."
    )


def test_settings_that_do_not_matter_are_left_out() -> None:
    """Whether 32 GiB meet it depends on the network alone."""
    entries = grid({(v, "1", "32") for v in ("x", "y")})
    assert which_meet(entries) == ": all with memory of DBPROD 8 GiB or 16 GiB, and of the others only 10 Gbit/s and 32 GiB"
    assert turns(entries)[0].endswith("turns 2 of 6 pairs from missed to met: 32 GiB.")


def test_a_setting_that_turns_nothing_says_so_and_a_single_pair_is_no_share() -> None:
    entries = grid({(v, b, "32") for v in ("x", "y") for b in ("1", "10")})
    assert which_meet(entries) == ": all with memory of DBPROD 8 GiB or 16 GiB, no other"
    assert turns(entries)[0].endswith("10 Gbit/s 4 of 6. It changes no verdict.")
    alone = [entry("", {SIZE: size}, share) for size, share in (("8 GiB", 1.0), ("32 GiB", 0.0))]
    assert turns(alone) == [
        f"Memory of DBPROD (`{SIZE}`): 8 GiB met, 32 GiB missed. 32 GiB instead of 8 GiB turns the verdict from met to missed."
    ]


def chosen(entries: list[dict[str, Any]]) -> list[str]:
    names = [each["point"] for each in entries]
    return points_of_sweep(names, [each["settings"] for each in entries], dict(zip(names, entries, strict=True)))


def test_of_a_sweep_the_first_point_of_each_variant_and_the_one_that_misses_most_are_drawn() -> None:
    """Of shares of 0 the one that takes longer; first ones first, since they are set side by side."""
    entries = [entry("x", {SIZE: f"{n} GiB"}, share, n) for n, share in ((1, 1.0), (2, 0.5), (3, 0.0), (4, 0.0), (5, 0.9))]
    entries += [entry("y", {SIZE: f"{n} GiB"}, share) for n, share in ((1, 0.2), (2, 0.5))]
    entries += [entry("z", {SIZE: f"{n} GiB"}, 1.0) for n in (1, 2)]
    assert chosen(entries) == [f"{v}, {SIZE}={n} GiB" for v, n in (("x", 1), ("y", 1), ("z", 1), ("x", 4))]
    assert chosen(entries[5:]) == [f"{v}, {SIZE}={n} GiB" for v, n in (("y", 1), ("z", 1))]


def test_without_objectives_the_first_points_alone_are_drawn() -> None:
    entries = [entry(v, {SIZE: f"{n} GiB"}, 0.0) | {"objectives": []} for v in ("x", "y") for n in (1, 2)]
    assert chosen(entries) == [f"x, {SIZE}=1 GiB", f"y, {SIZE}=1 GiB"]


@pytest.mark.parametrize(("names", "said"), [([], ""), (["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "C"], "A, B and C")])
def test_names_are_enumerated_as_in_a_sentence(names: list[str], said: str) -> None:
    assert enumerated(names) == said
    assert enumerated(names, "or") == said.replace(" and ", " or ")


@pytest.mark.parametrize(
    ("point", "settings", "variant"),
    [
        ("", {}, ""),
        ("SU x86", {}, "SU x86"),
        ("a.b=1, c.d=2", {"a.b": "1", "c.d": "2"}, ""),
        ("SU x86, a.b=1, c.d=2", {"a.b": "1", "c.d": "2"}, "SU x86"),
    ],
)
def test_a_variant_is_what_the_name_has_before_the_settings(point: str, settings: dict[str, str], variant: str) -> None:
    assert variant_of(point, settings) == variant
