"""Section of the report: what the numbers rest on, and how much each assumed one weighs."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sim.experiment.probing.effects import EFFECTS, is_current
from sim.experiment.sources import SOURCES
from sim.report.layout import enumerated
from sim.report.page.blocks import Block, Cell, Heading, Prose, Section, Table
from sim.report.page.sections.assumptions.measures import FELT_WORDS, RANKING, Measure, Weighed, measures_of, moved, moved_cell
from sim.report.page.sections.assumptions.tornado import tornado
from sim.report.page.source import Run, Source
from sim.scenario.assumed import FIXED_TIMES, KEPT, WRITING, Assumed, assumed_numbers, no_numbers
from sim.scenario.catalogue import assumptions as catalogue
from sim.scenario.facts import Fact

Found = Mapping[tuple[str, str], Sequence[Weighed]]  # of tag and name of a number: it in each point that was weighed

RULE = (
    "VM2000's own rule, by which it ends the pre-copy or gives up on SU /390, is not published. Where results of SU /390 depend on it they "
)
MOST_NAMED = 3
MOST_VALUES = 2  # of a number, in the table of those that weigh
MOST_OBJECTIVES, MOST_MEASURES = 2, 4  # columns of what changes, beside those that say what is assumed


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
    if run.contents.folder.read_bytes(SOURCES) is None:
        yield Prose(
            f"The folder has no `{SOURCES}` and does not tell which values are assumed; the same `migr run` again writes it.", "soft"
        )
    else:
        rule = f" A number weighs where 20 % less or more of it {FELT_WORDS}. {RANKING}." if weighed else ""
        yield Prose(f"{_counts(tags, numbers)}{rule}")
    if "A2" in tags:
        yield Prose(f"{RULE}rest on [A2].", "note")
    if effects is None or not current:
        yield Prose(_how_to(run, stale=effects is not None), "note")
    else:
        for place, point in enumerate(effects["points"]):
            yield tornado(point, f"weight{suffix}x{place}")
    measures = measures_of(effects["points"]) if effects is not None and weighed else []
    yield from _tables(tags, numbers, facts, weighed, measures, f"assumed{suffix}")
    yield _in_full(tags, numbers, facts, f"intext{suffix}")
    yield from _sources(facts, f"sources{suffix}")


def _lead(tags: Sequence[str], numbers: Sequence[Assumed], weighed: Found) -> str:
    """Return that results rest on assumptions, and which of the numbers among these matter."""
    text = f"The results rest on {_counted(len(tags), 'assumption')} that nobody has published"
    if not weighed or not numbers:
        return f"{text}."
    telling = _felt(numbers, weighed)
    if not telling:
        return f"{text}. None of the {_counted(len(numbers), 'number')} among them {FELT_WORDS}, when it is 20 % off."
    weigh = f"{len(telling)} of the {_counted(len(numbers), 'number')} among them weigh{'s' if len(telling) == 1 else ''}"
    first = max(weighed[telling[0].tag, telling[0].what], key=lambda each: each.weight)
    of = f"{first.point['point']}: " if first.point["point"] else ""
    rest = [f"[{each.tag}] {each.what}" for each in telling[1:MOST_NAMED]]
    rest += [f"{len(telling) - MOST_NAMED} more"] if len(telling) > MOST_NAMED else []
    then = f"; then {enumerated(rest)}" if rest else ""
    return f"{text}. {weigh}, most of all {first.name} ({of}{first.effect()}){then}."


def _counts(tags: Sequence[str], numbers: Sequence[Assumed]) -> str:
    """Return what is counted: assumptions by their tags, numbers one by one."""
    known = len({each.tag for each in numbers})
    if not known:
        return "Each assumption has a tag in brackets. None of them stands for a number: they are rules and displays."
    stand = f"{known} of them stand{'s' if known == 1 else ''} for numbers, {_counted(len(numbers), 'number')} in all"
    return f"Each assumption has a tag in brackets. {stand}; the other {len(tags) - known} are rules and displays."


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _weighed(effects: Mapping[str, Any]) -> dict[tuple[str, str], list[Weighed]]:
    """Return for tag and name of each number what was found in each point."""
    found: dict[tuple[str, str], list[Weighed]] = {}
    for point in effects["points"]:
        for entry in point["numbers"]:
            found.setdefault((entry["tag"], entry["what"]), []).append(Weighed(point, entry))
    return found


def _felt(numbers: Sequence[Assumed], weighed: Found) -> list[Assumed]:
    """Return the numbers whose change anybody would notice, the heaviest first: as the figures have them."""
    felt = [each for each in numbers if any(one.felt for one in weighed.get((each.tag, each.what), ()))]
    return sorted(felt, key=lambda each: max(one.weight for one in weighed[each.tag, each.what]), reverse=True)


def weighing_command(run: Run) -> str:
    """Return the command that computes what each assumption weighs."""
    parts = [str(part) for part in run.facts.get("command", ())] or ["migr", "run", str(run.facts.get("scenario", "FILE"))]
    parts = [part for part in parts if part not in ("--no-report", "--assumptions")] + ["--assumptions"]
    if not any(part == "--out" or part.startswith("--out=") for part in parts):
        parts += ["--out", run.folder]
    return shlex.join(parts)


def _how_to(run: Run, *, stale: bool) -> str:
    """Return how to get the weights."""
    why = f"`{EFFECTS}` in the folder belongs to other results and is not shown. " if stale else ""
    return (
        f"{why}How much each assumed number weighs has not been computed for these results. `{weighing_command(run)}` does it, as a rule "
        "in a minute or less; what is computed already is not computed again."
    )


def _tables(
    tags: Sequence[str],
    numbers: Sequence[Assumed],
    facts: Sequence[Fact],
    weighed: Found,
    measures: Sequence[Measure],
    key: str,
) -> Iterator[Table]:
    """Yield the assumptions and their values; where it is known with what they change: those that weigh, and folded the others."""
    known, why = catalogue(), no_numbers(facts)
    with_number = {each.tag for each in numbers}
    rules = [(f"[{tag}]", known[tag].title, why.get(tag, "-"), tag) for tag in tags if tag not in with_number and tag in known]
    named = {each: (f"[{each.tag}]", known[each.tag].title, f"{each.what}: {_values(each)}") for each in numbers}
    titles = "Tag", "What is assumed", "Value used"
    if not weighed:
        rows: list[list[Cell | str]] = [[*head, known[each.tag].parameter or "-"] for each, head in named.items()]
        rows += [[*head, known[tag].parameter or "-"] for *head, tag in rules]
        yield Table(key, (*titles, "Replaced in a scenario by"), rows, f"{_table_counts(len(numbers), len(rules))}.")
        return
    shown = moved([each for of in weighed.values() for each in of], measures, MOST_OBJECTIVES, MOST_MEASURES)
    changes = [measure.title for measure in shown]
    heavy = _felt(numbers, weighed)
    light = [each for each in numbers if each not in heavy]
    if heavy:
        rows = [[f"[{each.tag}]", _in_short(each), *_moves(weighed, each, shown)] for each in heavy]
        yield Table(
            key,
            ("Tag", "Number", *changes),
            rows,
            _caption(len(heavy), len(numbers), several=any(len(each) > 1 for each in weighed.values())),
        )
    rows = [[*named[each], *_moves(weighed, each, shown)] for each in light]
    rows += [[*head, *["no number"] * len(shown)] for *head, _ in rules]
    if rows:
        rest = f"{_table_counts(len(light), len(rules), 'other ' * bool(heavy))}: 20 % of such a number changes less, or nothing."
        yield Table(f"{key}rest", (*titles, *changes), rows, rest, folded=True)


def _table_counts(numbers: int, rules: int, other: str = "") -> str:
    """Return what a table lists: numbers, and assumptions that are none."""
    return (
        f"The {numbers} {other}number{'' if numbers == 1 else 's'}, and the {_counted(rules, 'assumption')} without one: rules and displays"
    )


def _caption(heavy: int, numbers: int, *, several: bool) -> str:
    where = " Where several points were weighed: in that one in which it changes most." if several else ""
    return (
        f"The {heavy} of {numbers} numbers that weigh, and what changes with 20 % less / 20 % more of each.{where} "
        "A dash: it is 100 % already. In nine of ten replications a time is at most its p90; the longest downtime is that of the VM that "
        "stands still longest."
    )


def _moves(weighed: Found, assumed: Assumed, measures: Sequence[Measure]) -> list[Cell]:
    found = weighed.get((assumed.tag, assumed.what))
    return [moved_cell(found, measure) if found else Cell("not weighed") for measure in measures]


def _in_short(assumed: Assumed) -> str:
    """Return a number with its value; with how many where these are many: the assumptions in full name them."""
    values = _values(assumed).split(", ")
    return f"{assumed.what}: {', '.join(values) if len(values) <= MOST_VALUES else f'{len(values)} values'}"


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


def _in_full(tags: Sequence[str], numbers: Sequence[Assumed], facts: Sequence[Fact], key: str) -> Table:
    """Return the full text of each assumption, its numbers, and what these were taken from."""
    known = catalogue()
    rows = []
    for tag in (tag for tag in tags if tag in known):
        cited = dict.fromkeys(_source(fact) for fact in facts if fact.assumption == tag and fact.origin == "profile")
        named = "; ".join(text for text in cited if not text.startswith("assumed ["))
        values = "; ".join(f"{each.what}: {_values(each)}" for each in numbers if each.tag == tag)
        rows.append([f"[{tag}]", known[tag].text.replace("`", ""), values or "no number", named or "-", known[tag].parameter or "-"])
    return Table(
        key,
        ("Tag", "What is known and what is assumed", "Values used", "The value comes from", "Replaced in a scenario by"),
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
