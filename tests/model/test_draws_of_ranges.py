"""The draws of a range of blocks: the same bits as those of each block, for whatever replications are asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.model.draws import BLOCK, Array, Draws, Lanes, RangeDraws, address, generator

KINDS = ("normal", "uniform")
STREAMS = ("VM1/pages", "VM2/pages", "VM12/pages", "1VM2/pages")
INDEXES = (0, 1, 2, 65535, 65536, address(1, 1, 1), address(1, 2, 1), address(2, 1, 1), 2**63)


def asked(draws: RangeDraws, kind: str, stream: str, index: int, lanes: Lanes) -> Array:
    """Return a draw of a kind."""
    return draws.normals(stream, index, lanes) if kind == "normal" else draws.uniforms(stream, index, lanes)


def defined(seed: int, kind: str, stream: str, index: int, replications: Lanes) -> Array:
    """Return what the definition says: replication r has element r % 1,024 of block r // 1,024, each from a generator of its own."""
    blocks = {block: generator(seed, stream, index, block) for block in set((replications // BLOCK).tolist())}
    drawn = {block: of.standard_normal(BLOCK) if kind == "normal" else of.random(BLOCK) for block, of in blocks.items()}
    return np.array([drawn[replication // BLOCK][replication % BLOCK] for replication in replications.tolist()])


@st.composite
def ranges(draw: st.DrawFn) -> tuple[int, int]:
    """Return first and last + 1 of a range: within a block, over the ends of blocks, whole blocks, far out."""
    block = draw(st.sampled_from((0, 1, 2, 8_000, 2**40)))
    start = block * BLOCK + draw(st.sampled_from((0, 1, 511, BLOCK - 1)))
    width = draw(st.sampled_from((1, 2, 5, 513, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK + 7)))
    return start, start + width


@settings(max_examples=150)
@given(st.data(), ranges(), st.sampled_from(KINDS), st.sampled_from(INDEXES))
def test_any_replications_of_any_range_have_the_bits_of_their_blocks(
    data: st.DataObject, of: tuple[int, int], kind: str, index: int
) -> None:
    """Mutant: a partial block drawn from its first replication on instead of from the begin of the block."""
    start, stop = of
    width = stop - start
    some = data.draw(st.sets(st.integers(0, width - 1), min_size=1, max_size=20) | st.just(set(range(width))))
    lanes = np.array(sorted(some), dtype=np.intp)
    found = asked(RangeDraws(5, start, stop), kind, "VM1/pages", index, lanes)
    assert found.tobytes() == defined(5, kind, "VM1/pages", index, lanes + start).tobytes()


@settings(max_examples=40)
@given(ranges(), st.permutations([(kind, stream, index) for kind in KINDS for stream in STREAMS[:2] for index in (0, 1)]))
def test_the_order_of_the_questions_changes_nothing(of: tuple[int, int], order: list[tuple[str, str, int]]) -> None:
    """One generator is sent from address to address: nothing of the last one may be left, such as half of a normal's word.

    Mutant: a state that keeps the position in its buffer.
    """
    start, stop = of
    draws, lanes = RangeDraws(3, start, stop), np.arange(stop - start)
    for kind, stream, index in order:
        assert asked(draws, kind, stream, index, lanes).tobytes() == defined(3, kind, stream, index, lanes + start).tobytes()


@given(st.integers(0, BLOCK - 5), st.sampled_from(KINDS))
def test_a_range_within_a_block_is_what_one_replication_after_the_other_draws(start: int, kind: str) -> None:
    """`Draws` serves the SimPy engine, `RangeDraws` lockstep: one replication has the same draws in both."""
    one = Draws(9, start, start + 5)
    alone = one.normals("VM1/pages", 7) if kind == "normal" else one.uniforms("VM1/pages", 7)
    assert asked(RangeDraws(9, start, start + 5), kind, "VM1/pages", 7, np.arange(5)).tobytes() == alone.tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_no_two_draws_of_different_addresses_share_a_value(kind: str) -> None:
    """Streams and indexes over three blocks, whole and partial: all 100,000 values are different.

    By chance alone one pair of 1.1e5 values with 53 random bits would be equal with a probability of (1.1e5)^2 / 2 / 2^53 = 7e-7.
    """
    draws = RangeDraws(7, 500, 500 + 3 * BLOCK)
    lanes = np.arange(3 * BLOCK)
    drawn = np.concatenate([asked(draws, kind, stream, index, lanes) for stream in STREAMS for index in INDEXES])
    assert len(drawn) == len(STREAMS) * len(INDEXES) * 3 * BLOCK
    assert len(np.unique(drawn)) == len(drawn)


def test_what_was_given_away_stays_what_it_was() -> None:
    """Later questions and `forget` leave the arrays of earlier ones alone: callers keep them while they go on asking."""
    draws, lanes = RangeDraws(1, 0, 2 * BLOCK), np.arange(2 * BLOCK)
    first = {kind: asked(draws, kind, "VM1/pages", 1, lanes) for kind in KINDS}
    copies = {kind: values.copy() for kind, values in first.items()}
    for index in range(2, 6):
        for kind in KINDS:
            asked(draws, kind, "VM1/pages", index, lanes)
    draws.forget()
    asked(draws, "uniform", "VM1/pages", 1, lanes)
    assert {kind: values.tobytes() for kind, values in first.items()} == {kind: values.tobytes() for kind, values in copies.items()}


def test_what_is_kept_is_served_to_others_lanes_too() -> None:
    """Uniform draws are kept for everybody when the first one asks; `forget` changes no bit."""
    draws = RangeDraws(1, 1000, 1100)
    few, many = np.array([3, 50]), np.arange(100)
    asked_first = draws.uniforms("VM1/burst", 4, few)
    everybody = draws.uniforms("VM1/burst", 4, many)
    draws.forget()
    assert asked_first.tolist() == everybody[few].tolist() == draws.uniforms("VM1/burst", 4, few).tolist()
