"""Which assumed numbers decide the answer: those that change it when they are 20 % off, where `migr run --assumptions` weighed them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sim.experiment.probing.effects import CASES, is_current
from sim.report.page.blocks import number_of
from sim.report.page.objective_words import limit_of, occasions, value_text
from sim.report.page.source import Detail
from sim.results.verdicts import COMPARE
from sim.scenario.objectives import Objective

DECIDES = 0.05  # of the replications: more or fewer of them bring every VM over
OFTEN = 0.05  # of the replications: a VM that is left behind more often is named
MOST_NAMED = 3
WORDS = {"less": "20 % less", "more": "20 % more"}
Entry = Mapping[str, Any]


def deciding(detail: Detail) -> Iterator[str]:
    """Yield which assumed number decides most how often every VM is brought over; nothing where none was weighed or none does."""
    point = _weighed(detail)
    moves = [
        (abs(entry[case]["completed"] - point["completed"]), -place, case)
        for place, entry in enumerate(point["numbers"])
        for case in CASES
        if "completed" in entry[case]
    ]
    if not moves or max(moves)[0] < DECIDES:
        return
    _, place, case = max(moves)
    entry = point["numbers"][-place]
    then = entry[case]
    shares = f"{_share(then['completed'])} of {then['replications']:,} {_nights(detail)}"
    yield (
        f"This answer rests on an assumption: [{entry['tag']}] {entry['what']}. With {WORDS[case]} of it {shares} bring every VM over at "
        f"all, whenever, instead of {_share(point['completed'])}{_staying(then)}. Measure one such migration before you rely on the answer."
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
    for case in CASES:
        moved = [
            (abs(_number(then) - _number(base)), -place, entry, then)
            for place, entry in enumerate(point["numbers"])
            if (then := entry[case].get("objectives", {}).get(objective.text)) is not None and _holds(detail, objective, then) != holds
        ]
        if moved:
            ordered = sorted(moved, key=lambda each: each[:2], reverse=True)
            names = "; ".join(f"[{entry['tag']}] {entry['what']}" for *_, entry, _ in ordered[:MOST_NAMED])
            names += f"; {len(ordered) - MOST_NAMED} more" if len(ordered) > MOST_NAMED else ""
            which = "this assumption" if len(ordered) == 1 else "any of these assumptions"
            far = value_text(base["of"], ordered[0][3]["estimate"])
            yield (
                f"With {WORDS[case]} of {which} it would be {'missed' if holds else 'met'} ({far} instead of "
                f"{value_text(base['of'], base['estimate'])}{' with the first' * (len(ordered) > 1)}): {names}."
            )


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


def _nights(detail: Detail) -> str:
    """Return what replications are called, in the plural."""
    return occasions(detail).removesuffix("s") + "s"
