"""Cases of SimGrid: its own results, what its parameters mean, and chains of messages that hardly end or never do."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.model.dirtying import WHOLE
from sim.validate.predict.simgrid import SimgridPrediction, point_of, predict_simgrid
from sim.validate.predict.simgrid_chase import chase
from sim.validate.predict.simgrid_setting import Setting
from sim.validate.tables.measured_cases import SimgridCase
from twins.engines import differences, of_lockstep, of_simpy

TABLE = resources.files("sim.validate").joinpath("cases", "simgrid_cases.csv").read_text(encoding="utf-8")
ROWS = {row["case"]: row for row in csv.DictReader(TABLE.splitlines())}
OUTCOMES = ("total_s", "downtime_s", "transfers", "bytes_sent")
LINK = 125e6  # bytes per second


def case_of(row: dict[str, str]) -> SimgridCase:
    """Return the inputs of a row."""
    return SimgridCase(
        key=row["case"],
        ram_B=float(row["ram_B"]),
        working_set_B=float(row["working_set_B"]),
        intensity=float(row["intensity"]),
        mig_speed_Bps=float(row["mig_speed_Bps"]),
        host_flops=float(row["host_flops"]),
        guest_cpu_util=float(row["guest_cpu_util"]),
        link_Bps=float(row["link_Bps"]),
        latency_s=float(row["latency_s"]),
        net_model=row["net_model"],
        crosstraffic=row["crosstraffic"] == "1",
        cpu_hogs=int(row["cpu_hogs"]),
        competing_flows=int(row["competing_flows"]),
    )


IDLE = replace(case_of(ROWS["z1"]), key="idle")  # 1 GB over 125 MB/s, 900 MB of working set, nothing dirtied
BUSY = replace(IDLE, key="busy", intensity=0.1)
LAN = replace(BUSY, key="lan", net_model="LV08", latency_s=1e-4)
HALF = Setting(ram_B=1e9, cap_B=5e8, rate_Bps=LINK, latency_s=0.0, dirty_Bps=LINK / 2)


@pytest.mark.parametrize("key", ROWS)
def test_what_simgrid_gave(key: str) -> None:
    """Times and bytes within 1e-6 (the table has nine decimals of a second), messages exactly; what it aborts does not converge.

    Mutants: no latency for the acknowledgement; the factors of LV08 left out; the flows' share without the way back.
    """
    row, found = ROWS[key], predict_simgrid(case_of(ROWS[key]))
    assert found.outcome == ("completed" if row["outcome"] == "completed" else "nonconverged")
    if found.outcome == "completed":
        assert found.reason == ""
        assert found.transfers == float(row["transfers"])
        for name in OUTCOMES:
            assert getattr(found, name) == pytest.approx(float(row[name]), rel=1e-6, abs=1e-9)
    else:
        assert "followed by the same one" in found.reason
        assert all(math.isnan(getattr(found, name)) for name in OUTCOMES)


def test_the_table_is_there() -> None:
    assert len(ROWS) == 18
    assert sum(row["outcome"] == "completed" for row in ROWS.values()) == 17


@pytest.mark.parametrize("key", ROWS)
def test_both_engines_give_the_same_bytes(key: str) -> None:
    """A migration that is given up too."""
    world = point_of(Setting.of(case_of(ROWS[key])))
    made = of_lockstep(world, 0, 2)
    assert made["migrations"]["outcome"].to_pylist() == [("completed" if ROWS[key]["outcome"] == "completed" else "aborted")] * 2
    assert not differences(made, of_simpy(world, 0, 2))


@pytest.mark.parametrize(
    ("changes", "rate_Bps"),
    [
        ({}, 125e6),
        ({"mig_speed_Bps": 60e6}, 60e6),
        ({"mig_speed_Bps": 0.0}, 125e6),  # no limit
        ({"competing_flows": 3}, 31.25e6),
        ({"competing_flows": 3, "mig_speed_Bps": 20e6}, 20e6),
        ({"crosstraffic": True}, 125e6 / 1.05),
        ({"crosstraffic": True, "competing_flows": 1}, 62.5e6 / 1.05),
        ({"latency_s": 0.5}, 4194304.0),  # the bound of TCP: a window a round trip
        ({"latency_s": 0.01, "competing_flows": 1}, 62.5e6),  # 209,715,200 by TCP
        ({"net_model": "LV08"}, 121.25e6),
        ({"net_model": "LV08", "mig_speed_Bps": 121e6}, 121e6),  # the factor is not on the speed that the user sets
        ({"net_model": "LV08", "crosstraffic": True, "competing_flows": 1}, 60.625e6 / 1.05),
        ({"net_model": "LV08", "latency_s": 0.5}, 0.97 * 4194304.0),  # of the latency as given, not times 13.01
    ],
)
def test_the_rate_of_a_message(changes: dict[str, object], rate_Bps: float) -> None:
    """min(max-min share, migration speed, bound of TCP), by hand."""
    assert Setting.of(replace(IDLE, **changes)).rate_Bps == pytest.approx(rate_Bps, rel=1e-14)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("util", "hogs", "share"), [(1.0, 0, 1.0), (0.3, 0, 0.3), (1.0, 1, 0.5), (1.0, 3, 0.25), (0.3, 1, 0.3), (0.8, 1, 0.5), (0.0, 2, 0.0)]
)
def test_the_dirty_rate_follows_what_the_guest_computes(util: float, hogs: int, share: float) -> None:
    """A guest that asks for less than its share of the core gets it; what is dirtied is intensity x migration speed x that share."""
    case = replace(BUSY, guest_cpu_util=util, cpu_hogs=hogs, host_flops=3e9)
    assert Setting.of(case).dirty_Bps == pytest.approx(12.5e6 * share, rel=1e-14)


def test_a_faster_link_makes_no_dirtier_guest_but_a_higher_migration_speed_does() -> None:
    """SimGrid's assumption, and a reason not to trust it: the dirty rate is a share of the migration speed, not of anything measured."""
    assert Setting.of(replace(BUSY, link_Bps=1e9)).dirty_Bps == Setting.of(BUSY).dirty_Bps
    assert Setting.of(replace(BUSY, mig_speed_Bps=250e6)).dirty_Bps == 2 * Setting.of(BUSY).dirty_Bps


