"""What the program understood of a scenario: the world, derived numbers, assumptions, cost."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from sim.engine.lockstep.replicate import walk
from sim.engine.replicate import replicate
from sim.engine.site import Guest, Site
from sim.experiment.execution.engines import Engine, choose
from sim.experiment.execution.parts import missing_parts
from sim.experiment.storage.disk import estimated_bytes, size_text
from sim.model.activity import activity_integral, mean_activity
from sim.model.curve import fit_classes
from sim.model.dirtying import expected_pages, linear_pages
from sim.model.draws import BLOCK, Draws
from sim.model.load import PAGE
from sim.model.throughput import lone_rate
from sim.report.explain_operations import fault_text, operator_text
from sim.report.layout import clock, rendered
from sim.scenario.catalogue import assumptions
from sim.scenario.load import Loaded
from sim.scenario.point import Step
from sim.units import show_memory, show_rate, show_time

PROBE = 8  # replications that are simulated to estimate the cost
MESSAGES = 200  # replications that keep their messages unless `migr run` is told otherwise; none where something is varied


def explained(loaded: Loaded, place: int, replications: int) -> dict[str, Any]:
    """Return all that explains a point, as `explain --json` prints it."""
    point, facts = loaded.points[place], loaded.facts[place]
    site, engine = Site.of(point), choose(point)
    known = assumptions()
    used = sorted({fact.assumption for fact in facts if fact.assumption}, key=lambda tag: int(tag[1:]))
    return {
        "point": point.name,
        "title": loaded.scenario.title,
        "steps": [_step(site, number) for number in range(len(point.steps))],
        "operators": [operator_text(operator) for operator in point.operators],
        "faults": [fault_text(fault, site.units[fault.place].su_type if fault.place in site.units else "") for fault in point.faults],
        "vms": [_vm(site, guest) for guest in site.guests.values()],
        "values": [
            {"path": fact.path, "value": fact.value_text, "origin": fact.origin, "source": fact.source, "assumption": fact.assumption}
            for fact in facts
        ],
        "assumptions": [
            {"tag": tag, "title": known[tag].title, "text": known[tag].text, "parameter": known[tag].parameter} for tag in used
        ],
        "engine": {"name": engine.engine, "why": engine.why},
        "cost": _cost(site, engine.engine, replications, 0 if any(loaded.settings) else MESSAGES),
        "warnings": list(loaded.warnings),
    }


def explained_text(found: dict[str, Any], width: int, *, all_values: bool) -> str:
    """Return the explanation as text.

    Args:
        found: what `explained` returned.
        width: columns of the terminal.
        all_values: print values that the scenario itself gives too.
    """
    blocks = [f"{found['title']}{' - ' + found['point'] if found['point'] else ''}", ""]
    blocks += ["Plan"] + [f"  {step}" for step in found["steps"]] + [""]
    for title, key in (("What operators type", "operators"), ("What goes wrong", "faults")):
        blocks += [title, *(f"  {each}" for each in found[key]), ""] if found[key] else []
    blocks += ["VMs, with numbers derived from size, load and network", _vm_table(found["vms"], width), ""]
    for vm in found["vms"]:
        blocks += [f"  {vm['vm']}: {note}" for note in vm["notes"]]
    # What no path sets is an assumption of every run: it stands in the list below.
    shown = [value for value in found["values"] if value["path"] != "model" and (all_values or value["origin"] != "scenario")]
    blocks += ["", "Values that the scenario does not give" if not all_values else "All values", _value_table(shown, width), ""]
    blocks += ["Assumptions: nobody has published these; VM2000's own policy on SU /390 is among them"]
    for entry in found["assumptions"]:
        change = f" Change it with: {entry['parameter']}" if entry["parameter"] else ""
        blocks += [f"  [{entry['tag']}] {entry['title']}. {entry['text']}{change}"]
    cost = found["cost"]
    blocks += ["", f"Engine: {found['engine']['name']} ({found['engine']['why']})"]
    takes = f"about {show_time(cost['seconds'])} of one CPU and {size_text(cost['bytes'])} on the disk"
    kept = f"with the messages of the first {cost['messages']:,}, by the SimPy engine" if cost["messages"] else "without messages"
    blocks += [f"Cost: {cost['replications']} replications of this variant take {takes}, {kept}"]
    if cost.get("limit"):
        blocks += [f"replications: auto takes at least these, at most {cost['limit']:,}"]
    blocks += [f"warning: {warning}" for warning in found["warnings"]]
    return "\n".join(blocks)


def _step(site: Site, number: int) -> str:
    step = site.point.steps[number]
    what = f"drain {step.drain}" if step.drain else f"migrate {step.vm}"
    retries = f"{step.on_abort.retries} retries after {show_time(step.on_abort.wait_s)}" if step.on_abort.retries else "no retry"
    order = f", {step.order or ' '.join(step.sequence)}" if step.drain else ""
    whatever = "an abort or a rejection" if step.on_abort.retry_rejected else "an abort"
    return f"{step.name}: {clock(step.at_s)} {what} to {step.to}{order}; after {whatever} {retries}, then {step.on_abort.then}"


def _vm(site: Site, guest: Guest) -> dict[str, Any]:
    """Return derived numbers of a VM for its first migration."""
    spec = guest.spec
    source = site.units[spec.unit]
    cluster = site.clusters[source.cluster]
    step = _first_step(site, guest)
    target = site.units[step.to] if step else source
    payload = site.links[source.link].payload_Bps
    ceilings = cluster.sender_Bps * source.available, cluster.receiver_Bps * target.available
    policy = cluster.policy
    rate = min(float(lone_rate(payload, cluster.factor_live, *ceilings)), policy.max_rate_Bps)
    at_first = policy.start_rate_Bps if guest.runs else policy.max_rate_Bps
    first_rate = min(float(lone_rate(payload, cluster.factor_first, *ceilings)), at_first)
    first_s = spec.touched_pages * site.page_bytes(cluster) / first_rate
    level = _activity(guest, step.at_s if step else 0.0)
    dirty = {seconds: _dirty(guest, seconds * level, linear=policy.linear) for seconds in (1.0, 10.0, first_s)}
    return {
        "vm": spec.name,
        "su": spec.unit,
        "index": spec.index,
        "state": spec.state,
        "memory_bytes": spec.memory_bytes,
        "policy": policy.name,
        "load": guest.load.name,
        "activity": level,
        "mean_activity_of_the_day": mean_activity(guest.load),
        "live_rate_Bps": rate,
        "first_rate_Bps": first_rate,
        "first_pass_s": first_s,
        "dirty_in_1_s_bytes": dirty[1.0] * PAGE,
        "dirty_in_10_s_bytes": dirty[10.0] * PAGE,
        "dirty_in_first_pass_bytes": dirty[first_s] * PAGE,
        "notes": _fit_notes(guest),
    }


def _first_step(site: Site, guest: Guest) -> Step | None:
    """Return the step that first moves the VM; None when the plan leaves it where it is."""
    wanted = (step for step in site.point.steps if guest.spec.name in {step.vm, *step.sequence} or _drains(step, guest))
    return min(wanted, key=lambda step: step.at_s, default=None)


def _drains(step: Step, guest: Guest) -> bool:
    return step.drain == guest.spec.unit and not step.sequence


def _activity(guest: Guest, at_s: float) -> float:
    """Return the activity that the plan meets: level of the day x mean factor of bursts; 0 for a guest that does not run."""
    if not guest.runs:
        return 0.0
    bursts = guest.load.bursts
    level = float(activity_integral(at_s, 1.0, guest.day_curve))
    return level if bursts is None else level * (1.0 + bursts.share * (bursts.factor - 1.0))


def _dirty(guest: Guest, activity: float, *, linear: bool) -> float:
    if linear:
        return float(linear_pages(guest.curve, activity))
    pages = float(expected_pages(guest.curve.pages, guest.curve.rewrites, activity))
    return min(guest.spec.touched_pages, pages + sum(min(size, rate * activity) for size, rate in guest.curve.sweeps))


def _fit_notes(guest: Guest) -> list[str]:
    """Return how well the classes fit the curve that the planner wrote."""
    points = guest.spec.load.curve
    if not points:
        return []
    fit = fit_classes(points, guest.spec.touched_pages)
    deviations = ", ".join(f"{window:g} s {100 * error:+.1f} %" for (window, _), error in zip(points, fit.residuals, strict=True))
    fitted = f"curve fitted by {len(fit.classes)} page classes; deviation at its points: {deviations}"
    return [f"{fitted}; rounds longer than {2 * fit.longest_window_s:g} s, twice the longest window, are extrapolated"]


def _vm_table(vms: Sequence[dict[str, Any]], width: int) -> str:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    for title in (
        "VM",
        "SU",
        "memory",
        "policy",
        "load",
        "activity",
        "live rate",
        "first pass",
        "dirty in 1 s",
        "in 10 s",
        "in first pass",
    ):
        table.add_column(title)
    for vm in vms:
        table.add_row(
            Text(vm["vm"]),
            Text(vm["su"]),
            Text(show_memory(vm["memory_bytes"])),
            Text(vm["policy"]),
            Text(vm["load"]),
            Text(f"{vm['activity']:.2f}"),
            Text(show_rate(vm["live_rate_Bps"])),
            Text(f"{show_time(vm['first_pass_s'])} at {show_rate(vm['first_rate_Bps'])}"),
            Text(show_memory(vm["dirty_in_1_s_bytes"])),
            Text(show_memory(vm["dirty_in_10_s_bytes"])),
            Text(show_memory(vm["dirty_in_first_pass_bytes"])),
        )
    return rendered(table, max(width, 118))


def _value_table(values: Sequence[dict[str, Any]], width: int) -> str:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    for title in ("path", "value", "origin", "tag", "source"):
        table.add_column(title, overflow="fold")
    for value in values:
        table.add_row(*(Text(str(value[key] or "")) for key in ("path", "value", "origin", "assumption", "source")))
    return rendered(table, max(width, 118))


def _cost(site: Site, engine: Engine, replications: int, messages: int) -> dict[str, Any]:
    """Return the cost of the run of a point: the time from some replications simulated now, the disk from what others took.

    The first replications keep their messages, which only SimPy gives: with the array engine they cost its time besides.
    """
    draws = Draws(site.point.seed, 0, PROBE)
    replicate(site, draws, 0)
    began = time.perf_counter()
    moves = sum(len(replicate(site, draws, number).moves) for number in range(1, PROBE))
    one = (time.perf_counter() - began) / (PROBE - 1)
    seconds = one * replications if engine == "simpy" else one * min(messages, replications) + _block_seconds(site) * replications / BLOCK
    parts = missing_parts([site.point], [engine], {}, replications=replications, messages=messages)
    return {
        "replications": replications,
        "messages": min(messages, replications),
        "migrations_a_replication": moves / (PROBE - 1),
        "seconds": seconds,
        "bytes": estimated_bytes(parts, [site.point]),
    }


def _block_seconds(site: Site) -> float:
    """Return how long the array engine takes for a block of replications; several side by side are quicker."""
    walk(site, 0, BLOCK)
    began = time.perf_counter()
    walk(site, 0, BLOCK)
    return time.perf_counter() - began
