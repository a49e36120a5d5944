"""Section of the report: what the numbers rest on, and how much each assumed one weighs."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sim.experiment.probing.effects import EFFECTS, is_current
from sim.experiment.sources import SOURCES
from sim.report.page.blocks import Block, Cell, Heading, Prose, Section, Table
from sim.report.page.sections.assumptions.tornado import largest, moved_cell, tornado
from sim.report.page.source import Run, Source
from sim.scenario.assumed import FIXED_TIMES, KEPT, WRITING, Assumed, assumed_numbers, no_numbers
from sim.scenario.catalogue import assumptions as catalogue
from sim.scenario.facts import Fact

Weighed = Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]  # of tag and name of a number: what each point says

RULE = (
    "VM2000's own rule, by which it ends the pre-copy or gives up on SU /390, is not published. Where results of SU /390 depend on it they "
)
MATTERS = 0.01  # of p90: less is nothing that anybody would notice
MOST_NAMED = 5
FELT_S = 0.1  # what moves p90 by less is listed, and folded
NEVER = "p90 then has no end"


def assumptions(source: Source) -> Section | None:
    """Return the section: one table a run, and where they were computed the weights of the numbers."""
    blocks: list[Block] = []
    for place, run in enumerate(source.runs):
        if len(source.runs) > 1:
            blocks.append(Heading(run.label or run.folder))
        blocks += _of_run(run, f"r{place}" if len(source.runs) > 1 else "")
    return Section("assumptions", "Assumptions and sources", blocks)


def _of_run(run: Run, suffix: str) -> Iterator[Block]:
    tags = [str(tag) for tag in run.summary.get("assumptions", ())]
    facts = [fact for fact in run.sources if fact.assumption is None or fact.assumption in tags]
    numbers = [each for each in assumed_numbers(facts) if each.tag in tags]
    effects = run.effects
    current = effects is not None and is_current(effects, run.facts)
    weighed = _weighed(effects) if effects is not None and current else {}
    yield Prose(_lead(tags, numbers, weighed), "lead")
    if "A2" in tags:
        yield Prose(f"{RULE}rest on [A2].", "note")
    if run.contents.folder.read_bytes(SOURCES) is None:
        yield Prose(
            f"The folder has no `{SOURCES}` and does not tell which values are assumed; the same `migr run` again writes it.", "soft"
        )
    if effects is None or not current:
        yield Prose(_how_to(run, stale=effects is not None), "note")
    else:
        for place, point in enumerate(effects["points"]):
            yield tornado(point, f"weight{suffix}x{place}")
    yield from _tables(tags, numbers, facts, weighed, f"assumed{suffix}")
    yield _in_full(tags, facts, f"intext{suffix}")
    yield from _sources(facts, f"sources{suffix}")


def _lead(tags: Sequence[str], numbers: Sequence[Assumed], weighed: Weighed) -> str:
    """Return how many assumptions there are, and which of them matter."""
    known = {each.tag for each in numbers}
    text = f"The results rest on {len(tags)} assumptions that nobody has published"
    text += f"; {len(known)} of them are numbers, the others rules and displays." if known else "."
    if not weighed:
        return text
    telling = sorted(((_weight(of), key) for key, of in weighed.items()), key=lambda each: (-each[0], int(each[1][0][1:]), each[1][1]))
    telling = [(weight, key) for weight, key in telling if weight >= MATTERS]
    if not telling:
        return f"{text} None of these moves a p90 by 1 % when it is 20 % off."
    words = "; ".join(f"[{tag}] {what}" + (f" ({NEVER})" if math.isinf(weight) else "") for weight, (tag, what) in telling[:MOST_NAMED])
    words += f"; and {len(telling) - MOST_NAMED} more" if len(telling) > MOST_NAMED else ""
    would = "If they were 20 % off, these would move p90 of the makespan or of the longest downtime by 1 % or more, first the heaviest"
    return f"{text} {would}: {words}."


def _weighed(effects: Mapping[str, Any]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return for tag and name of each number what its points say: the entry, with name and base of the point beside it."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for point in effects["points"]:
        for entry in point["numbers"]:
            found.setdefault((entry["tag"], entry["what"]), []).append(entry | {"point": point["point"], "base": point["base"]})
    return found


def _weight(entries: Sequence[Mapping[str, Any]]) -> float:
    """Return the largest move of a p90 as a share of it."""
    return max(_share(entry, metric) for entry in entries for metric in ("makespan_s", "downtime_s"))


def _share(entry: Mapping[str, Any], metric: str) -> float:
    base, move = entry["base"][metric]["value"], abs(largest(entry, metric))
    if not move:
        return 0.0
    return move / base if not isinstance(base, str) and base > 0 else math.inf


def _how_to(run: Run, *, stale: bool) -> str:
    """Return the command that computes the weights."""
    parts = [str(part) for part in run.facts.get("command", ())] or ["migr", "run", str(run.facts.get("scenario", "FILE"))]
    parts = [part for part in parts if part not in ("--no-report", "--assumptions")] + ["--assumptions"]
    if not any(part == "--out" or part.startswith("--out=") for part in parts):
        parts += ["--out", run.folder]
    why = f"`{EFFECTS}` in the folder belongs to other results and is not shown. " if stale else ""
    return (
        f"{why}How much each assumed number weighs has not been computed for these results. `{shlex.join(parts)}` does it, in some "
        "seconds where the lockstep engine covers the plan; what is computed already is not computed again."
    )


def _tables(
    tags: Sequence[str],
    numbers: Sequence[Assumed],
    facts: Sequence[Fact],
    weighed: Weighed,
    key: str,
) -> Iterator[Table]:
    """Yield the assumptions, their values, and their effect where it is known: the heaviest first, folded those that move nothing."""
    known, why = catalogue(), no_numbers(facts)
    ordered = sorted(numbers, key=lambda each: -_weight(weighed[each.tag, each.what]) if (each.tag, each.what) in weighed else 0.0)
    rows: list[list[Cell | str]] = []
    for each in ordered:
        head = f"[{each.tag}]", known[each.tag].title, f"{each.what}: {_values(each)}"
        rows.append([*head, *_moves(weighed, each)] if weighed else [*head, known[each.tag].parameter or "-"])
    with_number = {each.tag for each in numbers}
    for tag in (tag for tag in tags if tag not in with_number and tag in known):
        head = f"[{tag}]", known[tag].title, why.get(tag, "-")
        rows.append([*head, "no number", "no number"] if weighed else [*head, known[tag].parameter or "-"])
    titles = "Tag", "What is assumed", "Value used"
    caption = "Every assumption that these results rest on"
    if not weighed:
        yield Table(key, (*titles, "Replaced in a scenario by"), rows, f"{caption}.")
        return
    heavy = [row for row in rows if any(isinstance(cell, Cell) and abs(cell.value or 0.0) >= FELT_S for cell in row)]
    light = [row for row in rows if row not in heavy]
    columns = (*titles, "p90 makespan moves by", "p90 downtime moves by")
    caption = (
        "Assumptions that move p90, and by how much with 20 % less / 20 % more of a number. Where several variants were weighed: in that "
        "one which it moves most. A dash: it is 100 % already. The downtime is the longest of a replication."
    )
    if heavy:
        yield Table(key, columns, heavy, caption)
    if light:
        rest = f"The {len(light)} others, which move p90 by less than {FELT_S:g} s: numbers that decide nothing here, and rules."
        yield Table(f"{key}rest", columns, light, rest, folded=True)


def _moves(weighed: Weighed, assumed: Assumed) -> tuple[Cell, Cell]:
    entries = weighed.get((assumed.tag, assumed.what))
    return (moved_cell(entries, "makespan_s"), moved_cell(entries, "downtime_s")) if entries else (Cell("not weighed"), Cell("not weighed"))


def _values(assumed: Assumed) -> str:
    """Return the values of numbers that belong together, each once."""
    if assumed.what.startswith(WRITING):
        return ", ".join(dict.fromkeys(map(_load, assumed.facts)))
    named = assumed.what in (FIXED_TIMES, KEPT)
    texts = [(_named(fact) + " " if named else "") + _short(fact.value_text) for fact in assumed.facts]
    counts = {text: texts.count(text) for text in texts}
    return ", ".join(f"{text} ({count} times)" if count > 1 and not named else text for text, count in counts.items())


def _short(text: str) -> str:
    """Return a duration by its median; the spread is in the scenario of the result folder."""
    return text.removeprefix("median ").split(", cv")[0]


def _named(fact: Fact) -> str:
    parts = fact.path.split(".")
    owner = {"monitor": "monitor VM", "x2000": "X2000"}.get(parts[-2], "") if parts[-1] == "memory" else ""
    return owner or parts[-1].replace("_", " ")


def _load(fact: Fact) -> str:
    """Return whose writing it is: a load that stands for a profile, or a VM for which no load was named."""
    kind, name = fact.path.split(".")[:2]
    if kind == "vms":
        return f"{name} {fact.value_text}"
    profile = fact.source.split(":")[0]
    return profile if profile == f"profile {name}" else f"{name} ({profile})"


def _in_full(tags: Sequence[str], facts: Sequence[Fact], key: str) -> Table:
    """Return the full text of each assumption, and what its numbers were taken from."""
    known = catalogue()
    rows = []
    for tag in (tag for tag in tags if tag in known):
        cited = dict.fromkeys(_source(fact) for fact in facts if fact.assumption == tag and fact.origin == "profile")
        named = "; ".join(text for text in cited if not text.startswith("assumed ["))
        rows.append([f"[{tag}]", known[tag].text, named or "-", known[tag].parameter or "-"])
    return Table(
        key,
        ("Tag", "What is known and what is assumed", "The value comes from", "Replaced in a scenario by"),
        rows,
        "The assumptions in full.",
        folded=True,
    )


def _sources(facts: Sequence[Fact], key: str) -> Iterator[Table]:
    """Yield the numbers that are published or measured and stand for what they are used for."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for fact in facts:
        if fact.assumption is None and fact.origin == "profile":
            found.setdefault((fact.path.split(".")[-1], fact.value_text, _source(fact)), []).append(fact.path)
    if found:
        rows = [
            [paths[0] + (f" and {len(paths) - 1} more" if len(paths) > 1 else ""), value, cited]
            for (_, value, cited), paths in found.items()
        ]
        yield Table(
            key,
            ("What", "Value", "Source"),
            rows,
            "Numbers out of the catalogue that are published, measured or by definition.",
            folded=True,
        )


def _source(fact: Fact) -> str:
    """Return where the number of a profile comes from, without the profile's name."""
    return fact.source.partition(": ")[2] or fact.source
