"""Gantt charts: phases of attempts, what is drawn of them, and that names stay names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.columns import OPERATOR_STEP
from sim.report.page.drawing import drawn, svg_of
from sim.report.page.sections.timing.attempts import Attempt
from sim.report.page.sections.timing.gantt import MOST_BARS, Chart, beyond, gantt, most_telling
from sim.report.page.sections.timing.makespans import Limit

NIGHT = 79200.0


def attempt(begin: float = 0.0, vm: str = "VMA", **other: object) -> Attempt:
    """Return a migration of 60 s: check 1, set-up 4, pre-copy 45, stop 3, clean-up 7 s."""
    at = NIGHT + begin
    made = Attempt(vm, "out", 1, at, at, at + 1, at + 5, at + 50, at + 53, at + 60, "completed", None, stands_still=True)
    return replace(made, **other)  # type: ignore[arg-type]


def test_phases_follow_each_other_without_a_gap() -> None:
    assert [(name, end - begin) for name, begin, end in attempt().phases()] == [
        ("check", 1.0),
        ("set-up", 4.0),
        ("pre-copy", 45.0),
        ("stop", 3.0),
        ("clean-up", 7.0),
    ]
    assert attempt().downtime_s == 3.0


def test_an_attempt_that_fails_ends_in_the_phase_that_it_reached() -> None:
    aborted = attempt(stopped_s=None, resumed_s=None, outcome="aborted", reason="link-lost", stands_still=False)
    assert list(aborted.phases())[-1] == ("pre-copy", NIGHT + 5, NIGHT + 60)
    assert aborted.downtime_s is None
    rejected = replace(aborted, started_s=None, set_up_s=None, outcome="rejected")
    assert list(rejected.phases()) == [("check", NIGHT, NIGHT + 60)]
    back_home = attempt(outcome="aborted", reason="target-crash")
    assert [name for name, *_ in back_home.phases()][-1] == "roll-back"


def test_a_vm_that_was_not_tried_has_no_phases() -> None:
    assert list(attempt(number=0, outcome="not-started", started_s=None).phases()) == []


def test_a_guest_that_does_not_run_has_no_downtime() -> None:
    assert attempt(stands_still=False).downtime_s is None


def test_the_longest_attempts_are_drawn_in_the_order_of_time() -> None:
    many = [attempt(60.0 * number, f"VM{number:02d}", ended_s=NIGHT + 60.0 * number + 100.0 - number) for number in range(40)]
    drawn_ones = most_telling(many)
    assert [each.vm for each in drawn_ones] == [f"VM{number:02d}" for number in range(MOST_BARS)]
    assert most_telling(many[:3]) == many[:3]


def texts_of(*attempts: Attempt, limits: tuple[Limit, ...] = ()) -> list[str]:
    """Return all texts of the drawing, those of the ticks too."""
    chart = Chart("", attempts, NIGHT, max(each.ended_s for each in attempts))
    with drawn(gantt([chart], limits, rounds=True)) as canvas:
        canvas.draw_without_rendering()
        (axes,) = canvas.axes
        return [text.get_text() for text in [*axes.texts, *axes.get_yticklabels(), *axes.get_xticklabels()]]


def test_names_are_shown_as_they_are() -> None:
    evil = "<script>$x^2$%s{}"
    svg = svg_of(gantt([Chart("", [attempt(vm=evil)], NIGHT, NIGHT + 60)], [], rounds=True), "k")
    assert "<script>" not in svg
    assert "&lt;script&gt;$x^2$%s{}" in svg
    assert svg == svg_of(gantt([Chart("", [attempt(vm=evil)], NIGHT, NIGHT + 60)], [], rounds=True), "k")


def test_labels_say_what_became_of_each() -> None:
    first = attempt(stopped_s=None, resumed_s=None, outcome="aborted", reason="link-lost", stands_still=False)
    texts = texts_of(
        first,
        attempt(120.0, number=2),
        attempt(130.0, "VMB", number=0, outcome="not-started", started_s=None),
        attempt(70.0, "VMC", step=OPERATOR_STEP),
    )
    assert "1:00 min, aborted: link-lost" in texts
    assert "1:00 min, stop 3.00 s" in texts
    assert "not started" in texts
    assert {"VMA", "VMA, try 2", "VMC (operator)"} <= set(texts)
    assert "22:01" in texts


def test_limits_that_are_far_away_are_named_and_not_drawn() -> None:
    near, far = Limit(NIGHT + 70, "objective 1:10 min"), Limit(NIGHT + 14400, "window ends 02:00")
    chart = Chart("", [attempt()], NIGHT, NIGHT + 60)
    assert beyond([chart], [near, far]) == ["window ends 02:00"]
    texts = [text.strip() for text in texts_of(attempt(), limits=(near, far))]
    assert "objective 1:10 min" in texts
    assert "window ends 02:00" not in texts


@pytest.mark.parametrize("rounds", [1, 400])
def test_many_rounds_make_no_large_picture(rounds: int) -> None:
    length = 45.0 / rounds
    sent = tuple((NIGHT + 5 + number * length, length) for number in range(rounds))
    chart = Chart("", [attempt(vm=f"VM{number}", rounds=sent) for number in range(MOST_BARS)], NIGHT, NIGHT + 60)
    svg = svg_of(gantt([chart], [], rounds=True), "k")
    assert len(svg) < 100_000
