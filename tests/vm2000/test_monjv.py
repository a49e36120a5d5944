"""The job variable of a migration: published bytes in their places, the rest blank, and only the transitions that make sense."""

from __future__ import annotations

import itertools

import pytest

from sim.errors import ModelError
from sim.vm2000.monjv import JobVariable, Status

# SE server whitepaper: the six values; what may follow what is inferred from their meanings.
LEGAL = {("$S", "$R"), ("$S", "$AF"), ("$R", "$T"), ("$R", "$TW"), ("$R", "$AE")}


def test_the_values_are_the_published_ones() -> None:
    assert {str(status) for status in Status} == {"$S", "$R", "$T", "$TW", "$AE", "$AF"}


def test_a_new_variable_says_that_the_task_is_accepted() -> None:
    assert JobVariable("LM.VM12").status == "$S"


@pytest.mark.parametrize(("before", "after"), list(itertools.product(Status, Status)))
def test_only_legal_transitions(before: Status, after: Status) -> None:
    variable = JobVariable("JV", status=before)
    if (before, after) in LEGAL:
        variable.becomes(after)
        assert variable.status is after
    else:
        with pytest.raises(ModelError, match=r"job variable JV goes from \$"):
            variable.becomes(after)
        assert variable.status is before


@pytest.mark.parametrize("status", Status)
def test_a_value_is_256_bytes_with_the_status_at_the_left(status: Status) -> None:
    value = JobVariable("JV", status=status).value()
    assert len(value) == 256
    assert value[:3].decode("ascii") == f"{status:<3}"
    assert value[3:] == b" " * 253


def test_monitoring_stops_with_the_end_of_the_migration() -> None:
    assert [status for status in Status if JobVariable("JV", status=status).watching] == ["$S", "$R"]
