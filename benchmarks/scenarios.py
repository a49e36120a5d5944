"""The scenarios that are measured."""

from __future__ import annotations

from pathlib import Path

from sim.scenario.load import Loaded, load_scenario, scenario_of
from sim.scenario.point import Point

SHIPPED = Path(__file__).parents[1] / "scenarios"
DRAIN = SHIPPED / "night-drain-x86.yaml"  # 12 VMs, one after the other
VMS_OF_DRAIN = 12
ROUNDS = 5  # of every migration with the steady load: three classes that are dirty again in each of them
ONE_VM = """
schema: 1
title: benchmark
networks: {net: {preset: mcnpr-10g}}
clusters:
  X:
    type: x86
    network: net
    units: {A: {memory: 64 GiB}, B: {memory: 64 GiB}}
loads:
  load:
    classes: [{size: 40 MiB, rewrites: 5 /s}, {size: 200 MiB, rewrites: 0.5 /s}, {size: 1 GiB, rewrites: 0.02 /s}]
    jitter: 0.1
    measured: tracked
vms: {VM1: {su: A, memory: 4096 MiB, load: load}}
plan: {move: {at: "22:00", migrate: VM1, to: B}}
"""
BURSTS_AND_DAY = """
    bursts: {share: 20 %, length: 30 s, factor: 3}
    day: {"00:00": 0.3, "08:00": 1.0, "18:00": 0.5}
"""
LOADS = {
    "steady": ONE_VM,
    "bursts and day": ONE_VM.replace("\n    measured: tracked\n", f"\n    measured: tracked{BURSTS_AND_DAY}"),
}


def one_vm(load: str) -> Loaded:
    """Return the scenario of one VM with this load."""
    return scenario_of(LOADS[load], "benchmark")


def point_of(load: str) -> Point:
    """Return its only point."""
    return one_vm(load).points[0]


def drain(vary: list[str] | None = None) -> Loaded:
    """Return the shipped drain of 12 VMs, with what is varied."""
    return load_scenario(DRAIN, [], vary or [])
