"""One model for one replication and for a block: every function gives the same bits for `[c]` and for `[c, n]`.

The traps: sums of eight rows or more, fractional powers, exp of another library, the sign of zero, both branches of a choice.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.model.activity import DayCurve, activity_integral, round_noise
from sim.model.dirtying import (
    DirtyCurve,
    add_rows,
    dirtied,
    distinct_pages,
    expected_pages,
    linear_pages,
    poisson_inverse,
    swept_pages,
    tracked_activity,
)
from sim.model.draws import Array, Real
from sim.model.load import Bursts, Load
from sim.model.rounds import RULES, Policy, Seen, Verdict, chase_deadline
from sim.model.skipping import pages_sent, shares, skipping_round
from sim.model.throughput import lone_rate

LANES = 67  # no multiple of a vector's width, so the tail of a loop is looked at too


def bits(values: Real) -> bytes:
    """Return the bits, the sign of zero among them."""
    return np.asarray(values, dtype=np.float64).tobytes()


def assert_equal_bits(block: Real, singles: Sequence[Real], what: str = "") -> None:
    """Compare a block with its replications computed one by one."""
    together = np.broadcast_to(np.asarray(block, dtype=np.float64), (len(singles),))
    alone = np.array([float(each) for each in singles])
    wrong = np.flatnonzero(together.view(np.uint64) != alone.view(np.uint64)) if together.flags.contiguous else None
    if wrong is None:
        assert bits(together) == bits(alone), what
    else:
        assert not wrong.size, f"{what}: lane {wrong[0]}: {together[wrong[0]].hex()} in the block, {alone[wrong[0]].hex()} alone"


@st.composite
def curves(draw: st.DrawFn) -> DirtyCurve:
    """Return a load of 1 to 13 classes and up to two sweeps."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    count = draw(st.integers(1, 13))
    pages = np.rint(10 ** rng.uniform(0, draw(st.sampled_from([1.0, 3.0, 7.0])), count))
    classes = tuple(zip(pages.tolist(), (10 ** rng.uniform(-4, 3, count)).tolist(), strict=True))
    sweeps = tuple((float(np.rint(10 ** rng.uniform(0, 6))), float(10 ** rng.uniform(0, 6))) for _ in range(draw(st.integers(0, 2))))
    return DirtyCurve.of(Load("any", classes, sweeps), touched=float(pages.sum() * draw(st.sampled_from([0.5, 1.0, 2.0]))))


SEEDS = st.integers(0, 2**32)


def activities(rng: np.random.Generator) -> Array:
    """Return exposures from a millisecond to an hour, 0 among them."""
    values = 10 ** rng.uniform(-3, 3.6, LANES)
    values[rng.integers(LANES)] = 0.0
    return values


@settings(max_examples=150)
@given(curves(), SEEDS)
def test_dirtying(curve: DirtyCurve, seed: int) -> None:
    """Expected pages, the draw, sweeps and their sum.

    Mutants: np.sum, dot or matmul over the classes; math.exp; np.where with a division.
    """
    rng = np.random.default_rng(seed)
    activity, normal = activities(rng), rng.normal(0.0, 1.7, LANES)
    wide = curve.for_block()
    lanes = list(zip(activity.tolist(), normal.tolist(), strict=True))
    n, r = curve.pages, curve.rewrites
    assert_equal_bits(expected_pages(wide.pages, wide.rewrites, activity), [expected_pages(n, r, a) for a, _ in lanes], "expected")
    together = distinct_pages(wide.pages, wide.rewrites, activity, normal)
    assert_equal_bits(together, [distinct_pages(n, r, a, z) for a, z in lanes], "distinct")
    assert_equal_bits(dirtied(wide, activity, normal), [dirtied(curve, a, z) for a, z in lanes], "dirtied")
    for pages, rate in curve.sweeps:
        assert_equal_bits(swept_pages(pages, rate, activity), [swept_pages(pages, rate, a) for a, _ in lanes], "swept")
    assert_equal_bits(linear_pages(wide, activity), [linear_pages(curve, a) for a, _ in lanes], "linear")


@settings(max_examples=80)
@given(curves(), SEEDS, st.floats(-9, -3))
def test_tracked_activity(curve: DirtyCurve, seed: int, exponent: float) -> None:
    """A fixed number of steps, and those that are left out would change no bit. Mutant: a solver that stops at a tolerance."""
    untracked = np.maximum(activities(np.random.default_rng(seed)), 1e-3)
    together = tracked_activity(curve.for_block(), untracked, 10.0**exponent)
    assert_equal_bits(together, [tracked_activity(curve, each, 10.0**exponent) for each in untracked.tolist()])