@pytest.mark.parametrize(
    ("case", "sizes", "latency_s"),
    [
        (replace(BUSY, mig_speed_Bps=0.0), [1e9, 0], 0.0),
        (replace(BUSY, intensity=0.0), [1e9, 0], 0.0),
        (replace(BUSY, working_set_B=0.0), [1e9, 0], 0.0),
        (replace(BUSY, guest_cpu_util=0.0), [1e9, 0], 0.0),
        (replace(BUSY, intensity=5.0, working_set_B=3e6), [1e9, 3e6], 0.0),  # within 3.75 MB
        (replace(BUSY, intensity=5.0, working_set_B=3.75e6), [1e9, 3.75e6], 0.0),  # just so
        (replace(BUSY, working_set_B=5e9, ram_B=1e6), [1e6, 100000], 0.0),  # more working set than memory
        # 1 GB and 1 ms of latency: 8.001 s at 12.5 MB/s; 100,012,500 bytes: 0.8011 s; 10,013,750 bytes: 81.11 ms, 1,013,875 bytes
        (replace(BUSY, latency_s=0.001), [1e9, 100012500, 10013750, 1013875], 0.001),
        (replace(LAN, intensity=0.0), [1e9, 0], 0.001301),  # an empty message takes the latency
    ],
)
def test_edges_by_hand(case: SimgridCase, sizes: list[float], latency_s: float) -> None:
    """Every message takes the latency and its bytes over the rate; one latency more at the end."""
    found, rate = predict_simgrid(case), Setting.of(case).rate_Bps
    assert (found.outcome, found.transfers, found.bytes_sent) == ("completed", len(sizes), sum(sizes))
    assert found.downtime_s == pytest.approx(latency_s + sizes[-1] / rate, rel=1e-10)
    assert found.total_s == pytest.approx((len(sizes) + 1) * latency_s + sum(sizes) / rate, rel=1e-12)


def test_more_working_set_than_memory_is_sent_too() -> None:
    """8 s of latency and a guest as fast as the link: each message is 1 GB larger than the last, from the VM's 1 GB to a cap of 10 GB.

    The message of 10 GB is followed by another of 10 GB: 10 messages and 55 GB. The engine sends them too, and gives up. At 62.5 MB/s
    sizes rise to n = w L / (1 - w / B) = 1 GB: the first message is the last that changes nothing.
    """
    setting = Setting(ram_B=1e9, cap_B=1e10, rate_Bps=LINK, latency_s=8.0, dirty_Bps=LINK)
    ahead = chase(setting)
    assert (ahead.messages, ahead.sent_B) == (10, 55e9)
    (row,) = of_simpy(point_of(setting), 0, 1)["migrations"].to_pylist()
    assert (row["outcome"], row["rounds"], row["sent_bytes"]) == ("aborted", 10, 55e9)
    assert chase(replace(setting, dirty_Bps=62.5e6)).messages == 1


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        (replace(HALF, dirty_Bps=LINK), "followed by the same one"),
        (replace(HALF, dirty_Bps=4 * LINK), "followed by the same one"),
        (replace(HALF, latency_s=1.0, dirty_Bps=12.5e6), "a message of 13888888 bytes is followed by the same one"),  # w L / (1 - w / B)
        (replace(HALF, cap_B=3.6e12, ram_B=4e12, dirty_Bps=0.999 * LINK), "give"),  # 6,870 messages of up to 8 h
    ],
)
def test_what_never_ends_has_a_reason(setting: Setting, why: str) -> None:
    assert why in chase(setting).endless


