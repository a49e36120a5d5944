"""Which assumed numbers decide the answer: those that change it when they are 20 % off, where `migr run --assumptions` weighed them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sim.experiment.probing.effects import as_assumed, is_current
from sim.report.page.blocks import number_of
from sim.report.page.objective_words import limit_of, occasions, value_text
from sim.report.page.sections.assumptions.measures import CASES
from sim.report.page.source import Detail
from sim.results.verdicts import COMPARE
from sim.scenario.objectives import Objective

DECIDES = 0.05  # of the replications: more or fewer of them bring every VM over
OFTEN = 0.05  # of the replications: a VM that is left behind more often is named
MOST_NAMED = 3
Entry = Mapping[str, Any]


def deciding(detail: Detail) -> Iterator[str]:
    """Yield which assumed number decides most how often every VM is brought over; nothing where none was weighed or none does."""
    point = _weighed(detail)
    moves = [
        (abs(entry[case]["completed"] - as_assumed(point, entry[case])["completed"]), -place, case)
        for place, entry in enumerate(point["numbers"])
        for case in CASES
        if "completed" in entry[case]
    ]
    if not moves or max(moves)[0] < DECIDES:
        return
    _, place, case = max(moves)
    entry = point["numbers"][-place]
    then = entry[case]
    now = as_assumed(point, then)
    shares = f"{_share(then['completed'])} of {then['replications']:,} {occasions(detail)}"
    yield (
        f"This answer rests on an assumption: [{entry['tag']}] {entry['what']}. With {CASES[case]} of it {shares} bring every VM over at "
        f"all, whenever, instead of {_share(now['completed'])}{_staying(then)}. Measure one such migration before you rely on the answer."
    )


def _staying(case: Entry) -> str:
    """Return which VMs are left behind then."""
    often = [name for name, share in case["left_behind"].items() if share >= OFTEN]
    if not often:
        return ""
    more = f" and {len(often) - MOST_NAMED} more" if len(often) > MOST_NAMED else ""
    return f"; left behind {'is' if len(often) == 1 else 'are'} {', '.join(often[:MOST_NAMED])}{more}"


def crossing(detail: Detail, objective: Objective) -> Iterator[str]:
    """Yield which assumed numbers bring an objective to the other side of its limit, a sentence for less of them and one for more."""
    point = _weighed(detail)
    base = point["objectives"].get(objective.text)
    if base is None:
        return
    holds = _holds(detail, objective, base)
    for case, words in CASES.items():
        ordered = _crossed(detail, objective, case, holds=holds)
        if ordered:
            names = "; ".join(f"[{entry['tag']}] {entry['what']}" for entry, _, _ in ordered[:MOST_NAMED])
            names += f"; {len(ordered) - MOST_NAMED} more" if len(ordered) > MOST_NAMED else ""
            which = "this assumption" if len(ordered) == 1 else "any of these assumptions"
            then, now = (value_text(base["of"], judged["estimate"]) for judged in ordered[0][1:])
            yield (
                f"With {words} of {which} it would be {'missed' if holds else 'met'} ({then} instead of "
                f"{now}{' with the first' * (len(ordered) > 1)}): {names}."
            )


def _crossed(detail: Detail, objective: Objective, case: str, *, holds: bool) -> list[tuple[Entry, Entry, Entry]]:
    """Return the numbers that bring an objective across its limit, with what becomes of it and what the same replications have as assumed.

    The one that moves it farthest comes first.
    """
    point, found = _weighed(detail), []
    for entry in point["numbers"]:
        then = entry[case].get("objectives", {}).get(objective.text)
        now = as_assumed(point, entry[case])["objectives"].get(objective.text)
        if then is not None and now is not None and _holds(detail, objective, now) == holds != _holds(detail, objective, then):
            found.append((entry, then, now))
    return sorted(found, key=lambda each: -abs(_number(each[1]) - _number(each[2])))


def _holds(detail: Detail, objective: Objective, judged: Entry) -> bool:
    """Tell on which side of its limit an objective is, whether or not its interval is wholly there."""
    quantile = objective.kind == "quantile"
    compare = COMPARE[objective.cmp if quantile else objective.share_cmp]
    return bool(compare(_number(judged), limit_of(objective, detail) if quantile else objective.share or 0.0))


def _number(judged: Entry) -> float:
    return number_of(judged["estimate"]) or 0.0


def _weighed(detail: Detail) -> dict[str, Any]:
    """Return what `assumptions.json` says of a point; no numbers where it says nothing, or belongs to other results."""
    found = detail.run.effects
    if found is not None and is_current(found, detail.run.facts):
        for point in found["points"]:
            if point["point"] == detail.point.name:
                return dict(point)
    return {"numbers": [], "completed": 1.0, "objectives": {}}


def _share(share: float) -> str:
    return f"{100.0 * share:.0f} %"
