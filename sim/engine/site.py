"""What no replication changes: the point, prepared for the engines."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from sim.model.activity import DayCurve
from sim.model.curve import with_classes
from sim.model.dirtying import DirtyCurve
from sim.model.layout import Layout, extents_of
from sim.model.load import PAGE, Load
from sim.scenario.point import Cluster, Link, Point, Unit, Vm
from sim.vm2000.devices import DeviceSet
from sim.vm2000.states import State

GIB = 2**30

# The order of a drain, from a VM and the index that it has when the drain begins; ties break by index, then name.
ORDERS: dict[str, Callable[[Vm, int], tuple[Any, ...]]] = {
    "largest-first": lambda vm, index: (-vm.memory_bytes, index, vm.name),
    "smallest-first": lambda vm, index: (vm.memory_bytes, index, vm.name),
    "by-index": lambda vm, index: (index, vm.name),
    "by-name": lambda vm, _index: (vm.name,),
}


@dataclass(frozen=True, slots=True)
class Streams:
    """Names of the random streams of a VM: by VM and purpose, never by SU, position or type, so that variants share them."""

    check: str
    setup: str
    setup_per_gib: str
    setup_per_device: str
    handshake: str
    state: str
    resume: str
    cleanup: str
    cleanup_per_device: str
    rollback: str
    memory_release: str
    throughput: str
    level: str
    noise: str
    pages: str
    burst: str
    burst_shift: str
    layout: str

    @classmethod
    def of(cls, vm: str) -> Streams:
        """Return the streams of a VM."""
        return cls(**{purpose: f"{vm}/{purpose}" for purpose in cls.__slots__})


@dataclass(frozen=True, slots=True, eq=False)
class Guest:
    """A VM with all that is derived from it.

    Args:
        spec: the VM of the point.
        load: its load with fitted classes.
        curve: the load as arrays.
        day_curve: levels of its day.
        streams: names of its random streams.
        devices: names of the devices that move with it.
        runs: whether the guest runs, so that it dirties memory and stands still at the stop.
        gib: memory, GiB.
    """

    spec: Vm
    load: Load
    curve: DirtyCurve
    day_curve: DayCurve | None
    streams: Streams
    devices: tuple[str, ...]
    runs: bool
    gib: float

    @classmethod
    def of(cls, spec: Vm) -> Guest:
        """Prepare a VM; fits its curve where the scenario gives one."""
        load = with_classes(spec.load, spec.touched_pages)
        return cls(
            spec=spec,
            load=load,
            curve=DirtyCurve.of(load, spec.touched_pages),
            day_curve=DayCurve.of(load.day),
            streams=Streams.of(spec.name),
            devices=DeviceSet.of(spec.devices, spec.devices.first).moving,
            runs=spec.state == State.RUNNING,
            gib=spec.memory_bytes / GIB,
        )

    def layout(self) -> Layout:
        """Return where its pages lie."""
        spec = self.spec
        return Layout.of(spec.extents or extents_of(self.load, spec.touched_pages, spec.memory_bytes / PAGE))


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A point, prepared.

    Args:
        point: as resolved from the scenario.
        guests, units, clusters, links: its parts by name.
        layouts: memory of the VMs whose clusters migrate as QEMU does.
    """

    point: Point
    guests: dict[str, Guest]
    units: dict[str, Unit]
    clusters: dict[str, Cluster]
    links: dict[str, Link]
    layouts: dict[str, Layout]

    @classmethod
    def of(cls, point: Point) -> Site:
        """Prepare a point."""
        guests = {vm.name: Guest.of(vm) for vm in point.vms}
        scanned = {cluster.name for cluster in point.clusters if cluster.policy.name == "qemu"}
        cluster_of = {unit.name: unit.cluster for unit in point.units}
        return cls(
            point=point,
            guests=guests,
            layouts={name: guest.layout() for name, guest in guests.items() if cluster_of[guest.spec.unit] in scanned},
            units={unit.name: unit for unit in point.units},
            clusters={cluster.name: cluster for cluster in point.clusters},
            links={link.name: link for link in point.links},
        )

    def steady(self, guest: Guest) -> bool:
        """Say whether a guest does the same all night and its messages share nothing: one that repeats the last will be repeated."""
        return guest.day_curve is None and guest.load.bursts is None and len(self.point.steps) == 1

    def page_bytes(self, cluster: Cluster) -> float:
        """Return what a page costs on the stream, bytes."""
        return PAGE + cluster.page_header_bytes


def ports(source: Unit, target: Unit) -> tuple[Hashable, Hashable]:
    """Return the ends of a network that a transfer occupies: out of one SE server, into the other (of the SUs within one)."""
    if source.server == target.server:
        return (source.link, "out", source.name), (source.link, "in", target.name)
    return (source.link, "out", source.server), (source.link, "in", target.server)
