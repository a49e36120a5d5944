"""The Clark policy of the page oracle, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from page_oracle import MBIT, Guest, Line, Memory, Transfer, clark

GIGABIT = Line(1000 * MBIT, page_bytes=4096)


def start(guest: Guest, line: Line = GIGABIT, seed: int = 1) -> Transfer:
    return Transfer(Memory(guest, 1.0, np.random.default_rng(seed)), line)


def test_rounds_get_faster_by_fifty_mbit() -> None:
    """10,000 pages at 100 Mbit/s, 1,000 dirtied a second: round 1 takes 3.2768 s, later ones run at 4.096 + 6.25 MB/s.

    Each later round is 4.096 / 10.346 of the one before, until fewer than 64 pages (256 KB) are left. A round is off by a
    page at most by itself and inherits less than half of the error before; the rate by a page in the round: 1 in 80.
    Mutants: 50 Mbit/s on top of the last rate, a round more or less.
    """
    result = clark(start(Guest(((2000, 0.0),), ((8000, 1000.0),))))
    law = [10_000.0, 3276.8]
    while law[-1] >= 64:
        law.append(law[-1] * 4.096 / (4.096 + 6.25))
    assert [pages for pages, _ in result.rounds] == pytest.approx(law[:-1], abs=2.0)
    assert result.final_pages == pytest.approx(law[-1], abs=2.0)
    assert result.rounds[0][1] == pytest.approx(3.2768, abs=1e-12)
    assert result.rounds[1][1] == pytest.approx(3276.8 * 4096 / 10.346e6, abs=2e-3)


def test_hot_guest_is_chased_up_to_the_limit_and_sent_at_full_speed() -> None:
    """9,900 of 10,000 pages are always dirty again: 12.5 MB/s, then 12.375 + 6.25, and 6.25 MB/s more each round.

    The ninth round runs at 62.375 MB/s; the tenth would be above 62.5 MB/s (500 Mbit/s), the speed of the rest. Mutants: one
    round more or less, 500 Mbit/s as a cap of the rounds (never ends), the rest at the speed of the last round.
    """
    transfer = start(Guest(((100, 0.0), (9900, 1e6))))
    result = clark(transfer)
    speeds = [12.5e6, *(18.625e6 + 6.25e6 * k for k in range(8))]
    assert [pages for pages, _ in result.rounds] == [10_000] + [9900] * 8
    assert [pages * 4096 / duration for pages, duration in result.rounds] == pytest.approx(speeds, rel=1e-9)
    assert result.final_pages == 9900
    assert transfer.line.bandwidth_Bps == 500 * MBIT


@pytest.mark.parametrize(("dirtied", "live_rounds"), [(62.5, 1), (64.5, 2)])
def test_fewer_than_64_pages_end_it(dirtied: float, live_rounds: int) -> None:
    """256 KB are 64 pages of 4 KiB: 62 or 63 pages dirtied in round 1 end it, 64 or 65 are sent live and leave one at most."""
    round_1_s = 10_000 * 4096 / (100 * MBIT)
    result = clark(start(Guest(((2000, 0.0),), ((8000, dirtied / round_1_s),))))
    assert len(result.rounds) == live_rounds
    assert result.final_pages in ({62, 63} if live_rounds == 1 else {0, 1})


def test_no_round_is_faster_than_the_line() -> None:
    """On 40 Mbit/s round 1 takes 5,060 x 4096 B / 5 MB/s; sixty pages stay, and are sent at 40 Mbit/s too."""
    transfer = start(Guest(((5000, 0.0), (60, 1e6))), Line(40 * MBIT, page_bytes=4096))
    result = clark(transfer)
    ((pages, duration),) = result.rounds
    assert (pages, result.final_pages) == (5060, 60)
    assert duration == pytest.approx(5060 * 4096 / 5e6)
    assert transfer.line.bandwidth_Bps == 40 * MBIT
