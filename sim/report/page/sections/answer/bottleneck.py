"""What decides how fast the memory of a VM is sent: network, sender, receiver or policy; and who shares it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sim.report.page.source import Detail
from sim.scenario.point import Step, Vm
from sim.units import show_rate

Kind = Literal["network", "sender", "receiver", "policy"]
SYSTEM = {"/390": "monitor system", "x86": "X2000"}  # what sends and receives the memory


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A limit of the speed.

    Args:
        kind: what sets it.
        rate_Bps: the limit, bytes per second.
        name: of the network, SU or policy that sets it.
        words: what sets it, for people.
        path: in the scenario, of what would have to change; "" where nothing would help.
    """

    kind: Kind
    rate_Bps: float
    name: str
    words: str
    path: str


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a VM's memory is sent in live rounds after the first while it shares nothing.

    Args:
        cluster: in which it migrates.
        ceilings: all limits, the lowest first: that one decides.
    """

    cluster: str
    ceilings: tuple[Ceiling, ...]

    @property
    def binding(self) -> Ceiling:
        """The lowest limit."""
        return self.ceilings[0]

    @property
    def gain(self) -> float:
        """How many times as fast it would be without the lowest limit."""
        return self.ceilings[1].rate_Bps / self.binding.rate_Bps


def pace_of(detail: Detail, vm: Vm, step: Step) -> Pace:
    """Return what limits the speed of a VM's migration in a step; its least ceiling is what `sim.model.throughput.lone_rate` gives."""
    site = detail.site
    source, target = site.units[vm.unit], site.units[step.to]
    cluster = site.clusters[source.cluster]
    system = SYSTEM[source.su_type]
    share = "monitor.available" if source.su_type == "/390" else "x2000.available"
    units = f"clusters.{cluster.name}.units"
    limits = [
        Ceiling("network", site.links[source.link].payload_Bps, source.link, f"network {source.link}", f"networks.{source.link}.bandwidth"),
        Ceiling(
            "sender",
            cluster.factor_live * cluster.sender_Bps * source.available,
            source.name,
            f"the sending {system} of {source.name}",
            f"{units}.{source.name}.{share}",
        ),
        Ceiling(
            "receiver",
            cluster.receiver_Bps * target.available,
            target.name,
            f"the receiving {system} of {target.name}",
            f"{units}.{target.name}.{share}",
        ),
    ]
    most = min(cluster.policy.max_rate_Bps, cluster.policy.max_bandwidth_Bps)
    if math.isfinite(most):
        limits.append(Ceiling("policy", most, cluster.policy.name, f"the policy {cluster.policy.name}", ""))
    return Pace(cluster.name, tuple(sorted(limits, key=lambda limit: limit.rate_Bps)))


def pace_words(pace: Pace) -> str:
    """Return which limit decides and what the others would allow, a sentence."""
    others = ", ".join(f"{limit.words} {show_rate(limit.rate_Bps)}" for limit in pace.ceilings[1:])
    first = pace.binding
    assumed = " (an assumed speed)" if first.kind in {"sender", "receiver"} else ""
    lead = f"{first.words[0].upper()}{first.words[1:]} sets the speed: {show_rate(first.rate_Bps)}{assumed}"
    return f"{lead}. The others would allow more: {others}."


def sharing(detail: Detail, step: Step) -> list[str]:
    """Return the names of the steps whose transfers meet those of a step: at the same time, on its network or at its SUs.

    Times are median makespans; a step that never ends meets all that begin after it.
    """
    site = detail.site
    spans = {each["step"]: (each["at_s"], each["at_s"] + _median(each["makespan_s"])) for each in detail.entry["steps"]}
    begin, end = spans[step.name]
    places = set(_units(detail, step))
    links = {site.units[place].link for place in places}
    found = []
    for other in detail.point.steps:
        their_begin, their_end = spans[other.name]
        theirs = set(_units(detail, other))
        meets = theirs & places or {site.units[place].link for place in theirs} & links
        if other.name != step.name and meets and their_begin < end and begin < their_end:
            found.append(other.name)
    return found


def _units(detail: Detail, step: Step) -> Iterator[str]:
    """Yield source and target of a step."""
    yield step.to
    yield step.drain or next(vm.unit for vm in detail.point.vms if vm.name == step.vm)


def _median(makespans: dict[str, dict[str, float | str]]) -> float:
    value = makespans["p50"]["value"]
    return math.inf if isinstance(value, str) else value
