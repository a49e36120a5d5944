"""The table of fields that lockstep computes: every field of a scenario stands in it, and what it refuses is refused."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pydantic import BaseModel

from engine.builders import cluster, point, unit, vm
from sim.engine.lockstep.coverage import refusals
from sim.engine.lockstep.fields import FIELDS, WITH_SECTION, Refused
from sim.errors import UsageError
from sim.experiment.execution.engines import choose
from sim.scenario.fields import Entry
from sim.scenario.point import Fault, OnAbort, Operator, Point, Step
from sim.scenario.schema_plan import ScenarioSpec
from sim.scenario.schema_sweep import RangeSpec

# The values of `sweep` are read by hand, so that no annotation leads from the scenario to what a range is.
ROOTS: tuple[tuple[type[BaseModel], str], ...] = ((ScenarioSpec, ""), (RangeSpec, "sweep.*."))


def fields_of(model: type[BaseModel], path: str) -> Iterator[tuple[type[BaseModel], str]]:
    """Yield every field below a model as a dotted path, with the model that has it."""
    for name, field in model.model_fields.items():
        here = f"{path}{field.alias or name}"
        yield model, here
        for inner, star in models_in(field.annotation):
            yield from fields_of(inner, f"{here}{star}.")


def models_in(annotation: object, star: str = "") -> Iterator[tuple[type[BaseModel], str]]:
    """Yield the models in an annotation; with ".*" those in mappings and lists."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, star
    for part in typing.get_args(annotation):
        yield from models_in(part, ".*" if typing.get_origin(annotation) in {dict, tuple} else star)


def heirs(of: type[BaseModel]) -> set[type[BaseModel]]:
    """Return all models that are derived from one."""
    return {heir for each in of.__subclasses__() for heir in (each, *heirs(each))}


def test_every_field_of_a_scenario_is_in_the_table_and_no_other() -> None:
    """A new field fails here until somebody has decided whether lockstep computes it."""
    fields = [path for model, start in ROOTS for _, path in fields_of(model, start)]
    assert len(fields) > 100
    assert len(set(fields)) == len(fields)
    assert set(FIELDS) == set(fields)


def test_the_walk_meets_every_model_of_the_schema() -> None:
    """Otherwise a field could be forgotten because nothing leads to it."""
    met = {model for root, start in ROOTS for model, _ in fields_of(root, start)}
    assert met == {heir for heir in heirs(Entry) if heir.__module__.startswith("sim.scenario.")}


RETRIES = Step("out", 0.0, "S2", drain="S1", on_abort=OnAbort(retries=1, retry_rejected=True))
REFUSED: dict[str, Point] = {
    "clusters.*.active": point(vm(), of=cluster(active=False)),
    "clusters.*.units.*.mode": point(vm(), of=cluster("x86"), units=(unit("S1", "x86"), unit("S2", "x86", mode="native"))),
    "clusters.*.units.*.reconfiguring": point(vm(), units=(unit("S1"), unit("S2", reconfiguring=True))),
    "clusters.*.units.*.not_generated": point(vm(), units=(unit("S1"), unit("S2", not_generated=("5000",)))),
    "clusters.*.units.*.exclusive": point(vm(), units=(unit("S1", exclusive=("5000",)), unit("S2"))),
    "clusters.*.parameters.hypervisor_need": point(vm(), of=cluster(hypervisor_need_bytes=1.0)),
    "clusters.*.parameters.monitor_need": point(vm(), of=cluster(monitor_need_bytes=1.0)),
    "plan.*.on_abort.retry_rejected": point(vm(), steps=(RETRIES,)),
    "operators": replace(point(vm()), operators=(Operator(0.0, "S1", "/SHOW-VM-STATUS"),)),
    "faults": replace(point(vm()), faults=(Fault("f", "link", "net", at_s=0.0),)),
}


def test_the_refused_fields_are_these() -> None:
    """What both engines compute is more than the fields say: the twins look at the numbers."""
    assert {path for path, answer in FIELDS.items() if isinstance(answer, Refused)} == set(REFUSED)


@pytest.mark.parametrize("path", REFUSED)
def test_a_point_that_makes_use_of_a_refused_field_is_refused(path: str) -> None:
    assert refusals(REFUSED[path]) == [f"only the SimPy engine simulates the field {path}"]


def test_a_large_enough_size_and_one_mode_keep_nothing_off_lockstep() -> None:
    needs = cluster("x86", hypervisor_need_bytes=4.0, monitor_need_bytes=8.0)
    units = tuple(unit(name, "x86", hypervisor_bytes=4.0, monitor_bytes=8.0, mode="native") for name in ("S1", "S2"))
    enough = point(vm(), of=needs, units=units)
    assert refusals(enough) == []


def test_parts_are_refused_with_a_section_that_is() -> None:
    parts = {path.split(".")[0] for path, answer in FIELDS.items() if answer == WITH_SECTION}
    assert parts == {"operators", "faults"}
    assert all(isinstance(FIELDS[part], Refused) for part in parts)


def test_a_field_that_is_refused_is_named_where_a_point_uses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as one that arrives before lockstep has learnt it; `auto` goes to SimPy, `lockstep` is an error that says why."""
    monkeypatch.setitem(FIELDS, "vms.*.state", Refused(lambda of: any(each.state == "DOWN" for each in of.vms)))
    down, up = point(vm("A", state="DOWN"), vm("B")), point(vm("A"), vm("B"))
    assert refusals(down) == ["only the SimPy engine simulates the field vms.*.state"]
    assert choose(down).engine == "simpy"
    assert "vms.*.state" in choose(down).why
    with pytest.raises(UsageError, match=r"vms\.\*\.state.*--engine simpy"):
        choose(down, "lockstep")
    assert refusals(up) == []
    assert choose(up).engine == "lockstep"
