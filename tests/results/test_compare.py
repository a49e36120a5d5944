"""Two points whose difference is known: what is compared, which side is better, and how it is said."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pytest

import sim.results.sides
from results.hand_made import ABORTED, Value, migrations, steps
from results.in_memory import InMemory
from sim.report.comparing import _change, comparisons_text
from sim.results.compare import Compared, Comparison, compare
from sim.results.differences import Difference
from sim.results.sides import Side, side_of

Row = dict[str, Value]
N = 400


def point(
    makespan: Callable[[int], float],
    vms: dict[str, Callable[[int], Row]] | None = None,
    *,
    step: str = "out",
    replications: Sequence[int] = range(N),
    chunk: int = 1000,
) -> InMemory:
    """Return a point of one step: its makespan and the rows of its VMs as functions of the replication."""
    vms = {"DB": lambda _: {}} if vms is None else vms
    moves = [{"replication": number, "step": step, "vm": vm, **row(number)} for number in replications for vm, row in vms.items()]
    plans: list[Row] = [{"replication": number, "step": step, "makespan_s": makespan(number)} for number in replications]
    return InMemory(migrations(*moves), steps(*plans), chunk)


def side(rows: InMemory, name: str, replications: int = N) -> Side:
    return side_of(name, rows, replications)


def of(found: Comparison, quantity: str, vm: str = "") -> Compared:
    (only,) = (each for each in found.quantities if each.quantity == quantity and each.vm == vm)
    return only


def spread(number: int) -> float:
    """Return a value of the replication between 0 and 100, as if drawn."""
    return float(number * 37 % 101)


class TestPairs:
    def test_a_constant_difference_is_found_to_the_last_bit(self) -> None:
        """The makespans vary by 100 s, those of a pair differ by 190 s."""
        found = compare(side(point(lambda k: 1000 + spread(k)), "/390"), side(point(lambda k: 810 + spread(k)), "x86"), paired=True)
        makespan = of(found, "makespan")
        assert makespan.better == "second"
        median = makespan.differences["median"]
        assert (median.value, median.low, median.high) == (-190.0, -190.0, -190.0)
        assert makespan.differences["p50"].value == -190.0
        assert makespan.values == (N, N)
        assert found.replications == (N, N)

    def test_what_is_longer_in_the_second_is_better_in_the_first(self) -> None:
        found = compare(side(point(lambda k: 60 + spread(k)), "A"), side(point(lambda k: 61 + spread(k)), "B"), paired=True)
        assert of(found, "makespan").better == "first"

    def test_what_is_the_same_in_every_pair_is_equal(self) -> None:
        found = compare(side(point(lambda k: 60 + spread(k)), "A"), side(point(lambda k: 60 + spread(k)), "B"), paired=True)
        assert {each.better for each in found.quantities} == {"equal"}
        assert "They are the same in every pair." in comparisons_text([found])

    def test_what_goes_up_and_down_alike_cannot_be_told(self) -> None:
        found = compare(side(point(lambda _: 1000.0), "A"), side(point(lambda k: 1000.0 + (-1) ** k * (1 + spread(k))), "B"), paired=True)
        assert of(found, "makespan").better == "untold"

    def test_times_of_a_vm_are_of_pairs_that_both_completed(self) -> None:
        """The first side aborts in every fourth replication, the second in none: 300 pairs are left, each 5 s apart."""
        first = point(
            lambda k: math.inf if k % 4 == 0 else 60.0, {"DB": lambda k: dict(ABORTED) if k % 4 == 0 else {"total_s": 20.0 + spread(k)}}
        )
        second = point(lambda _: 60.0, {"DB": lambda k: {"total_s": 25.0 + spread(k)}})
        found = compare(side(first, "A"), side(second, "B"), paired=True)
        total = of(found, "total time", "DB")
        assert total.values == (300, 300)
        assert total.differences["median"].value == 5.0
        assert total.better == "first"
        share = of(found, "share completed", "DB")
        assert (share.first["share"], share.second["share"]) == (0.75, 1.0)
        assert share.differences["share"].value == 0.25
        assert share.better == "second"

    def test_a_makespan_that_never_ends_counts(self) -> None:
        first, second = point(lambda k: math.inf if k % 4 else 60.0), point(lambda k: 60.0 + spread(k))
        makespan = of(compare(side(first, "A"), side(second, "B"), paired=True), "makespan")
        assert makespan.better == "second"
        assert makespan.differences["median"].value == -math.inf
        assert makespan.first["p50"] == math.inf

    def test_the_last_attempt_counts_and_all_of_them_send(self) -> None:
        """First an abort that sent 1 GB, then a migration that sends 2 GB; the other side sends 2 GB at once."""
        tries = [
            row
            for number in range(N)
            for row in (
                {"replication": number, **ABORTED, "sent_bytes": 1e9},
                {"replication": number, "attempt": 2, "total_s": 30.0, "sent_bytes": 2e9},
            )
        ]
        twice = InMemory(migrations(*tries), steps(*({"replication": number} for number in range(N))), 150)
        once = point(lambda _: 60.0, {"A": lambda _: {"total_s": 31.0, "sent_bytes": 2e9}})
        found = compare(side(twice, "A"), side(once, "B"), paired=True)
        assert of(found, "total time", "A").differences["median"].value == 1.0
        assert of(found, "bytes sent").differences["median"].value == -1e9
        assert of(found, "share completed", "A").better == "equal"

    def test_a_guest_that_did_not_run_has_no_downtime(self) -> None:
        rows = point(lambda _: 60.0, {"DB": lambda _: {"downtime_s": None}})
        found = compare(side(rows, "A"), side(rows, "B"), paired=True)
        assert not [each for each in found.quantities if each.quantity == "downtime"]

    def test_replications_that_one_side_lacks_are_no_pairs(self) -> None:
        """A part of the first side failed: replications 100 to 199 are not there; the second side has more than the first."""
        first = point(lambda k: 60.0 + spread(k), replications=[*range(100), *range(200, 300)])
        second = point(lambda k: 61.0 + spread(k))
        found = compare(side(first, "A", 300), side(second, "B"), paired=True)
        assert of(found, "makespan").values == (200, 200)
        assert of(found, "makespan").differences["median"].value == 1.0

    @pytest.mark.parametrize("chunk", [1, 7, 399, 1000])
    def test_how_the_rows_are_cut_into_parts_does_not_matter(self, chunk: int) -> None:
        vms: dict[str, Callable[[int], Row]] = {
            "DB": lambda k: {"total_s": 20.0 + spread(k)},
            "APPL": lambda k: dict(ABORTED) if k % 7 == 0 else {"downtime_s": spread(k)},
        }
        whole, cut = (side(point(lambda k: 60.0 + spread(k), vms, chunk=size), "A") for size in (1000, chunk))
        assert list(whole.outcomes) == list(cut.outcomes)
        for key, outcomes in whole.outcomes.items():
            assert np.array_equal(outcomes, cut.outcomes[key])
            for column, times in whole.times.items():
                assert np.array_equal(times[key], cut.times[column][key], equal_nan=True)
        assert np.array_equal(whole.makespans["out"], cut.makespans["out"])
        assert np.array_equal(whole.sent["out"], cut.sent["out"])

    def test_where_memory_does_not_suffice_the_first_replications_are_compared(self) -> None:
        """A step and a VM are five numbers a replication: 500 of them leave room for 100 replications."""
        with patch.object(sim.results.sides, "VALUES", 500):
            first, second = (side(point(lambda k: 60.0 + spread(k), chunk=30), name) for name in ("A", "B"))
        assert first.replications == 100
        assert compare(first, second, paired=True).replications == (100, 100)


class TestOwnDraws:
    def test_samples_of_different_sizes_are_compared_by_their_quantiles(self) -> None:
        first = point(lambda k: 1000 + spread(k))
        second = point(lambda k: 810 + spread(k + 1), replications=range(101))
        found = compare(side(first, "A"), side(second, "B", 101), paired=False)
        makespan = of(found, "makespan")
        assert found.replications == (N, 101)
        assert makespan.values == (N, 101)
        assert set(makespan.differences) == {"p50", "p99"}
        assert makespan.differences["p50"].value == pytest.approx(-190, abs=2)  # the p50 of both is that of 0 .. 100, but for one place
        assert makespan.differences["p99"].needed == 368
        assert makespan.better == "second"


class TestWhatIsNotCommon:
    def test_is_named_and_the_rest_compared(self) -> None:
        first = point(lambda _: 60.0, {"DB": lambda _: {}, "OLD": lambda _: {}})
        second = point(lambda _: 60.0, {"DB": lambda _: {}, "NEW": lambda _: {}})
        found = compare(side(first, "A"), side(second, "B"), paired=True)
        assert found.only_first == ("VM OLD in step out",)
        assert found.only_second == ("VM NEW in step out",)
        assert {each.vm for each in found.quantities} == {"", "DB"}
        assert "Only A has VM OLD in step out: not compared." in comparisons_text([found])

    def test_nothing_in_common_compares_nothing(self) -> None:
        found = compare(side(point(lambda _: 60.0), "A"), side(point(lambda _: 60.0, step="back"), "B"), paired=True)
        assert found.quantities == ()
        assert found.only_first == ("step out",)


class TestText:
    def test_says_who_is_better_in_what_and_by_how_much(self) -> None:
        """The makespan is 190 s shorter in every pair, the downtime 1 s longer, the total time goes up and down."""
        first = point(lambda k: 1000 + spread(k), {"DB": lambda k: {"downtime_s": 2.0 + spread(k) / 100, "total_s": 50.0}})
        second = point(
            lambda k: 810 + spread(k),
            {"DB": lambda k: {"downtime_s": 3.0 + spread(k) / 100, "total_s": 50.0 + (-1) ** k * (1 + spread(k)) / 9}},
        )
        text = comparisons_text([compare(side(first, "SU /390"), side(second, "SU x86"), paired=True)])
        told = text.splitlines()
        assert told[0] == "SU x86 against SU /390: 400 pairs of replications with the same random draws"
        assert told[2] == "SU x86 is better in 1, SU /390 in 1 of 5 quantities."
        assert told[told.index("SU x86 is better:") + 1].startswith("  makespan of out: 3 min 10 s shorter (3 min 10 s to 3 min 10 s); p99")
        assert told[told.index("SU /390 is better:") + 1].startswith("  downtime of DB in out: 1 s shorter (1 s to 1 s); p99")
        assert told[told.index("No difference can be told:") + 1].startswith("  total time of DB in out: ")
        assert told[told.index("The same in every pair:") + 1] == "  bytes sent of out"
        assert told[told.index("The same in every pair:") + 2] == "  share completed of DB in out"

    def test_says_where_the_p99_is_the_other_way_round(self) -> None:
        """The second side is 10 s shorter, but for a twentieth of the replications, in which it is 500 s longer."""
        first = point(lambda k: 1000 + spread(k), replications=range(2000))
        second = point(lambda k: (1500 if k % 20 == 0 else 990) + spread(k), replications=range(2000))
        found = compare(side(first, "A", 2000), side(second, "B", 2000), paired=True)
        text = comparisons_text([found])
        (line,) = (line for line in text.splitlines() if line.startswith("  makespan"))
        assert of(found, "makespan").better == "second"
        assert "10 s shorter (10 s to 10 s); but p99 the other way round, " in line
        assert " longer (" in line
        assert "The median of the differences decides where a quantity stands" in text

    def test_says_where_the_p99_is_not_told_apart(self) -> None:
        """The second side is 10 s shorter, but for the longest tenth of both sides, which go up and down alike."""
        first = point(lambda k: 2000 + spread(k) if k % 10 == 0 else 1000, replications=range(2000))
        second = point(lambda k: 2000 + spread(k + 50) if k % 10 == 0 else 990, replications=range(2000))
        text = comparisons_text([compare(side(first, "A", 2000), side(second, "B", 2000), paired=True)])
        (line,) = (line for line in text.splitlines() if line.startswith("  makespan"))
        assert "10 s shorter (10 s to 10 s); p99 not told apart (" in line

    def test_ends_of_an_interval_that_look_equal_get_a_digit_more(self) -> None:
        """12.01 and 12.04 GiB are both 12 GiB in three digits; 200.2 and 200.4 s are both 3 min 20 s."""
        gib = 2**30
        size = Compared("bytes sent", "bytes", "out", "", (9, 9), {}, {}, {}, "second")
        assert _change(size, Difference(-12.02 * gib, -12.04 * gib, -12.01 * gib, None), turned=False) == (
            "12 GiB less (12.01 GiB to 12.04 GiB)"
        )
        time = Compared("makespan", "seconds", "out", "", (9, 9), {}, {}, {}, "second")
        assert _change(time, Difference(-200.3, -200.4, -200.2, None), turned=False) == (
            "3 min 20 s shorter (3 min 20.2 s to 3 min 20.4 s)"
        )

    def test_says_what_never_ends(self) -> None:
        first, second = point(lambda _: math.inf), point(lambda _: 60.0)
        text = comparisons_text([compare(side(first, "A"), side(second, "B"), paired=True)])
        assert "B is better in 1 of 5 quantities; in the others they are the same." in text
        assert "makespan of out: ends where the other one never does; p99 " in text
        assert "; p50 1 min 00 s against never" in text

    def test_of_other_outcomes_says_each(self) -> None:
        """Aborted and not started are told apart; which of them is better nobody says: what is better is that more arrived."""
        first = point(lambda _: math.inf, {"DB": lambda k: ABORTED | ({"outcome": "not-started", "attempt": 0} if k % 2 else {})})
        second = point(lambda _: 60.0)
        found = compare(side(first, "A"), side(second, "B"), paired=True)
        assert [each.quantity for each in found.quantities if each.kind == "share"] == [
            "share completed",
            "share aborted",
            "share not-started",
        ]
        assert [each.better for each in found.quantities if each.kind == "share"] == ["second", "neither", "neither"]
        told = comparisons_text([found]).splitlines()
        assert any("share aborted of DB in out: 50.0 points less" in line for line in told[told.index(NOT_JUDGED) :])

    def test_guests_that_are_lost_instead_of_aborted_are_no_improvement(self) -> None:
        """Half of the migrations fail on both sides: once they are aborted, once their guests are lost."""

        def failing(ends: Row) -> Callable[[int], Row]:
            return lambda k: {**ABORTED, **ends} if k % 2 else {}

        lost: Row = {"outcome": "lost", "reason": "source-crash"}
        sides = (side(point(spread, {"DB": failing(ends)}), name) for name, ends in (("A", {}), ("B", lost)))
        found = compare(*sides, paired=True)
        shares = {each.quantity: each.better for each in found.quantities if each.kind == "share"}
        assert shares == {"share completed": "equal", "share aborted": "neither", "share lost": "neither"}
        assert "better" not in comparisons_text([found]).split("Less time")[0]

    def test_medians_that_never_differ_are_called_so_once(self) -> None:
        """Two of three replications never end on either side, so their p50 and p99 do not differ at all."""
        never = point(lambda k: math.inf if k % 3 else 60.0 + k)
        first, second = side(never, "A"), side(point(lambda k: math.inf if k % 3 else 61.0 + k), "B")
        text = comparisons_text([compare(first, second, paired=True)])
        assert "no difference" in text
        assert "no difference to no difference" not in text


NOT_JUDGED = "How they ended, beside the VMs that arrived; not judged:"


class TestOutcomesOfFaultsAndOperators:
    def test_what_arrived_with_a_warning_is_completed_and_told_apart(self) -> None:
        """Each fourth migration of the first point has a warning, each second of the other one: all are completed."""

        def warned(every: int) -> Callable[[int], Row]:
            return lambda k: {} if k % every else {"outcome": "completed-with-warnings", "reason": "definition-not-deleted"}

        sides = (side(point(spread, {"DB": warned(every)}), name) for every, name in ((4, "A"), (2, "B")))
        found = compare(*sides, paired=True)
        assert of(found, "share completed", "DB").better == "equal"
        share = of(found, "share completed-with-warnings", "DB")
        assert (share.first["share"], share.second["share"], share.better) == (0.25, 0.5, "neither")
        assert of(found, "total time", "DB").values == (N, N)

    def test_migrations_of_operators_are_compared_beside_the_plan(self) -> None:
        """Theirs take 20 s in one point and 15 s in the other; the makespan is the plan's."""

        def both(name: str, total_s: float) -> Side:
            of_plan = point(spread)
            moves: list[Row] = [{"replication": k, "step": "(operator)", "console": "S1", "total_s": total_s} for k in range(N)]
            return side(InMemory(pa.concat_tables([of_plan.migrations, migrations(*moves)]), of_plan.plans), name)

        found = compare(both("A", 20.0), both("B", 15.0), paired=True)
        (total,) = (each for each in found.quantities if (each.quantity, each.step) == ("total time", "(operator)"))
        assert (total.better, total.differences["median"].value) == ("second", -5.0)
        assert of(found, "makespan").better == "equal"
        assert (found.only_first, found.only_second) == ((), ())
