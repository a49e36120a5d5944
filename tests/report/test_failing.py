"""What a planner reads of what went wrong: hand-made entries of summary.json, in a terminal of 100 columns."""

from __future__ import annotations

from typing import Any

import pytest

from sim.report.failing import failures_text


def share(of: float) -> dict[str, float]:
    """Return a share with an interval of 10 points to each side."""
    return {"share": of, "low": of - 0.1, "high": of + 0.1}


def quantiles(**values: float) -> dict[str, Any]:
    """Return quantiles without intervals."""
    return {name: {"value": value, "low": None, "high": None, "replications_needed": 36} for name, value in values.items()}


NOTHING: dict[str, Any] = {
    "reasons": [],
    "left_behind": [],
    "after_suspend": [],
    "cost": [],
    "outages": [],
    "faults": [],
    "commands": [],
}
DROPPED = {
    "outcome": "aborted",
    "reason": "link-lost",
    "words": "the network connection was interrupted for too long",
    "assumption": "A38",
    "replications": share(0.25),
    "attempts": 7,
    "vms": {"DB": 4, "APPL": 1, "WEB": 1, "DEV": 1},
}
COST = {
    "step": "out",
    "replications": share(0.25),
    "failed_s": quantiles(p50=390.0, p90=509.0),
    "duration_s": {"without": quantiles(p50=1779.0), "with": quantiles(p50=2118.0)},
    "within_window": {"without": share(0.9), "with": share(0.5)},
}


def told(**entries: Any) -> list[str]:  # noqa: ANN401 - entries as summary.json has them
    """Return the text as sentences: without headings, lines that were wrapped joined again."""
    text = failures_text({**NOTHING, **entries}, 20, 100, ["A2", "A38"])
    assert all(len(line) <= 100 for line in text.splitlines())
    sentences: list[str] = []
    for line in text.splitlines():
        if line.startswith("      "):
            sentences[-1] += f" {line.strip()}"
        elif line.startswith("    "):
            sentences.append(line.strip())
    return sentences


def test_nothing_is_said_where_nothing_went_wrong() -> None:
    assert failures_text(NOTHING, 20, 100, []) == ""


def test_a_reason_says_what_failed_how_often_why_and_of_which_vms() -> None:
    assert told(reasons=[DROPPED]) == [
        (
            "aborted, 25.0 % (15.0 to 35.0): the network connection was interrupted for too long (link-lost [A38]); 7 times in 20 "
            "replications, DB 4, APPL 1, WEB 1 and 1 more VM"
        )
    ]


def test_a_warning_is_no_failure_in_its_words() -> None:
    (sentence,) = told(reasons=[{**DROPPED, "outcome": "completed-with-warnings", "vms": {"DB": 7}}])
    assert sentence.startswith("arrived with a warning, ")
    assert sentence.endswith("7 times in 20 replications, DB")


def test_vms_that_stay_equally_often_on_one_su_share_a_line() -> None:
    entry: dict[str, Any] = {"step": "out", "su": "S1", "deleted": False, "replications": share(0.3), "guest_lost": None}
    rarely = {**entry, "vm": "WEB", "replications": share(0.2), "guest_lost": share(0.1)}
    assert told(left_behind=[{**entry, "vm": "DB"}, {**entry, "vm": "APPL"}, rarely]) == [
        "step out: DB, APPL left behind on S1, each in 30.0 % (20.0 to 40.0)",
        "step out: WEB left behind on S1, in 20.0 % (10.0 to 30.0); the guest lost in 10.0 % (0.0 to 20.0)",
    ]


def test_what_was_lost_on_the_target_or_deleted_is_not_called_left_behind() -> None:
    entry: dict[str, Any] = {"step": "out", "vm": "VA", "su": "SUB", "deleted": False, "replications": share(0.3)}
    assert told(left_behind=[{**entry, "guest_lost": share(0.3)}, {**entry, "su": "", "deleted": True, "guest_lost": None}]) == [
        "step out: VA: guest lost, its VM is on SUB, in 30.0 % (20.0 to 40.0)",
        "step out: VA deleted by an operator, in 30.0 % (20.0 to 40.0)",
    ]


