"""Addressed draws: each has a name, and no two names share a value."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest, norm

from sim.model.draws import BLOCK, LAST, Array, Draws, Lane, address, generator

Z = float(norm.isf(0.5e-4))  # two-sided 99.99 %
STREAMS = ("VM1/pages", "VM1/noise", "VM2/pages", "VM12/pages", "1VM2/pages", "VM1/burst")
INDEXES = (0, 1, 2, 3, 255, 256, 65535, 65536, 65537, address(1, 1, 1), address(1, 1, 2), address(1, 2, 1), address(2, 1, 1), 2**63)


def _values(kind: str, seed: int, stream: str, index: int, block: int) -> Array:
    draws = Draws(seed, block * BLOCK, (block + 1) * BLOCK)
    return draws.uniforms(stream, index) if kind == "uniform" else draws.normals(stream, index)


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_no_two_draws_share_a_value(kind: str) -> None:
    """Streams, indexes and blocks, neighbours among them, give values of their own: all 300,000 are different.

    Doubles in [0, 1) have 53 random bits and normals about as many: by chance alone one pair of 3e5 values would be equal with a
    probability of (3e5)^2 / 2 / 2^53 = 5e-6. Trap: an index in the low word of the counter, which a draw of 1,024 values counts up itself.
    """
    drawn = [_values(kind, 7, stream, index, block) for stream in STREAMS for index in INDEXES for block in (0, 1, 2)]
    drawn += [_values(kind, seed, "VM1/pages", index, 0) for seed in (8, 70) for index in INDEXES]
    every = np.concatenate(drawn)
    assert len(every) > 250_000
    assert len(np.unique(every)) == len(every)


@settings(max_examples=50)
@given(st.integers(0, 2**64 - 3), st.integers(0, 2**40))
def test_neighbouring_addresses_share_nothing(index: int, block: int) -> None:
    """Any index and block beside the next ones: no value in common (chance: 4 x 1,024^2 / 2^53 = 5e-10 an example)."""
    drawn = [generator(1, "VM1/pages", i, b).random(BLOCK) for i, b in ((index, block), (index + 1, block), (index, block + 1))]
    assert len(np.unique(np.concatenate(drawn))) == 3 * BLOCK


def test_neighbouring_draws_are_not_correlated() -> None:
    """The correlation of two neighbouring draws of 1,024 values is 0 with a standard deviation of 1/32: 63 of them within 4.7 sigma.

    4.7 sigma are two-sided 99.99 % for 63 looks together (Bonferroni). Trap: neighbours that are shifted copies of each other.
    """
    rows = [_values("normal", 1, "VM1/pages", index, 0) for index in range(64)]
    worst = max(abs(float(np.corrcoef(a, b)[0, 1])) for a, b in pairwise(rows))
    shifted = max(abs(float(np.corrcoef(a[4:], b[:-4])[0, 1])) for a, b in pairwise(rows))
    limit = float(norm.isf(0.5e-4 / 63)) / (BLOCK - 4) ** 0.5
    assert worst < limit
    assert shifted < limit


@pytest.mark.parametrize(("kind", "law"), [("uniform", "uniform"), ("normal", "norm")])
def test_draws_follow_their_law(kind: str, law: str) -> None:
    """Kolmogorov-Smirnov over 64 draws of 1,024 values, one sample, p > 1e-4."""
    drawn = np.concatenate([_values(kind, 3, "VM1/pages", index, index % 3) for index in range(64)])
    assert kstest(drawn, law).pvalue > 1e-4


@settings(max_examples=60)
@given(st.integers(0, 3 * BLOCK - 1), st.integers(1, 256), st.sampled_from(["uniform", "normal", "factor"]), st.integers(0, 5))
def test_draws_of_some_replications_are_a_slice_of_the_block(start: int, count: int, kind: str, index: int) -> None:
    """Whatever range is worked on, replication r has element r % 1,024 of block r // 1,024: the same bits."""
    block = start // BLOCK
    stop = min(start + count, (block + 1) * BLOCK)
    some, all_of_them = Draws(5, start, stop), Draws(5, block * BLOCK, (block + 1) * BLOCK)
    cut = slice(start - block * BLOCK, stop - block * BLOCK)
    if kind == "factor":
        pair = (some.factors("s", index, 0.3), all_of_them.factors("s", index, 0.3)[cut])
    else:
        pair = (_of(some, kind, index), _of(all_of_them, kind, index)[cut])
    assert pair[0].tobytes() == pair[1].tobytes()
    lane = Lane(some, start)
    single = {"uniform": lane.uniform, "normal": lane.normal}.get(kind, lambda stream, place: lane.factor(stream, place, 0.3))
    assert single("s", index) == pair[0].item(0)