def test_a_first_message_beyond_the_budget_ends_it() -> None:
    """1.25e15 bytes and more take over 1e7 s: stage 2 is skipped, and what was dirtied in stage 1 is forgotten (so does SimGrid)."""
    found = predict_simgrid(replace(LAN, ram_B=1.3e15, intensity=0.9))
    total = 1.3e15 / 121.25e6 + 3 * 0.001301
    assert found == SimgridPrediction("lan", "completed", "", found.total_s, 0.001301, 2.0, 1.3e15)
    assert found.total_s == pytest.approx(total, rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(10**7, 10**10),
    st.integers(0, 10**10),
    st.floats(0.0, 1.2),
    st.sampled_from([0.0, 1e-4, 1e-3, 0.05]),
)
def test_the_sizes_alone_say_what_the_engine_says(ram_B: int, cap_B: int, ratio: float, latency_s: float) -> None:
    """Messages, bytes and times of the engine from the sizes: two ways to the same numbers, within the rounding of clock times.

    Sizes that are whole but for rounding may differ by a byte, which later messages inherit at most in full: times by 1e-9 of them.
    """
    setting = Setting(float(ram_B), float(cap_B), LINK, latency_s, ratio * LINK)
    ahead = chase(setting)
    (row,) = of_simpy(point_of(setting), 0, 1)["migrations"].to_pylist()
    assert row["outcome"] == ("aborted" if ahead.endless else "completed")
    if not ahead.endless:
        downtime = setting.took(ahead.rest_B)
        assert row["rounds"] == ahead.messages
        assert row["sent_bytes"] == pytest.approx(ahead.sent_B + ahead.rest_B, rel=1e-8)
        assert row["downtime_s"] == pytest.approx(downtime, rel=1e-5)
        assert row["total_s"] == pytest.approx(ahead.took_s + downtime + latency_s, rel=1e-8)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(6 * 10**6, 10**9),
    st.floats(-7, -3).map(lambda exponent: 1.0 - 10.0**exponent),
    st.sampled_from([0.0, 1e-9, 1e-8]),
)
def test_skipped_messages_are_those_that_were_to_be_walked(cap_B: int, ratio: float, latency_s: float) -> None:
    """Where sizes hardly change, many messages are skipped at once; walked one by one, up to 200,000, they come to the same.

    Mutants: one message more or less a skip; the sum of the sizes without their steps.
    """
    setting = Setting(1e9, float(cap_B), LINK, latency_s, ratio * LINK)
    size, messages, sent_B = setting.ram_B, 0, 0.0
    while messages < 200_000:
        took = setting.took(size)
        messages, sent_B = messages + 1, sent_B + size
        following = float(min(math.floor(setting.dirty_Bps * took + WHOLE), cap_B))
        if following <= math.floor(size / took * 0.03) or following == size:
            break
        size = following
    else:
        return  # too long to be walked here
    ahead = chase(setting)
    assert bool(ahead.endless) == (following == size) or messages * size / LINK > 1e7
    if not ahead.endless:
        assert (ahead.messages, ahead.rest_B) == (messages, following)
        assert ahead.sent_B == pytest.approx(sent_B, rel=1e-12)


def test_millions_of_messages_are_counted_and_not_walked() -> None:
    """Each message is one byte smaller than the last: 6 MB at 100 MB/s, 1e-9 of which the guest does not dirty again.

    The threshold is 3,000,000 bytes: 6,000,000, 5,999,999, ... 3,000,001 are sent, 3,000,000 messages after the first, and 3,000,000
    bytes are the rest. Total = (1e9 + 1.35000015e13 + 3e6) / 1e8 s, downtime 30 ms. Messages beyond 65,535 have no number in the engine.
    """
    case = replace(IDLE, link_Bps=1e8, mig_speed_Bps=1e8, intensity=1.0 - 1e-9, working_set_B=6e6)
    found = predict_simgrid(case)
    bytes_sent = 1e9 + (6_000_000 * 6_000_001 - 3_000_000 * 3_000_001) // 2 + 3e6
    assert (found.outcome, found.transfers, found.bytes_sent) == ("completed", 3_000_002.0, bytes_sent)
    assert found.downtime_s == pytest.approx(0.03, rel=1e-12)
    assert found.total_s == pytest.approx(bytes_sent / 1e8, rel=1e-12)


def test_thousands_of_messages_are_simulated() -> None:
    """A guest at 99.9 % of the link: in exact arithmetic, message by message, and by the engine, the same count and bytes."""
    case = replace(IDLE, intensity=0.999)
    sizes = [10**9]
    while not sizes[1:] or sizes[-1] > 3_750_000:
        sizes.append(min(sizes[-1] * 999 // 1000, 900_000_000))
    found = predict_simgrid(case)
    assert 4000 < len(sizes) < 6000
    assert (found.transfers, found.bytes_sent) == (len(sizes), sum(sizes))
    assert found.total_s == pytest.approx(sum(sizes) / 125e6, rel=1e-9)
    assert found.downtime_s == pytest.approx(sizes[-1] / 125e6, rel=1e-6)
