"""What must not change a VM's result: the order of the file, VMs that stay, replications computed beside its own."""

from __future__ import annotations

import random
from functools import cache

import pytest

from laws.one_run import COUNTS, TIMES, results_of
from sim.engine.replicate import replicate
from sim.engine.site import Site
from sim.model.draws import Draws
from sim.scenario.load import scenario_of
from sim.scenario.point import Point

HEAD = """
schema: 1
title: Does the order of the file matter?
networks: {mcnpr: {preset: mcnpr-1g}}
clusters:
  C:
    type: {type}
    network: mcnpr
    units: {{SU1: {{memory: 128 GiB}}, SU2: {{memory: 128 GiB}}}}
loads:
  orders: {{profile: oltp, bursts: {{share: 20 %, length: 30 s, factor: 1.5}}, spread: 20 %}}
  nightly: {{sweeps: [{{size: 40 %, rate: 20 MiB/s}}], day: {{"00:00": 0.5, "22:05": 1.5}}}}
plan:
  out: {{at: "22:00", drain: SU1, to: SU2}}
  back: {{at: "23:30", migrate: DB, to: SU1}}
vms:
""".replace("{mcnpr: {preset: mcnpr-1g}}", "{{mcnpr: {{preset: mcnpr-1g}}}}")
VMS = {
    "DB": "{su: SU1, memory: 8 GiB, load: orders, devices: {disks: 3}}",
    "APPL": "{su: SU1, memory: 4 GiB, load: orders}",
    "BATCH": "{count: 3, su: SU1, memory: 2 GiB, load: nightly}",
    "QUIET": "{su: SU1, memory: 2 GiB}",
    "THERE": "{su: SU2, memory: 2 GiB, load: orders}",
}
TYPES = ["/390", "x86"]
SOME = 12  # replications that each test compares


def _point(su_type: str, vms: dict[str, str]) -> Point:
    text = HEAD.format(type=su_type) + "".join(f"  {name}: {entry}\n" for name, entry in vms.items())
    (point,) = scenario_of(text, "order.yaml").points
    return point


@cache
def _results(su_type: str) -> list[dict[tuple[str, str, int], tuple[object, ...]]]:
    return _run(_point(su_type, VMS))


def _run(point: Point) -> list[dict[tuple[str, str, int], tuple[object, ...]]]:
    site, draws = Site.of(point), Draws(point.seed, 0, SOME)
    return [results_of(replicate(site, draws, number)) for number in range(SOME)]


@pytest.mark.parametrize("su_type", TYPES)
@pytest.mark.parametrize("seed", range(3))
def test_permuting_the_vms_in_the_file_changes_no_result(su_type: str, seed: int) -> None:
    """Draws are addressed by the VM's name, orders are broken by index and name: the place in the file is nobody's business.

    Sample: three permutations, twelve replications, every number of every attempt, bit for bit. Mutants: a stream named by the index or by
    the place; a drain that breaks ties by the order of the file.
    """
    names = list(VMS)
    random.Random(seed).shuffle(names)  # noqa: S311  (an order to try, no secret)
    assert names != list(VMS)
    assert _run(_point(su_type, {name: VMS[name] for name in names})) == _results(su_type)


@pytest.mark.parametrize("su_type", TYPES)
@pytest.mark.parametrize("other", ["{su: SU2, memory: 16 GiB, load: orders}", "{su: SU2, memory: 4 GiB, state: DOWN}"])
def test_a_vm_that_the_plan_does_not_move_changes_no_result(su_type: str, other: str) -> None:
    """One more VM on the target, running or not, is no part of any migration while there is room: bit for bit the same.

    Its name comes first, so its index and its place move those of the others. Mutants: draws consumed in order; a guest that loads the
    monitor system of its SU.
    """
    assert _run(_point(su_type, {"AAA": other, **VMS})) == _results(su_type)


@pytest.mark.parametrize("su_type", TYPES)
def test_a_replication_does_not_depend_on_those_computed_beside_it(su_type: str) -> None:
    """Replication 700 alone, in a part of 256 and in the whole block, and after others: the same bits. So replays and workers are free.

    Mutant: a generator that goes on from replication to replication.
    """
    point = _point(su_type, VMS)
    site = Site.of(point)
    alone = results_of(replicate(site, Draws(point.seed, 700, 701), 700))
    assert results_of(replicate(site, Draws(point.seed, 512, 768), 700)) == alone
    block = Draws(point.seed, 0, 1024)
    for before in (1023, 3, 699):
        replicate(site, block, before)
    assert results_of(replicate(site, block, 700)) == alone
    assert alone != results_of(replicate(site, block, 701))


@pytest.mark.parametrize("su_type", TYPES)
def test_two_parts_are_the_whole(su_type: str) -> None:
    """Replications 0..255 and 256..511 as two parts equal 0..511 as one.

    Sample: those next to the seam, and a few more. Mutant: the lane counted from the start of the part.
    """
    point = _point(su_type, VMS)
    site, whole = Site.of(point), Draws(point.seed, 0, 512)
    for start in (0, 256):
        part = Draws(point.seed, start, start + 256)
        for number in (start, start + 1, start + 100, start + 254, start + 255):
            assert results_of(replicate(site, part, number)) == results_of(replicate(site, whole, number))


@pytest.mark.parametrize("su_type", TYPES)
def test_like_vms_draw_for_themselves(su_type: str) -> None:
    """BATCH1 to BATCH3 are equal but for the name: each has its own set-up, throughput and level in every replication.

    Sample: twelve replications, three VMs: 36 durations, all different (continuous draws). Mutant: streams named by the purpose only.
    """
    durations = []
    for results in _results(su_type):
        for name in ("BATCH1", "BATCH2", "BATCH3"):
            times = dict(zip((*TIMES, *COUNTS), results["out", name, 1], strict=True))
            durations.append(round(float(str(times["set_up_s"])) - float(str(times["started_s"])), 9))
    assert len(set(durations)) == 3 * SOME