def _of(draws: Draws, kind: str, index: int) -> Array:
    return draws.uniforms("s", index) if kind == "uniform" else draws.normals("s", index)


def test_asking_again_in_another_order_gives_the_same() -> None:
    """Draws are not consumed: the order and number of questions change nothing."""
    first, second = Draws(9, 0, 4), Draws(9, 0, 4)
    asked = [first.normals("a", 1), first.normals("b", 0), first.uniforms("a", 1), first.normals("a", 1)]
    again = [second.uniforms("a", 1), second.normals("a", 1), second.normals("b", 0)]
    assert asked[0].tolist() == asked[3].tolist() == again[1].tolist()
    assert asked[1].tolist() == again[2].tolist()
    assert asked[2].tolist() == again[0].tolist()


def test_every_part_of_the_name_counts() -> None:
    """Seed, stream, index and block each give another draw; "1" + "2/x" and "12" + "/x" are not confused with each other."""
    base = _values("uniform", 1, "2/x", 0, 0).tolist()
    others = [(2, "2/x", 0, 0), (1, "3/x", 0, 0), (1, "2/x", 1, 0), (1, "2/x", 0, 1), (12, "/x", 0, 0)]
    assert all(_values("uniform", *other).tolist() != base for other in others)


@given(st.integers(1, 1000), st.integers(0, 2**16 - 1), st.integers(0, 2**16 - 1), st.integers(1, 1000), st.integers(0, 2**16 - 1))
def test_addresses_are_unique(migration: int, attempt: int, number: int, other_migration: int, other_attempt: int) -> None:
    """Migration, attempt and round can be read back from the index."""
    packed = address(migration, attempt, number)
    assert (packed >> 32, packed >> 16 & 0xFFFF, packed & 0xFFFF) == (migration, attempt, number)
    assert packed == address(migration, attempt) | number
    if (migration, attempt) != (other_migration, other_attempt):
        assert packed != address(other_migration, other_attempt, number)


@pytest.mark.parametrize(("attempt", "number"), [(2**16, 1), (1, 2**16)])
def test_an_address_that_would_be_another_one_is_refused(attempt: int, number: int) -> None:
    assert address(1, LAST, LAST) == (1 << 32) + 2**32 - 1
    with pytest.raises(ValueError, match="has an address up to 65535 only"):
        address(1, attempt, number)


@pytest.mark.parametrize(("start", "stop"), [(0, 0), (5, 5), (5, 4), (-1, 3), (1000, 1025), (0, 2048)])
def test_a_range_lies_in_one_block(start: int, stop: int) -> None:
    with pytest.raises(ValueError, match="do not lie in one block"):
        Draws(1, start, stop)


@pytest.mark.parametrize("cv", [0.05, 0.15, 0.3, 1.0])
def test_lognormal_factors_have_median_1_and_the_cv(cv: float) -> None:
    """With sigma = sqrt(ln(1 + cv^2)) the factor has median 1 and coefficient of variation cv.

    Sample: n = 256 x 1,024. The logarithms are normal: their mean has the standard deviation sigma / sqrt(n), their deviation sigma /
    sqrt(2 n); 99.99 % intervals for both, and cv follows from the deviation, d cv / d sigma = sigma (1 + cv^2) / cv. The empirical median
    has the deviation 1.2533 sigma / sqrt(n). Mutant: a factor with mean 1 is off by sigma^2 / 2, 9 half intervals at cv 0.05.
    """
    sigma = float(np.sqrt(np.log1p(cv * cv)))
    drawn = np.concatenate([Draws(1, 0, BLOCK).factors("s", index, sigma) for index in range(256)])
    root = len(drawn) ** 0.5
    assert abs(float(np.median(drawn)) - 1.0) < Z * 1.2533 * sigma / root * 1.1
    logs = np.log(drawn)
    assert abs(float(logs.mean())) < Z * sigma / root
    found = float(np.sqrt(np.expm1(logs.std() ** 2)))
    assert abs(found - cv) < Z * sigma / (2 * len(drawn)) ** 0.5 * sigma * (1 + cv * cv) / cv * 1.1


def test_without_variation_the_factor_is_1_and_nothing_is_drawn() -> None:
    draws = Draws(1, 0, 4)
    assert Lane(draws, 2).factor("s", 0, 0.0) == 1.0
    assert not draws._kept
