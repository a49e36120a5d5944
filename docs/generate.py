"""Writes the manuals that come out of the code: scenario fields, result columns, assumptions. A test says when they are stale.

Run it from the project's folder: python docs/generate.py
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, PlainSerializer
from pydantic.fields import FieldInfo

from sim.columns import TABLES
from sim.engine.lockstep.fields import FIELDS, YES
from sim.scenario.catalogue import assumptions
from sim.scenario.schema_plan import ScenarioSpec
from sim.scenario.schema_sweep import RangeSpec

HERE = Path(__file__).parent

ENGINES = """\
## Which engine computes it

Two engines compute the same night and give the same results to the last bit: SimPy simulates one replication after the other, lockstep many
at once as arrays, which is a hundred times quicker. `migr explain FILE` says which one a scenario gets and why; `--engine` asks for one.

Lockstep computes plans in which no two transfers can ever be under way at once at one SU, or on one way of a network: out of a server, or
into one. What decides is who goes where, not the times of the steps: a migration may take longer than anybody thought.

| plan | engine |
|---|---|
| one SU is emptied, in one step or several: VM2000 sends one VM after the other | lockstep |
| one VM, there and back again | lockstep |
| several of these that share no SU, no VM and no way of a network: other servers, or a network of their own | lockstep |
| two or more VMs go out and come back, even hours later | SimPy |
| an SU is emptied, and one of its VMs goes elsewhere by a step of its own: it may have to leave from the drain's target | SimPy |
| two SUs are emptied onto the same SU, or each onto the other | SimPy |
| an SU is emptied onto one that is itself emptied later | SimPy |
| two clusters migrate over one network between the same servers | SimPy |
| a step does not wait for another one at its SU (`when_busy: reject`), and the check always takes the same time | SimPy |
"""


BESIDE_THE_TABLES = """\
`messages` holds the first 200 replications, and none where something is varied (`sweep`, `design`, `--vary`); `--messages N` says
otherwise. `rounds` is there with `--rounds`.

## summary.json

| key | meaning |
|---|---|
| `title`, `question` | of the scenario |
| `points` | a point for each variant and combination of varied values, of which something is stored |
| `points[].point`, `.settings` | its name, and what is varied: path and value as they can be typed after `--set` |
| `points[].engine`, `.why_engine` | `simpy` or `lockstep`, and why; the numbers do not depend on it |
| `points[].replications` | how many it rests on |
| `points[].completed` | share of replications in which every VM was brought over, as `share(completed)` |
| `points[].largest` | quantiles of the largest total and downtime of each replication, as objectives see them |
| `points[].steps`, `.migrations` | quantiles and shares with intervals, for each step, and for each VM of a step; \
`(all)` are all VMs, with all their SU types: `/390, x86` |
| `points[].objectives` | each objective with estimate, interval and verdict |
| `missing` | points that lack replications, and how many: those of parts that failed; [] where none do |
| `asked` | only in the output of `--json`, where the folder holds more replications than were asked for: both numbers |
| `stopping` | with `replications: auto`: why it stopped, at how many replications, and what was not known well enough |
| `assumptions` | tags of the assumptions that the results rest on |

A value that is infinite, because a VM was not migrated, is the text `never`. `summary.csv` has the same numbers, one a line.

## run.json

