"""Worlds in which operators type: two SUs with some VMs, commands at given times, and what they were answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.builders import cluster, point, unit, vm
from engine.observing import COSTS
from sim.engine.journal import Journal
from sim.engine.replicate import begin, end
from sim.engine.site import Site
from sim.engine.world import Vm, World
from sim.model.draws import Draws
from sim.scenario.point import Devices, Fault, Operator, Pool, Step
from sim.vm2000.catalogue import NBR0740, OPERATOR_COMMAND, Recipient, printed

Typed = tuple[float, str, str]
# The ends of the lines that stand in the place of NBR0740.
NOT_PUBLISHED = "the product's code is not published"
NOT_MODELLED = "not modelled: nothing happens"


@dataclass(frozen=True, slots=True)
class Scene:
    """What came of a replication with operators: its world when nothing moves any more, and all lines in the order of their times."""

    world: World
    lines: tuple[tuple[float, str, str], ...]

    def vm(self, name: str = "VM1") -> Vm:
        """Return a VM."""
        return self.world.vms[name]

    def printed_at(self, console: str) -> list[str]:
        """Return the lines of one console."""
        return [text for _, place, text in self.lines if place == console]

    @property
    def answers(self) -> list[str]:
        """What the callers were answered, without the echo of their commands."""
        return [text for _, _, text in self.lines if not text.startswith("/")]

    @property
    def codes(self) -> list[str]:
        """Results of the commands: SC2/SC1/maincode of NBR0740, or what stands in its place."""
        return [code for text in self.answers if (code := _code(text))]


def _code(answer: str) -> str:
    """Return the result that a line gives; "" if it is not the end of a command."""
    if answer.startswith("[migr] "):
        return next((end for end in (NOT_PUBLISHED, NOT_MODELLED) if answer.endswith(end)), "")
    if not answer.startswith("NBR0740"):
        return ""
    code = answer.partition("RESULT: ")[2].partition(")")[0]
    return "/".join(part.partition("=")[2].lstrip("0") or "0" for part in code.split(", "))


def operated(
    *typed: Typed,
    vms: Sequence[Any] = (),
    su_type: str = "/390",
    units: Mapping[str, Mapping[str, Any]] | None = None,
    more: Mapping[str, Mapping[str, Any]] | None = None,
    of: Mapping[str, Any] | None = None,
    clusters: Sequence[str] = (),
    faults: tuple[Fault, ...] = (),
    steps: tuple[Step, ...] = (),
) -> Scene:
    """Simulate commands, each as (when, at which console, what), and check what must be true at the end.

    Args:
        typed: the commands.
        vms: the VMs; VM1 (1 GiB, index 2, RUNNING) on S1 by default.
        su_type: "/390" or "x86".
        units: changes of the SUs S1 and S2.
        more: further SUs, with what is not as usual about them.
        of: changes of the cluster, which has fixed costs.
        clusters: names of further clusters of the same kind.
        faults: what goes wrong.
        steps: of the plan.
    """
    changed: dict[str, Mapping[str, Any]] = {"S1": {}, "S2": {}} | dict(units or {}) | dict(more or {})
    world = point(
        *(vms or (vm(devices=Devices(disks=2)),)),
        of=cluster(su_type, **{"costs": COSTS, **(of or {})}),
        units=tuple(unit(name, su_type, **changes) for name, changes in changed.items()),
    )
    operators = tuple(Operator(*each) for each in typed)
    others = tuple(replace(world.clusters[0], name=name) for name in clusters)
    world = replace(world, clusters=(*world.clusters, *others))
    running = begin(Site.of(replace(world, operators=operators, faults=faults, steps=steps)), Draws(1, 0, 1), 0, Journal.full())
    running.world.env.run()
    end(running, 0)
    journal = running.world.journal
    return Scene(running.world, tuple((line.time_s, _place(line), printed(line.message, **line.inserts)) for line in journal.in_order()))


def _place(line: Any) -> str:  # noqa: ANN401 - a line of the journal
    recipients = line.message.recipients
    if Recipient.CALLER in recipients:
        return str(line.console or line.source)
    if Recipient.GUEST in recipients:
        return str(line.vm)
    return str(line.target if Recipient.TARGET in recipients else line.source)


def once(text: str, **world: Any) -> Scene:  # noqa: ANN401 - as `operated`
    """Simulate one command, typed at S1 at second 1."""
    return operated((1.0, "S1", text), **world)


SMALL_POOLS = {"S1": {"pools": (Pool("PROD", 2), Pool("EMPTY", 0)), "cpus": 6}}
__all__ = ["NBR0740", "NOT_MODELLED", "NOT_PUBLISHED", "OPERATOR_COMMAND", "SMALL_POOLS", "Scene", "once", "operated", "unit", "vm"]
