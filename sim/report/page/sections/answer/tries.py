"""What to try about an objective, and what it would do where that is quickly computed; the best comes first."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from sim.errors import ScenarioError
from sim.experiment.probing.what_if import Difference
from sim.report.layout import enumerated
from sim.report.page.objective_words import interval_text, limit_of, occasions, value_text
from sim.report.page.sections.answer.ideas import Try, ideas
from sim.report.page.sections.answer.why import step_of
from sim.report.page.source import Detail, Run
from sim.scenario.objectives import Objective, parse_objective

MOST_TRIES = 4
THIN = 0.05  # slack below this share of the limit: a small change of the night uses it up
SPARE = 1.3  # more replications than the interval needs if the estimate stays: it will not stay exactly
MOST_REPLICATIONS = 10_000_000
_ASKED = ("--set", "--vary", "--seed", "--sensitivity", "--samples", "--by")  # options without which it is another question
_RANKS = {"met": 0, "undecided": 1, "missed": 2}  # of verdicts, for the order in which proposals are told
_UNKNOWN, _ASSUMED, _IN_VAIN = 1.5, 3.0, 4.0


def tries(detail: Detail, objective: Objective, entry: dict[str, Any]) -> list[str]:
    """Return what to try, a sentence each; nothing where the objective is met with slack.

    Args:
        detail: the point.
        objective: what was asked.
        entry: what became of it, of summary.json.
    """
    found = [more_replications(detail, entry, objective)] if entry["verdict"] == "undecided" else []
    if entry["verdict"] != "met" or thin(detail, objective, entry):
        chosen = list(dict.fromkeys(ideas(detail, objective)))[:MOST_TRIES]
        told = sorted((told for each in chosen for told in _told(detail, objective, entry, each)), key=lambda each: each[0])
        found += [sentence for _, sentence in told]
    return found


def slack(detail: Detail, objective: Objective, entry: dict[str, Any]) -> tuple[float, float] | None:
    """Return by how much a time stays below its limit, and the limit, both in seconds; None where the objective is no such thing.

    Of a probability of a makespan or end it is the distance of the p90, of a quantile its own.
    """
    metric = objective.metric
    if metric is None or objective.cmp not in {"<=", "<"} or metric.name in {"rounds", "sent"}:
        return None
    if objective.kind == "probability" and metric.name not in {"makespan", "end"}:
        return None
    step = step_of(detail, metric)
    if step is None and metric.name in {"makespan", "end"}:
        return None
    limit, value = limit_of(objective, detail), entry["estimate"]
    if step is not None:
        limit -= step["at_s"] if metric.name == "end" else 0.0
        if objective.kind == "probability":
            value = step["makespan_s"]["p90"]["value"]
        elif metric.name == "end" and not isinstance(value, str):
            value -= step["at_s"]
    return None if isinstance(value, str) else (limit - value, limit)


def thin(detail: Detail, objective: Objective, entry: dict[str, Any]) -> bool:
    """Tell whether a met objective has little slack."""
    found = slack(detail, objective, entry)
    return found is not None and found[0] < THIN * found[1]


def more_replications(detail: Detail, entry: dict[str, Any], objective: Objective) -> str:
    """Return how many replications would decide an undecided objective, with the command."""
    limit = limit_of(objective, detail) if objective.kind == "quantile" else objective.share or 0.0
    number = replications_to_decide(entry, limit, detail.replications)
    if number is None:
        return "The estimate lies on the limit: more replications hardly decide it; change the plan or the limit instead."
    return f"About {number:,} replications decide it if the estimate stays: `{command(detail.run, replications=number)}`"


def replications_to_decide(entry: dict[str, Any], limit: float, now: int) -> int | None:
    """Return how many replications would bring an interval to one side of its limit; None where no sensible number does.

    An interval narrows with the square root of the replications, so n (half width / distance from the limit)^2 of them are needed.
    Not that of a share of all or of none: its far end is 0.025^(1/n) from the other side (Clopper-Pearson).
    """
    if entry["low"] is None:
        return max(now + 1, int(entry["replications_needed"]))
    ends = (entry["low"], entry["high"], entry["estimate"])
    if any(isinstance(end, str) for end in ends):
        return None
    low, high, estimate = ends
    distance = abs(estimate - limit)
    half = estimate - low if estimate > limit else high - estimate
    needed = math.inf if distance == 0.0 else now * (half / distance) ** 2 * SPARE
    if entry.get("of") == "share" and estimate in {0.0, 1.0} and 0.0 < limit < 1.0:
        needed = math.log(0.025) / math.log1p(-distance) * SPARE
    if needed > MOST_REPLICATIONS:
        return None
    rounded: int = 10 ** max(2, math.floor(math.log10(max(needed, 1.0))))
    return max(2 * now, math.ceil(needed / rounded) * int(rounded))


def command(run: Run, sets: Sequence[tuple[str, str]] = (), replications: int | None = None) -> str:
    """Return the command that computes a run again with other values; with another number of replications it goes on in its folder."""
    words = ["migr", "sweep" if run.swept else "run", str(run.facts["scenario"]), *_kept(run, replications is not None)]
    words += [word for path, value in sets for word in ("--set", f"{path}={value}")]
    words += [] if replications is None else ["--replications", str(replications)]
    return shlex.join(words)


def _kept(run: Run, same_folder: bool) -> Iterator[str]:
    """Yield the options of the command that made the run which say what was computed, and where if it goes on there."""
    names = (*_ASKED, *(("--out",) if same_folder else ()))
    words = iter([str(word) for word in run.facts["command"]])
    for word in words:
        name, equals, _ = word.partition("=")
        if name in names:
            yield word
            if not equals:
                yield next(words, "")


def overrides_of(each: Try) -> list[str]:
    """Return what stands after `--set` for a proposal."""
    return [f"{path}={value}" for path, value in each.sets]


def _told(detail: Detail, objective: Objective, entry: dict[str, Any], each: Try) -> Iterator[tuple[float, str]]:
    """Yield the sentence of a proposal and its place among others; nothing where the scenario cannot have its values."""
    overrides = overrides_of(each)
    try:
        twin = detail.what_if.same_as(overrides) if overrides else None
        found = detail.what_if.of(objective, overrides) if overrides and twin is None else None
    except ScenarioError:
        return
    if twin is not None:
        verdict = _verdict_of(detail, twin, objective)
        if verdict == "missed":
            return  # that other point of the report is no way out
        known = f"in which this objective is {verdict}" if verdict else "of which no replication is there yet"
        yield _RANKS.get(verdict, _UNKNOWN), f"{each.words}: that is {'point' if detail.run.swept else 'variant'} '{twin}', {known}."
        return
    words = each.words
    if found is not None:
        so = _so(detail, each, found, entry["verdict"]) + _others(detail, objective, each, found, entry["verdict"])
        words += f". {_difference(detail, found, so)}"
    yield _rank(each, found), f"{words}{_how(detail, each)}"


def _verdict_of(detail: Detail, name: str, objective: Objective) -> str:
    """Return what became of an objective at another point of the run; "" where none of it was computed."""
    judged = [each for entry in detail.run.summary["points"] if entry["point"] == name for each in entry["objectives"]]
    return next((str(each["verdict"]) for each in judged if each["objective"] == objective.text), "")


def _how(detail: Detail, each: Try) -> str:
    """Return what to type, or where to write it, as the end of a sentence."""
    if not each.sets:
        return "."
    where = next((where for path, _ in each.sets if (where := _set_elsewhere(detail, path))), "")
    if not where:
        return f": `{command(detail.run, each.sets)}`"
    values = ", ".join(f"`{path}: {value}`" for path, value in each.sets)
    return f": write {values} {where}, which sets it itself, and run it again."


def _rank(each: Try, found: Difference | None) -> float:
    if each.assumed:
        return _ASSUMED
    if found is None:
        return _UNKNOWN
    return _IN_VAIN if found.before == found.after else _RANKS[found.after["verdict"]]


def _so(detail: Detail, each: Try, found: Difference, now: str) -> str:
    """Return what follows from a verdict with other values, where all replications have `now` without them."""
    then = found.after["verdict"]
    if then == "undecided" and found.replications < detail.replications:
        return f", too few {occasions(detail)} to decide it"
    if then == now:
        return "" if now == "met" else f", so the objective would still be {now}"
    return f", so the verdict rests on that assumption: it would be {then}" if each.assumed else f", so the objective would be {then}"


def _others(detail: Detail, objective: Objective, each: Try, found: Difference, now: str) -> str:
    """Return what a proposal that helps does to the other objectives of the plan."""
    others = [parse_objective(entry["objective"]) for entry in detail.entry["objectives"] if entry["objective"] != objective.text]
    if not others or each.assumed or found.after["verdict"] != "met":
        return ""
    then = {other.text: detail.what_if.of(other, overrides_of(each)) for other in others}
    missed = [text for text, judged in then.items() if judged is not None and judged.after["verdict"] == "missed"]
    if missed:
        return f", but not {enumerated([f'`{text}`' for text in missed])}"
    return "" if now == "met" else ", and no other one missed"


def _difference(detail: Detail, found: Difference, so: str) -> str:
    """Return what a proposal does in the first replications, without a full stop."""
    of = found.after["of"]
    number = found.replications
    nights = occasions(detail) if number != 1 else occasions(detail)[:-1]
    where = f"the first {number:,} {nights}" if number < detail.replications else f"the same {number:,} {nights}"
    before, after = (value_text(of, each["estimate"]) for each in (found.before, found.after))
    if found.before == found.after:
        return f"For this objective that would change nothing: {after} in {where} with and without it"
    return f"Computed for {where}: {after} instead of {before} ({interval_text(found.after)}){so}"


def _set_elsewhere(detail: Detail, path: str) -> str:
    """Return where a path is set for this point after `--set`, so that `--set` does not reach it; "" for nowhere."""
    wanted = path.split(".")
    if any(_covers(known.split("."), wanted) for known in detail.entry["settings"]):
        return "in the sweep"
    written = detail.run.loaded.document.content.get("variants")
    variants = written if isinstance(written, dict) else {}
    point = detail.point.name
    name = max((name for name in variants if point == name or point.startswith(f"{name}, ")), key=len, default="")
    paths = variants.get(name)
    if isinstance(paths, dict) and any(_covers(str(key).split("."), wanted) for key in paths):
        return f"in the variant '{name}'"
    return ""


def _covers(known: Sequence[str], wanted: Sequence[str]) -> bool:
    """Tell whether two paths can mean the same value."""
    return all(one in {other, "*"} for one, other in zip(known, wanted, strict=False))
