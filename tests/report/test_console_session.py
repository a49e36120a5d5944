"""A session simulates what `migr trace` shows, however its time is cut, and types commands at the time that is asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.consoles import BUSY_S, COMMAND_S, POINT, session
from sim.engine.replicate import replicate_alone
from sim.engine.site import Site

TRACED = [(line.time_s, line.message, line.inserts) for line in replicate_alone(Site.of(POINT), 0).journal.in_order()]


@given(st.lists(st.floats(0.0, COMMAND_S + 60.0), max_size=6).map(sorted), st.integers(1, 50))
def test_a_session_without_commands_is_the_traced_replication(looks: list[float], most: int) -> None:
    """Looking is not touching: the messages do not depend on when somebody looks, nor on how many events a slice has."""
    played, seen = session(), []
    for look in [*looks, COMMAND_S + 600.0]:
        while not played.steps(look, most):
            seen += played.arrived()
        assert played.now == look
    seen += played.arrived()
    assert played.idle
    assert played.ends() is not None
    assert sorted(((line.time_s, line.message.text) for line in seen), key=lambda each: each[0]) == [
        (time_s, message.text) for time_s, message, _ in TRACED
    ]


def test_a_command_is_typed_at_the_time_of_the_session() -> None:
    """Between two events of the simulation, too: 00:07:08.25 lies in the pre-copy, where nothing is due for seconds."""
    played = session()
    played.run_to(COMMAND_S + 9.25)
    played.arrived()
    played.types("ABGSE701", "/HOLD-VM VM-ID=12")
    (echo,) = played.arrived()
    assert (echo.time_s, echo.console, echo.inserts["command"]) == (COMMAND_S + 9.25, "ABGSE701", "/HOLD-VM VM-ID=12")
    played.run_to(COMMAND_S + 9.25 + BUSY_S)
    (answer,) = played.arrived()
    assert answer.time_s == COMMAND_S + 9.25 + BUSY_S


def test_nothing_ends_while_something_is_under_way() -> None:
    played = session()
    played.run_to(COMMAND_S + 5.0)
    assert not played.idle
    assert played.ends() is None


def test_a_session_begins_where_it_is_told() -> None:
    played = session(from_s=COMMAND_S - 1.0)
    assert played.now == COMMAND_S - 1.0
    assert played.arrived() == []


@pytest.mark.parametrize("most", [1, 3])
def test_a_slice_is_no_longer_than_asked(most: int) -> None:
    played = session()
    assert not played.steps(COMMAND_S + 60.0, most)
    assert played.now < COMMAND_S + 60.0
