"""Every shipped scenario, in miniature, answers the question of its title the way it was made to be answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.experiment.run import Order, run
from sim.scenario.load import load_scenario

SCENARIOS = Path(__file__).parents[1] / "scenarios"
REPLICATIONS = {"busy-database": 300}  # 20 of the others
PAYLOAD_1G_BPS = 125e6 * 0.94  # 1 Gbit/s less the frames (the links' profile says where 94 % is from)
GIB = 2**30

Points = dict[str, dict[str, Any]]
_answers: dict[str, Points] = {}


@pytest.fixture
def answer(request: pytest.FixtureRequest, tmp_path: Path) -> Points:
    """Return the summary of a scenario, variant by variant; each scenario is run once."""
    name: str = request.param
    if name not in _answers:
        loaded = load_scenario(SCENARIOS / f"{name}.yaml")
        ran = run(Order(loaded, REPLICATIONS.get(name, 20), tmp_path / name, 1, 0, False, ["migr"]), lambda *_counts: None)
        assert ran.failures == ()
        _answers[name] = {point["point"]: point for point in ran.summary["points"]}
    return _answers[name]


def of(scenario: str) -> pytest.MarkDecorator:
    """Let a test be about a scenario."""
    return pytest.mark.parametrize("answer", [scenario], indirect=True, ids=[scenario])


def line(point: dict[str, Any], vm: str) -> dict[str, Any]:
    """Return what became of a VM."""
    found: dict[str, Any] = next(each for each in point["migrations"] if each["vm"] == vm)
    return found


def median(point: dict[str, Any], vm: str, quantity: str) -> float:
    """Return the median of a VM's total_s or downtime_s."""
    return float(line(point, vm)["of_completed"][quantity]["p50"]["value"])


def makespan(point: dict[str, Any], step: str) -> float:
    """Return the median makespan of a step."""
    return float(next(each for each in point["steps"] if each["step"] == step)["makespan_s"]["p50"]["value"])


def share(point: dict[str, Any], vm: str, outcome: str) -> float:
    """Return the share of an outcome."""
    return float(line(point, vm)["outcomes"].get(outcome, {"share": 0.0})["share"])


def test_every_shipped_scenario_has_its_question_here() -> None:
    asked = {mark.args[1][0] for test in TESTS for mark in getattr(test, "pytestmark", [])}
    assert asked == {file.stem for file in SCENARIOS.glob("*.yaml")}


@of("quickstart")
def test_quickstart_says_how_long_on_both_su_types(answer: Points) -> None:
    """/390 around the published 24 s and 3 s; x86 stops for less than a second or two: 4 GiB of an OLTP guest over 10 Gbit/s."""
    on_390, on_x86 = answer["SU /390"], answer["SU x86"]
    assert median(on_390, "VM12PROD", "total_s") == pytest.approx(24.0, abs=4.0)
    assert median(on_390, "VM12PROD", "downtime_s") == pytest.approx(3.0, abs=1.0)
    assert 0.0 < median(on_x86, "VM12PROD", "downtime_s") < median(on_390, "VM12PROD", "downtime_s")
    assert share(on_390, "VM12PROD", "completed") == share(on_x86, "VM12PROD", "completed") == 1.0


@of("console-example")
def test_console_example_takes_the_published_times(answer: Points) -> None:
    """VMS2450 to VMS2451 24 s, VMS2452 to VMS2432 3 s; the median of 20 replications is known to a second."""
    (point,) = answer.values()
    assert median(point, "VM12PROD", "total_s") == pytest.approx(24.0, abs=2.0)
    assert median(point, "VM12PROD", "downtime_s") == pytest.approx(3.0, abs=1.0)


@of("night-drain-390")
def test_night_drain_390_takes_about_half_an_hour(answer: Points) -> None:
    """No faster than the bytes of all VMs over 1 Gbit/s, no slower than an hour; twelve VMs, one not running."""
    (point,) = answer.values()
    vms = point["migrations"][:-1]
    assert len(vms) == 12
    memory = (32 + 24 + 16 + 3 * 16 + 2 * 12 + 2 * 8 + 8 + 4) * GIB
    assert memory / PAYLOAD_1G_BPS < makespan(point, "out") < 3600.0
    assert line(point, "PRINT")["of_completed"]["downtime_s"] == {}
    assert {entry["objective"].split("(")[0] for entry in point["objectives"]} == {"P", "p99"}


@of("night-drain-x86")
def test_night_drain_x86_is_done_within_twenty_minutes(answer: Points) -> None:
    (point,) = answer.values()
    assert point["steps"][0]["nothing_left_behind"]["share"] == 1.0
    assert makespan(point, "out") < 1200.0
    assert all(set(each["outcomes"]) == {"completed"} for each in point["migrations"])


