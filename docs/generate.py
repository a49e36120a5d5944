"""Writes the manuals that come out of the code: scenario fields, result columns, assumptions. A test says when they are stale.

Run it from the project's folder: python docs/generate.py
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, PlainSerializer
from pydantic.fields import FieldInfo

from sim.columns import REASONS, TABLES
from sim.engine.lockstep.fields import FIELDS, Refused
from sim.results.reasons import WORDS
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

OPERATIONS = """\
## What operators type, and what goes wrong

`operators` are commands with the time and the console at which they are typed. They are executed and answered as the product would, and
appear in `migr trace`. A wrong command is answered CMD0202, and one that the simulator does not execute with a line
that says so; `migr check` warns of both, in case that was not meant.

`faults` say what breaks and where, when, and `for` how long. A moment in a migration (`at: {vm: .., phase: .., after: ..}`) is met by the
first migration of that VM that enters the phase. `chance: 0 %` switches a fault off, and `remaining: 100 %` leaves all, so that
`--vary 'faults.flap.chance=0 %,20 %'` compares a night with and without it. A fault that only the other SU type knows
(`disks`, `agent`) is a mistake in the file. Where its chance is 0 %, or a variant, `--set` or `--vary` gives the
cluster the type that does not know it, it is left out, and `migr explain` lists it.

`migr check` warns of faults that no migration can meet and of commands that can be seen to fail, of mistyped ones even beside mistakes.

| fault | names | what a migration meets |
|---|---|---|
| `link` | a network | While the line is down new commands are rejected, and a transfer waits; after `link_patience` its migration is \
aborted. With `remaining` it is slower. |
| `monitor` | an SU | The monitor system (/390) or X2000 (x86) moves nothing, or less with `remaining`; it is waited for as for a line. |
| `resources` | the target SU | A VM cannot be set up; the migration is aborted. |
| `disks` | the target SU /390 | Disks cannot be used when they are assigned; the migration is aborted. |
| `definitions` | an SU | On the target the definition of the VM cannot be created: aborted. On the source it cannot be deleted: the \
migration ends with a warning, and the deletion is made up for. |
| `agent` | an SU x86 | Commands are rejected with the message, a migration under way is aborted. |
| `crash` | an SU | Its guests end, and migrations from it and to it break. `for` is the time until it is up and its VMs are started. |

An abort before the guest is suspended leaves it running on the source, its devices attached again and nothing on the target. What happens
between suspension and resume is not published: `after_suspend` says who goes on. After the resume the guest is on the target.
What follows an abort in a plan is `on_abort`; a rejected command is tried again with `retry_rejected`.

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
| `points[].policies` | the pre-copy policies of its SU clusters |
| `points[].replications` | how many it rests on |
| `points[].completed` | share of replications in which every VM was brought over, as `share(completed)` |
| `points[].largest` | quantiles of the largest total and downtime of each replication, as objectives see them |
| `points[].steps`, `.migrations` | quantiles and shares with intervals, for each step, and for each VM of a step; \
`(all)` are all VMs, those migrated by operators too, with all their SU types: `/390, x86` |
| `points[].failures` | what went wrong, see below; empty lists where nothing did |
| `points[].objectives` | each objective with estimate, interval and verdict |
| `missing` | points that lack replications, and how many: those of parts that failed; [] where none do |
| `asked` | only in the output of `--json`, where the folder holds more replications than were asked for: both numbers |
| `stopping` | with `replications: auto`: why it stopped, at how many replications, and what was not known well enough |
| `assumptions` | tags of the assumptions that the results rest on |

A value that is infinite, because a VM was not migrated, is the text `never`. `summary.csv` has the same numbers, one a line.

## What went wrong

| key of `points[].failures` | meaning |
|---|---|
| `reasons` | for each outcome and reason: the reason in words, the share of replications that have such an attempt, how many \
attempts, of which VMs; warnings, retried attempts and operators' commands included; `assumption` is the tag of what it rests on |
| `left_behind` | VMs that a step did not bring over: on which SU they are at its end, in which share of the replications, and in which \
their guest was lost (then the VM can be on the target); `deleted` for those that operators deleted |
| `outages` | SUs that went down, in which share of the replications, and whose guests ended with them |
| `faults` | for each fault of the scenario: in how many replications it began and how often, and how many attempts that it met (it lasted \
at some moment between command and end) failed or had a warning |
| `commands` | for each command of the operators: in how many replications it was executed, executed in part (`in-part`), rejected, or not \
answered |
| `after_suspend` | share of replications in which a migration broke between suspension and resume, and the scenario's policy decided \
who goes on. What VM2000 does then is not published |
| `cost` | for each step in which an attempt failed: in which share of the replications, `failed_s` of these, how long the step took \
(`ended_s - at_s`) with and without failed attempts, and the shares that are all over within the window. A step has failed attempts \
when it spent time on them, or left a VM behind |