@settings(max_examples=150)
@given(SEEDS)
def test_poisson_inverse(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mean, normal = rng.uniform(0.0, 10.0, LANES), rng.normal(0.0, 2.0, LANES)
    mean[0] = 0.0
    assert_equal_bits(poisson_inverse(mean, normal), [poisson_inverse(m, z) for m, z in zip(mean.tolist(), normal.tolist(), strict=True)])


DAY = DayCurve.of(((0.0, 0.3), (28800.0, 1.1), (64800.0, 0.7), (79200.5, 0.1)))


@settings(max_examples=80)
@given(SEEDS, st.sampled_from([None, DAY]), st.sampled_from([None, Bursts(0.2, 30.0, 3.0), Bursts(0.4, 7.0, 0.1)]))
def test_activity_integral(seed: int, course: DayCurve | None, bursts: Bursts | None) -> None:
    """Each replication has its own interval, shift and bursts; slots that only others need add nothing, not even a bit."""
    rng = np.random.default_rng(seed)
    start = rng.uniform(0.0, 2e5) + rng.uniform(0.0, 300.0, LANES)
    duration, shift = 10 ** rng.uniform(-3, 2.5, LANES), rng.random(LANES)
    key = int(rng.integers(2**32))

    def draw(slot: int) -> Array:
        return np.random.default_rng([key, slot]).random(LANES)

    def one(lane: int) -> Real:
        at, span, by = start.item(lane), duration.item(lane), shift.item(lane)
        return activity_integral(at, span, course, bursts, by, lambda slot: draw(slot).item(lane))

    together = activity_integral(start, duration, course, bursts, shift, draw)
    assert_equal_bits(together, [one(lane) for lane in range(LANES)])


@settings(max_examples=150)
@given(SEEDS, st.floats(0.0, 1.0))
def test_round_noise(seed: int, jitter: float) -> None:
    """The power is taken with exp and log: `**` with a fraction has other bits for a Python number, on some machines for a slice too."""
    rng = np.random.default_rng(seed)
    duration, normal = 10 ** rng.uniform(-3, 3.5, LANES), rng.normal(size=LANES)
    alone = [round_noise(jitter, t, z) for t, z in zip(duration.tolist(), normal.tolist(), strict=True)]
    assert_equal_bits(round_noise(jitter, duration, normal), alone)


@settings(max_examples=25)
@given(curves(), SEEDS)
def test_skipping(curve: DirtyCurve, seed: int) -> None:
    """The skipped round, and how dirty pages are shared out before it, in the first round and later."""
    rng = np.random.default_rng(seed)
    before, rate = np.maximum(activities(rng), 1e-3), rng.uniform(0.1, 3.0, LANES)
    speed = 10 ** rng.uniform(3, 5.5, LANES)
    wide = curve.for_block()
    by_class, by_sweep = shares(wide, before)
    alone = [shares(curve, a) for a in before.tolist()]
    for place in range(len(curve.pages)):
        assert_equal_bits(by_class[place], [classes[place] for classes, _ in alone], "share of a class")
    for place in range(len(curve.sweeps)):
        assert_equal_bits(by_sweep[place], [sweeps[place] for _, sweeps in alone], "share of a sweep")
    marked = np.rint(expected_pages(wide.pages, wide.rewrites, before))
    lanes = list(zip(marked.tolist(), before.tolist(), speed.tolist(), rate.tolist(), strict=True))
    assert_equal_bits(pages_sent(wide, marked, before, speed, rate), [pages_sent(curve, *lane) for lane in lanes], "later round")
    touched = float(add_rows(curve.pages)) + sum(pages for pages, _ in curve.sweeps) + 5.0
    first = pages_sent(wide, touched, None, speed, rate)
    assert_equal_bits(first, [pages_sent(curve, touched, None, b, a) for _, _, b, a in lanes], "first round")
    sweeps = tuple(pages for pages, _ in curve.sweeps), tuple(speed for _, speed in curve.sweeps)
    left = tuple(0.5 * pages for pages in sweeps[0])
    rows = wide.pages * np.ones(LANES)
    together = skipping_round(rows, wide.rewrites, left, *sweeps, speed, rate)
    single = [skipping_round(curve.pages, curve.rewrites, left, *sweeps, b, a) for _, _, b, a in lanes]
    for place, what in enumerate(("sent", "duration")):
        assert_equal_bits(together[place], [each[place] for each in single], what)


@settings(max_examples=60)
@given(SEEDS)
def test_rates_limits_and_rules(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sender, receiver = rng.uniform(1e6, 1e9, (2, LANES))
    lanes = list(zip(sender.tolist(), receiver.tolist(), strict=True))
    assert_equal_bits(lone_rate(3e8, 0.6, sender, receiver), [lone_rate(3e8, 0.6, s, e) for s, e in lanes])
    ended, lasted = rng.uniform(0.0, 2000.0, (2, LANES))
    policy = Policy("vm2000", few_pages=50, max_memory_factor=3, stop_goal_s=2.0, chase_limit_s=300.0)
    deadlines = [chase_deadline(policy, e, d) for e, d in zip(ended.tolist(), lasted.tolist(), strict=True)]
    assert_equal_bits(chase_deadline(policy, ended, lasted), deadlines)
    dirty, marked = (rng.integers(0, 100, LANES).astype(float) for _ in range(2))
    number = rng.integers(1, 4, LANES).astype(float)
    total, seconds = rng.uniform(0.0, 600.0, LANES), rng.uniform(0.0, 4.0, LANES)
    sent, took = rng.uniform(1.0, 100.0, LANES), rng.uniform(0.01, 4.0, LANES)
    seen = list(zip(*(each.tolist() for each in (number, dirty, marked, total, seconds, sent, took)), strict=True))
    for name, rule in RULES.items():
        together = rule(policy, Seen(number, dirty, marked, total, 100.0, seconds, sent, took, steady=True))
        alone = [rule(policy, Seen(n, d, m, t, 100.0, s, b, d_s, steady=True)) for n, d, m, t, s, b, d_s in seen]
        for place, field in enumerate(Verdict._fields):
            assert_equal_bits(np.asarray(together[place]), [float(each[place]) for each in alone], f"{name}: {field}")


@pytest.mark.parametrize("classes", range(1, 14))
def test_rows_are_added_in_order(classes: int) -> None:
    """1e16 and many ones: another order of the additions gives another double, from three rows on."""
    rows = np.ones((classes, LANES))
    rows[0] = 1e16
    rows[-1] += np.arange(LANES)
    expected = []
    for lane in range(LANES):
        total = float(rows[0, lane])
        for row in range(1, classes):
            total += float(rows[row, lane])
        expected.append(total)
    assert_equal_bits(add_rows(rows), expected)
    assert_equal_bits(expected[3], [add_rows(rows[:, 3].copy())])
    assert isinstance(add_rows(rows[:, 3].copy()), float)


@pytest.mark.parametrize("name", ["exp", "expm1", "log", "log1p"])
def test_this_machine_gives_equal_bits_for_a_number_a_slice_and_a_block(name: str) -> None:
    """What all the others rest on: NumPy's loops for one value, for a tail, for a stride and for a block agree here.

    Where this fails, the two engines cannot agree on this machine, and no other test of this file means anything.
    """
    function = getattr(np, name)
    values = np.concatenate([np.linspace(-30.0, 5.0, 4001), -(10.0 ** np.linspace(-18, 2.8, 4001)), 10.0 ** np.linspace(-18, 2.0, 3001)])
    values = np.abs(values) if name.startswith("log") else values
    values = values[values != 0.0]
    block = function(values)
    assert_equal_bits(block, [function(each) for each in values.tolist()], "numbers")
    assert bits(function(values[5:1000])) == bits(block[5:1000])
    assert bits(function(values[1:4096:7])) == bits(block[1:4096:7])
    assert bits(function(values[:4000].reshape(8, 500).T)) == bits(block[:4000].reshape(8, 500).T)


@pytest.mark.parametrize("normal", [-3.9, -3.95, -4.0, -4.05, -4.1])
def test_no_pages_are_plus_zero(normal: float) -> None:
    """M = 10 and z near -4 give X in (-1/2, 0], which rounds to -0.0; both ways must return +0.0, or bits differ further on.

    np.maximum(-0.0, 0.0) may return either zero, and a vector loop another one than a scalar loop.
    """
    pages, rewrites = np.array([1e9]), np.array([10.0000001 / 1e9])
    alone = distinct_pages(pages, rewrites, 1.0, normal)
    together = distinct_pages(pages[:, None], rewrites[:, None], np.ones(LANES), np.full(LANES, normal))
    assert_equal_bits(together, [alone] * LANES)
    assert 10.0 + np.sqrt(10.0) * normal + (normal**2 - 1.0) / 6.0 < 0.5
    assert not np.signbit(alone)


def test_an_interval_of_nothing_dirties_nothing() -> None:
    curve = DirtyCurve.of(Load("any", ((1e6, 1.0),), ((1e6, 1e3),)), touched=1e6)
    for normal in (-3.0, 0.0, 3.0):
        assert bits(dirtied(curve, 0.0, normal)) == bits(0.0)
        assert bits(dirtied(curve.for_block(), np.zeros(3), np.full(3, normal))) == bits(np.zeros(3))