@of("busy-database")
def test_busy_database_is_aborted_on_390_at_times_and_stopped_for_long_on_x86(answer: Points) -> None:
    on_390, on_x86 = answer["SU /390"], answer["SU x86"]
    assert 0.0 < share(on_390, "DBPROD", "aborted") < 0.5
    assert set(line(on_390, "DBPROD")["reasons"]) == {"chase-limit"}
    assert share(on_x86, "DBPROD", "completed") == 1.0
    # On /390 a guest that cannot be stopped briefly is aborted; on x86 it is stopped all the same: the longest stops are longer.
    longest = {name: line(point, "DBPROD")["of_completed"]["downtime_s"]["p99"]["value"] for name, point in answer.items()}
    assert longest["SU x86"] > 1.2 * longest["SU /390"]


@of("both-directions")
def test_exchange_at_once_is_slower_for_each_vm(answer: Points) -> None:
    """The monitors' CPUs are shared: each VM takes longer, both together are done earlier than one after the other would be."""
    at_once, one_by_one = answer["at once"], answer["one after the other"]
    for vm in ("VMOUT", "VMIN"):
        assert median(at_once, vm, "total_s") > 1.1 * median(one_by_one, vm, "total_s")
    both = median(one_by_one, "VMOUT", "total_s") + median(one_by_one, "VMIN", "total_s")
    assert max(median(at_once, vm, "total_s") for vm in ("VMOUT", "VMIN")) < 1.05 * both


@of("two-clusters")
def test_two_clusters_disturb_each_other_on_one_network(answer: Points) -> None:
    for step in ("out390", "outx86"):
        assert makespan(answer["one MCNPR"], step) > 1.3 * makespan(answer["two networks"], step)


@of("day-and-night")
def test_quiet_night_sends_less_than_the_busy_morning(answer: Points) -> None:
    assert median(answer["at 03:00"], "DBPROD", "sent_over_touched") < median(answer["at 10:00"], "DBPROD", "sent_over_touched")
    assert median(answer["at 03:00"], "DBPROD", "total_s") < median(answer["at 10:00"], "DBPROD", "total_s")


@of("faster-network")
def test_faster_network_pays_but_not_tenfold(answer: Points) -> None:
    """Over 1 Gbit/s the link decides: no faster than the memory through it. Over 10 Gbit/s the sending CPUs do: sooner, not ten times."""
    for kind in ("SU /390", "SU x86"):
        for size in (8, 16, 32):
            slow, fast = (answer[f"{kind}, networks.mcnpr.bandwidth={rate} Gbit/s, vms.DBPROD.memory={size} GiB"] for rate in (1, 10))
            assert makespan(slow, "move") > size * GIB / PAYLOAD_1G_BPS
            assert makespan(slow, "move") / 10 < makespan(fast, "move") < makespan(slow, "move") / 1.5


@of("link-drop-390")
def test_link_drop_leaves_all_behind_unless_the_plan_tries_again(answer: Points) -> None:
    """The line is down for minutes, longer than four rejected commands take: without retries no VM comes over, with them each does."""
    none, three = answer["no retry"], answer["three retries, rejected ones too"]
    assert share(none, "DBPROD", "aborted") == 1.0
    assert line(none, "DBPROD")["reasons"] == {"link-lost": 20}
    assert none["steps"][0]["nothing_left_behind"]["share"] == 0.0
    assert three["steps"][0]["nothing_left_behind"]["share"] == 1.0
    assert makespan(three, "out") > makespan(answer["line holds"], "out") + 300.0, "the pause before the second attempt"


@of("link-drop-390")
def test_a_flicker_of_the_line_only_delays(answer: Points) -> None:
    """5 s without a line, and then what the guest wrote meanwhile: at oltp-light below 5 s more."""
    flicker, holds = answer["flicker of 5 s"], answer["line holds"]
    assert share(flicker, "DBPROD", "completed") == 1.0
    assert 5.0 < median(flicker, "DBPROD", "total_s") - median(holds, "DBPROD", "total_s") < 10.0


@of("wrong-command")
def test_wrong_commands_do_not_disturb_the_migration(answer: Points) -> None:
    typed, silent = answer["as typed"], answer["nobody types anything"]
    assert share(typed, "VM12PROD", "completed") == share(silent, "VM12PROD", "completed") == 1.0
    for quantity in ("total_s", "downtime_s"):
        assert median(typed, "VM12PROD", quantity) == median(silent, "VM12PROD", quantity)
    assert share(typed, "VM13TEST", "rejected") == 1.0


TESTS = [value for name, value in list(globals().items()) if name.startswith("test_")]
