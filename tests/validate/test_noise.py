"""The noise floor, by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.validate.score.noise import noise_floor


def test_deviations_from_the_median_of_the_cell() -> None:
    """Cell a: 0, 2 %, 5 % of 100. Cell b: 1 of 11 twice. Cell c has no repeat. Median of (0, 0.02, 0.05, 1/11, 1/11) is 0.05."""
    found = noise_floor([98.0, 10.0, 100.0, 500.0, 12.0, 105.0], ["a", "b", "a", "c", "b", "a"])
    assert found is not None
    assert (found.n, found.cells) == (5, 2)
    assert found.median == pytest.approx(0.05, rel=1e-12)
    assert found.mean == pytest.approx((0.07 + 2 / 11) / 5, rel=1e-12)


def test_cells_without_repeats_show_no_noise() -> None:
    assert noise_floor([1.0, 2.0, 3.0], ["a", "b", "c"]) is None
    assert noise_floor([], []) is None


@given(st.lists(st.tuples(st.floats(0.1, 1e6), st.sampled_from("abc")), min_size=4, max_size=20), st.floats(0.01, 100.0))
def test_unit_does_not_matter(rows: list[tuple[float, str]], factor: float) -> None:
    """Four values in three cells have a repeat somewhere."""
    values, cells = [value for value, _ in rows], [cell for _, cell in rows]
    one, other = noise_floor(values, cells), noise_floor([factor * value for value in values], cells)
    assert one is not None
    assert other is not None
    assert other.median == pytest.approx(one.median, rel=1e-9, abs=1e-12)
    assert (other.n, other.cells) == (one.n, one.cells)
