"""Which assumed numbers decide the answer: those that change it when they are 20 % off, where `migr run --assumptions` weighed them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from sim.experiment.probing.effects import CASES, is_current
from sim.report.layout import show_span
from sim.report.page.blocks import number_of
from sim.report.page.objective_words import limit_text, occasions
from sim.report.page.sections.answer.tries import slack
from sim.report.page.source import Detail
from sim.scenario.objectives import Metric, Objective

DECIDES = 0.05  # of the replications: more or fewer of them bring every VM over
MOST_NAMED = 3
WORDS = {"less": "20 % less", "more": "20 % more"}
Entry = Mapping[str, Any]


def deciding(detail: Detail) -> Iterator[str]:
    """Yield which assumed number decides how often every VM is brought over, a sentence; nothing where none was weighed or none does."""
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
    shares = f"{_share(entry[case]['completed'])} instead of {_share(point['completed'])} of the {_nights(detail)} bring every VM over"
    yield (
        f"One assumption decides: [{entry['tag']}] {entry['what']}. With {WORDS[case]} of it {shares}. Replace it by a measurement before "
        "you rely on this answer."
    )


def crossing(detail: Detail, objective: Objective, judged: Entry) -> Iterator[str]:
    """Yield which assumed numbers bring p90 to the other side of the limit of an objective, a sentence.

    Args:
        detail: the point.
        objective: what was asked.
        judged: what became of it, of summary.json.
    """
    found, metric = slack(detail, objective, dict(judged)), objective.metric
    if found is None or metric is None or not _of_all(detail, metric):
        return
    point, quantity = _weighed(detail), "downtime_s" if metric.name == "downtime" else "makespan_s"
    limit_s, base = found[1], number_of(point["base"][quantity]["value"]) if point["numbers"] else None
    if base is None or not math.isfinite(base):
        return
    beyond: dict[str, list[tuple[float, Entry]]] = {case: [] for case in CASES}
    for entry in point["numbers"]:
        for case in CASES:
            value = number_of(entry[case][quantity]["value"]) if quantity in entry[case] else None
            if value is not None and math.isfinite(value) and (value <= limit_s) != (base <= limit_s):
                beyond[case].append((value, entry))
    side = "below" if base > limit_s else "beyond"
    for case, moved in beyond.items():
        ordered = sorted(moved, key=lambda each: -abs(each[0] - base))
        if ordered:
            names = "; ".join(f"[{entry['tag']}] {entry['what']}" for _, entry in ordered[:MOST_NAMED])
            names += f"; {len(ordered) - MOST_NAMED} more" if len(ordered) > MOST_NAMED else ""
            which = "this assumption" if len(ordered) == 1 else "one of these assumptions"
            most = ("up to " if side == "beyond" else "down to ") * (len(ordered) > 1)
            yield (
                f"With {WORDS[case]} of {which} p90 is {side} the limit of {limit_text(metric, objective.value or 0.0)}, "
                f"{most or 'at '}{show_span(ordered[0][0])} instead of {show_span(base)}: {names}."
            )


def _of_all(detail: Detail, metric: Metric) -> bool:
    """Tell whether a metric looks at what was weighed: the makespan of the whole plan, or the longest downtime."""
    if metric.name in {"makespan", "end"}:
        return len(detail.point.steps) == 1
    return metric.name == "downtime" and not metric.of


def _weighed(detail: Detail) -> dict[str, Any]:
    """Return what `assumptions.json` says of a point; no numbers where it says nothing, or belongs to other results."""
    found = detail.run.effects
    if found is not None and is_current(found, detail.run.facts):
        for point in found["points"]:
            if point["point"] == detail.point.name:
                return dict(point)
    return {"numbers": [], "completed": 1.0, "base": {}}


def _share(share: float) -> str:
    return f"{100.0 * share:.0f} %"


def _nights(detail: Detail) -> str:
    """Return what replications are called, in the plural."""
    return occasions(detail).removesuffix("s") + "s"