## What the outcomes mean

| outcome | the guest | times and objectives |
|---|---|---|
| `completed` | runs on the target | count |
| `completed-with-warnings` | runs on the target; something is left to be mended on the source, or an SU crashed meanwhile | count as \
completed |
| `rejected` | runs on the source: the check found a reason | never |
| `aborted` | runs on the source: all was undone | never |
| `not-started` | runs on the source: its turn never came | never |
| `lost` | has ended, with what it had in memory; its VM is still there | never |

A guest can stand still without a completed migration: `downtime_s` is that of migrations that were completed, `interruption_s` that \
of every attempt after which the guest went on, back on the source too.

Objectives and shares that name no VM are about the plan. `total of VM`, `downtime of VM`, `rounds of VM`, `sent of VM` also look at \
migrations for which operators gave the command: all of them are one step, `(operator)`, of which the last one counts. \
`share(completed)` is about the plan; other outcomes count wherever a VM has them at last.

## Reasons


## sources.json

The values that a profile or a default gave, as `facts`: `path`, `value_text`, `origin`, `source`, and the tag in `assumption` where one
rests on an assumption. The scenario of the folder has all defaults written out and does not tell them apart any more.

## assumptions.json

Written by `migr run --assumptions`: what becomes of times, shares and objectives when an assumed number is 20 % off. Up to four points are
weighed, of a sweep the
first one of each variant: one block of 1,024 replications a case with lockstep, with SimPy up to 128, with the
same random draws in all cases.

| key | meaning |
|---|---|
| `format` | raised when entries come or go; the report asks for a new file then |
| `results_version`, `question` | of the results that it belongs to; the report ignores it beside others |
| `q` | the quantile: 0.9 |
| `points[].point`, `.engine`, `.replications` | what was computed |
| `points[].completed`, `.objectives`, `.base` | as assumed: share of replications in which every VM was brought over, the objectives as \
in summary.json, and p90 of `makespan_s` and of the longest `downtime_s` with its interval |
| `points[].numbers[].tag`, `.what`, `.values` | the numbers that go up and down together |
| `points[].numbers[].less`, `.more` | with 20 % less and 20 % more: `completed`, `objectives`, `left_behind` (VMs \
that are not brought over in some replications, with the share of these), and of both times `value`, `difference` to the base with \
its paired 95 % interval; infinite ones are `never` and `-never`; `replications`, and where these are fewer \
than those of the point `as_assumed`: `completed` and `objectives` of as many; `note` where a share stops at 100 % or a world cannot be |
| `points[].no_numbers` | tags of assumptions that are no numbers, and why |

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
    blocks += [OPERATIONS, ENGINES, f"{_fields_of_lockstep()}\n"]
    models: list[tuple[str, type[BaseModel]]] = [*_models(ScenarioSpec, "scenario", set()), ("sweep.PATH, where it is no list", RangeSpec)]
    for name, model in models:
        blocks += [f"## {name}", "", (model.__doc__ or "").strip(), "", "| field | default | meaning |", "|---|---|---|"]
        blocks += [_field(key, field) for key, field in model.model_fields.items()]
        blocks.append("")
    return "\n".join(blocks)


def _fields_of_lockstep() -> str:
    refused = [f"`{path}`" for path, answer in FIELDS.items() if isinstance(answer, Refused)]
    return (
        f"A scenario that makes use of one of these fields is simulated by SimPy: {', '.join(refused)}. A size that is large enough, and a "
        "mode that all SUs of a cluster have, keep nothing off lockstep."
    )


def results_manual() -> str:
    """Return docs/results.md: every column of the tables, from the column catalogue."""
    blocks = [
        "# The result tables, column by column",
        "Generated from the column catalogue. Every table is a folder of Parquet files, which pandas, DuckDB and others read as one table;",
        "`migr export RUN --table NAME --out FILE.csv` writes it for a spreadsheet. Times of day count from 00:00 of the first day.",
        "",
    ]
    reasons = "| reason | in words |\n|---|---|\n" + "".join(f"| `{reason}` | {WORDS[reason]} |\n" for reason in REASONS)
    blocks += [BESIDE_THE_TABLES.replace("## Reasons\n\n", f"## Reasons\n\n{reasons}\n")]
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
        "`migr run FILE --assumptions` computes what becomes of the answer when one of their numbers is 20 % off; the report shows it.",
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
    return f"`{str(default).lower() if isinstance(default, bool) else f'{default:g}' if isinstance(default, float) else default}`"


def main() -> None:
    """Write all of them."""
    for name, manual in MANUALS.items():
        (HERE / name).write_text(manual(), encoding="utf-8")


if __name__ == "__main__":
    main()