def test_an_outage_names_the_guests_that_ended_with_it() -> None:
    """Two of them always, one only where it had come already."""
    ended = {"OLD": share(0.4), "VA": share(0.4), "VB": share(0.2)}
    assert told(
        outages=[
            {"su": "SUB", "replications": share(0.4), "guests_ended": ended},
            {"su": "SUA", "replications": share(0.5), "guests_ended": {}},
        ]
    ) == [
        (
            "SU SUB went down in 40.0 % (30.0 to 50.0) of the replications; guests ended: OLD, VA, VB in 20.0 % (10.0 to 30.0); "
            "they are started again with their SU [A39]"
        ),
        "SU SUA went down in 50.0 % (40.0 to 60.0) of the replications; guests ended: none",
    ]


def test_faults_and_commands_are_counted() -> None:
    faults = [
        {"fault": "drop", "replications": share(0.4), "count": 8, "times": 11, "attempts": 7},
        {"fault": "slow", "replications": share(0.5), "count": 10, "times": 10, "attempts": 1},
        {"fault": "a28", "replications": share(0.1), "count": 0, "times": 0, "attempts": 0},
    ]
    typed = {"number": 1, "time": "22:02", "console": "SUA", "command": "HOLD-VM"}
    commands = [{**typed, "ends": {"executed": 8, "rejected": 12}}, {**typed, "command": "SHOW-VM-ATTRIBUTES", "ends": {"executed": 20}}]
    assert told(faults=faults, commands=commands) == [
        "drop in 8 of 20 replications, 11 times; 7 attempts that it met failed or had a warning",
        "slow in 10 of 20 replications; 1 attempt that it met failed or had a warning",
        "never met: a28",
        "HOLD-VM at 22:02, console of SUA: executed 8, rejected 12",
        "SHOW-VM-ATTRIBUTES at 22:02, console of SUA: executed always",
    ]


def test_an_assumption_that_the_run_does_not_rest_on_is_not_named() -> None:
    """A chase limit that the scenario itself gives."""
    text = failures_text({**NOTHING, "reasons": [{**DROPPED, "reason": "chase-limit", "assumption": "A2"}]}, 20, 100, ["A38"])
    assert "(chase-limit)" in text


def test_many_vms_are_counted_and_not_named() -> None:
    entry: dict[str, Any] = {"step": "out", "su": "S1", "deleted": False, "replications": share(0.3), "guest_lost": None}
    (alike,) = told(left_behind=[{**entry, "vm": f"VM{number}"} for number in range(20)])
    assert alike == "step out: VM0, VM1, VM2, VM3, VM4, VM5, VM6, VM7 and 12 more VMs left behind on S1, each in 30.0 % (20.0 to 40.0)"
    different = told(left_behind=[{**entry, "vm": f"VM{number}", "su": f"S{number}"} for number in range(20)])
    assert len(different) == 9
    assert different[-1] == "and 12 more, which summary.json names"


def test_cost_compares_the_step_with_and_without_failures() -> None:
    assert told(cost=[COST]) == [
        (
            "step out: attempts failed in 25.0 % (15.0 to 35.0) and took p50 6:30 min, p90 8:29 min of its time; it ended after "
            "p50 35:18 min then, 29:39 min without failures; all over within the window: 50.0 % (40.0 to 60.0) with failures, "
            "90.0 % (80.0 to 100.0) without"
        )
    ]


@pytest.mark.parametrize(
    ("changes", "gone"),
    [
        ({"within_window": {"without": None, "with": None}}, "window"),
        ({"duration_s": {"without": {}, "with": quantiles(p50=2118.0)}}, "ended after"),
    ],
)
def test_cost_says_only_what_there_is_to_say(changes: dict[str, Any], gone: str) -> None:
    """No window in the scenario; every replication has a failure, so there is nothing to compare with."""
    assert gone in told(cost=[COST])[0]
    assert gone not in told(cost=[{**COST, **changes}])[0]


def test_policy_that_decided_is_never_shown_as_the_products_behaviour() -> None:
    guest = {"source": 7, "target": 1200, "lost": 0}
    (sentence,) = told(after_suspend=[{"policy": "target-resumes", "replications": share(0.5), "guest": guest}])
    assert "In 50.0 % (40.0 to 60.0) of the replications a migration broke between suspension and resume." in sentence
    assert "not published: the scenario's after_suspend: target-resumes decided [A37], which is not the product's behaviour." in sentence
    assert sentence.endswith("The guest went on on the source 7 times, went on on the target 1,200 times.")