| key | meaning |
|---|---|
| `results_version`, `question`, `fingerprint` | what may stand in this folder: version of the model, scenario, arithmetic of the machine |
| `scenario`, `seed`, `command` | what was run |
| `finished` | false while a run is at work, was interrupted, or has a part that failed |
| `replications`, `auto` | how many were asked for; with `replications: auto` the precision that was |
| `messages`, `rounds`, `columns` | which replications keep messages, whether rounds are stored, which columns; null means all |
| `points`, `settings`, `engines` | for each point its name, what is varied, and its engine with the reason |
| `versions` | of migr, Python and the libraries |
"""


def scenario_manual() -> str:
    """Return docs/scenario.md: every field of a scenario file, from the docstrings of the schema."""
    blocks = [
        "# The scenario file, field by field",
        "Generated from the schema. A field without a default has to be written. `migr explain FILE` prints what a field that was left",
        "out stands for, with its source; `migr profiles` lists the catalogue. Quantities are text with a unit: memory in KiB, MiB, GiB,",
        'TiB (VM2000\'s "4096 MB" is 4096 MiB), rates in kbit/s, Mbit/s, Gbit/s, MB/s, MiB/s, times in ms, s, min, h, shares in %,',
        'clock times "hh:mm" or "hh:mm:ss".',
        "",
    ]
    example = (HERE / "example.yaml").read_text(encoding="utf-8")
    blocks += ["Every way of writing things, in one file ([example.yaml](example.yaml)):", "", "```yaml", example + "```", ""]
    blocks += [ENGINES, f"{_fields_of_lockstep()}\n"]
    models: list[tuple[str, type[BaseModel]]] = [*_models(ScenarioSpec, "scenario", set()), ("sweep.PATH, where it is no list", RangeSpec)]
    for name, model in models:
        blocks += [f"## {name}", "", (model.__doc__ or "").strip(), "", "| field | default | meaning |", "|---|---|---|"]
        blocks += [_field(key, field) for key, field in model.model_fields.items()]
        blocks.append("")
    return "\n".join(blocks)


def _fields_of_lockstep() -> str:
    refused = [f"`{path}`" for path, answer in FIELDS.items() if answer != YES]
    if not refused:
        return "No field of this page keeps a plan off lockstep."
    return f"A plan that makes use of one of these fields is simulated by SimPy: {', '.join(refused)}."


def results_manual() -> str:
    """Return docs/results.md: every column of the tables, from the column catalogue."""
    blocks = [
        "# The result tables, column by column",
        "Generated from the column catalogue. Every table is a folder of Parquet files, which pandas, DuckDB and others read as one table;",
        "`migr export RUN --table NAME --out FILE.csv` writes it for a spreadsheet. Times of day count from 00:00 of the first day.",
        "",
    ]
    blocks += [BESIDE_THE_TABLES]
    for table, columns in TABLES.items():
        blocks += [f"## {table}", "", "| column | unit | meaning | empty when |", "|---|---|---|---|"]
        blocks += [f"| `{each.name}` | {each.unit} | {each.meaning} | {each.empty} |" for each in columns]
        blocks.append("")
    return "\n".join(blocks)


def assumptions_manual() -> str:
    """Return docs/assumptions.md: what nobody has published, from the catalogue of assumptions."""
    blocks = [
        "# Assumptions",
        "Generated from the catalogue. Nobody has published these; a result rests on those that `migr explain` lists for its scenario.",
        "",
        "| tag | assumption | text | changed by |",
        "|---|---|---|---|",
    ]
    for tag, each in assumptions().items():
        change = f"`{each.parameter}`" if each.parameter else "-"
        blocks.append(f"| {tag} | {each.title} | {each.text} | {change} |")
    return "\n".join([*blocks, ""])


MANUALS = {"scenario.md": scenario_manual, "results.md": results_manual, "assumptions.md": assumptions_manual}


def _models(model: type[BaseModel], name: str, seen: set[type[BaseModel]]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield a model and all that its fields contain, each once, with the path that leads there."""
    seen.add(model)
    yield name, model
    for key, field in model.model_fields.items():
        for inner, is_named in _inside(field.annotation):
            if inner not in seen:
                path = key if name == "scenario" else f"{name}.{field.alias or key}"
                yield from _models(inner, f"{path}.NAME" if is_named else path, seen)


def _inside(annotation: object, *, is_named: bool = False) -> Iterator[tuple[type[BaseModel], bool]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, is_named
    for part in typing.get_args(annotation):
        yield from _inside(part, is_named=is_named or typing.get_origin(annotation) is dict)


def _field(key: str, field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True, validated_data={}) if not field.is_required() else None
    for writer in (each for each in field.metadata if isinstance(each, PlainSerializer)):
        write: typing.Any = writer.func  # ours take the value alone
        default = write(default)  # text as a planner writes it: "5 %"
    shown = "required" if field.is_required() else _default(default)
    return f"| `{field.alias or key}` | {shown} | {' '.join((field.description or '').split())} |"


def _default(default: object) -> str:
    """Return a default as a reader understands it: "-" where the catalogue or nothing stands in."""
    if default is None or isinstance(default, BaseModel) or default in ({}, (), ""):
        return "-"
    return f"`{default}`"


def main() -> None:
    """Write all of them."""
    for name, manual in MANUALS.items():
        (HERE / name).write_text(manual(), encoding="utf-8")


if __name__ == "__main__":
    main()
