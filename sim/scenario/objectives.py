"""Read an objective such as "P(makespan of out <= 4 h) >= 95 %" as numbers.

P(METRIC cmp VALUE) cmp SHARE  |  pNN(METRIC) cmp VALUE  |  share(OUTCOME) cmp SHARE
METRIC: makespan [of STEP]  |  end of STEP  |  total, downtime, rounds or sent [of VM or STEP]
cmp: <=, <, >= or >
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from sim.columns import OUTCOMES
from sim.units import UnitError, parse_clock, parse_memory, parse_share, parse_time

Kind = Literal["probability", "quantile", "share"]

COMPARISONS = ("<=", "<", ">=", ">")

_EXAMPLES: dict[Kind, str] = {
    "probability": "P(makespan of out <= 4 h) >= 95 %",
    "quantile": "p99(downtime of VM12PROD) <= 5 s",
    "share": "share(completed) >= 99 %",
}
_ALL_EXAMPLES = ", ".join(f"'{example}'" for example in _EXAMPLES.values())
_METRIC_EXAMPLES = "'makespan of out' or 'downtime of VM12PROD'"


class ObjectiveError(ValueError):
    """A text is no objective; the message says what was understood, what is allowed after it and gives an example."""


@dataclass(frozen=True, slots=True)
class Metric:
    """What an objective looks at.

    Args:
        name: makespan, end, total, downtime, rounds or sent.
        of: name of a VM or step, unchecked; empty for all of the plan.
    """

    name: str
    of: str = ""


@dataclass(frozen=True, slots=True)
class Objective:
    """An objective as numbers; what its kind does not use is None or empty.

    Args:
        text: the objective as it was written.
        kind: probability, quantile or share.
        quantile: q of a quantile objective, 0 < q < 1.
        metric: what `value` is compared with (probability, quantile).
        cmp: how: "metric cmp value".
        value: seconds (makespan, total, downtime), seconds since midnight (end), bytes (sent) or rounds.
        share_cmp: how the share of the replications is compared (probability, share).
        share: with which share, 0 to 1.
        outcome: whose share it is (share).
    """

    text: str
    kind: Kind
    quantile: float | None = None
    metric: Metric | None = None
    cmp: str = ""
    value: float | None = None
    share_cmp: str = ""
    share: float | None = None
    outcome: str = ""


def parse_objective(text: object) -> Objective:
    """Return the objective that a text states.

    Whether the VM or the step that it names exists is not looked at.

    Raises:
        ObjectiveError: the text is none.
    """
    if not isinstance(text, str):
        raise ObjectiveError(f"{text!r} is no objective; write text such as {_ALL_EXAMPLES}")
    reader = _Reader(text)
    if reader.take(r"P\s*\("):
        return _probability(reader)
    if percent := reader.take(r"p[0-9]+(?:\.[0-9]+)?(?=\s*\()"):
        return _quantile(reader, percent)
    if reader.take(r"share\s*\("):
        return _share(reader)
    raise reader.stop("'P(metric <= value) >= share', 'pNN(metric) <= value' or 'share(outcome) <= share'")


def parse_metric(text: str) -> Metric:
    """Return the metric that a text such as "downtime of VM12PROD" names; whether the VM or the step exists is not looked at.

    Raises:
        ObjectiveError: the text is none.
    """
    reader = _Reader(text, kind="metric")
    metric = reader.metric("nothing more")
    reader.end()
    return metric


def _probability(reader: _Reader) -> Objective:
    reader.kind = "probability"
    metric = reader.metric("<=, <, >= or >")
    cmp = reader.comparison()
    value = reader.quantity(*_VALUES[metric.name])
    reader.need(r"\)", "')'")
    share_cmp = reader.comparison()
    share = reader.quantity(parse_share, "a share such as '95 %'")
    reader.end()
    return Objective(reader.text, "probability", metric=metric, cmp=cmp, value=value, share_cmp=share_cmp, share=share)


def _quantile(reader: _Reader, percent: str) -> Objective:
    reader.kind = "quantile"
    quantile = float(Fraction(percent[1:]) / 100)  # rounded once: 99.9 / 100 in floats is 0.9990000000000001
    if not 0 < quantile < 1:
        reader.at -= len(percent)
        raise reader.stop("a quantile between p0 and p100, such as p50, p99 or p99.9")
    reader.need(r"\(", "'('")
    metric = reader.metric("')'")
    reader.need(r"\)", "')'")
    cmp = reader.comparison()
    value = reader.quantity(*_VALUES[metric.name])
    reader.end()
    return Objective(reader.text, "quantile", quantile=quantile, metric=metric, cmp=cmp, value=value)


def _share(reader: _Reader) -> Objective:
    reader.kind = "share"
    outcome = reader.word(OUTCOMES)
    reader.need(r"\)", "')'")
    share_cmp = reader.comparison()
    share = reader.quantity(parse_share, "a share such as '99 %'")
    reader.end()
    return Objective(reader.text, "share", share_cmp=share_cmp, share=share, outcome=outcome)


def _clock(text: str) -> float:
    """Return a clock time; quotes, as elsewhere in a scenario, are welcome."""
    return float(parse_clock(text[1:-1] if re.fullmatch(r"([\"']).*\1", text) else text))


def _rounds(text: str) -> float:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise UnitError(f"{text!r} is not a number of rounds; write a whole number without a unit, such as 5")
    return float(text)


_DURATION = (parse_time, "a time such as '5 s' or '4 h'")
_VALUES: dict[str, tuple[Callable[[str], float], str]] = {
    "makespan": _DURATION,
    "end": (_clock, "a clock time such as 23:30"),
    "total": _DURATION,
    "downtime": _DURATION,
    "rounds": (_rounds, "a number of rounds such as 5"),
    "sent": (parse_memory, "a size such as '20 GiB'"),
}


@dataclass(slots=True)
class _Reader:
    """A text and how far it is understood."""

    text: str
    at: int = 0
    kind: Kind | Literal["metric"] | None = None

    def take(self, pattern: str) -> str:
        """Return what matches here, after blanks, and go behind it; nothing when it does not match."""
        match = re.compile(rf"\s*({pattern})").match(self.text, self.at)
        if match is None:
            return ""
        self.at = match.end()
        return match[1]

    def need(self, pattern: str, allowed: str) -> str:
        """Return what matches here; `allowed` is what to write when nothing does."""
        taken = self.take(pattern)
        if not taken:
            raise self.stop(allowed)
        return taken

    def word(self, allowed: tuple[str, ...]) -> str:
        """Return one of these words."""
        return self.need(rf"(?:{'|'.join(allowed)})(?![\w-])", _either(allowed))

    def metric(self, then: str) -> Metric:
        """Return the metric; `then` is what can follow it."""
        name = self.word(tuple(_VALUES))
        if self.take(r"of(?![\w-])"):
            return Metric(
                name,
                self.need(
                    r"[^\s()<>=]+(?:\s+[^\s()<>=]+)*", "the name of a step" if name in {"end", "makespan"} else "the name of a VM or a step"
                ),
            )
        if name == "end":
            raise self.stop("'of' and the name of a step")
        if not re.compile(r"\s*([()<>=!]|$)").match(self.text, self.at):
            raise self.stop(f"'of' and a name, or {then}")
        return Metric(name)

    def comparison(self) -> str:
        start = self.at
        sign = self.take("[<>=!\u2264\u2265]+")
        if sign not in COMPARISONS:
            self.at = start
            raise self.stop(_either(COMPARISONS))
        return sign

    def quantity(self, parse: Callable[[str], float], allowed: str) -> float:
        """Return what is written up to the next bracket or comparison as a number."""
        start = self.at
        written = self.need(r"[^\s()<>=](?:[^()<>=]*[^\s()<>=])?", allowed)
        try:
            return float(parse(written))
        except UnitError as error:
            self.at = start
            raise ObjectiveError(f"{self.text!r}: understood {self._understood()}, then {error}; {self._example()}") from None

    def end(self) -> None:
        if self.text[self.at :].strip():
            raise self.stop("nothing more")

    def stop(self, allowed: str) -> ObjectiveError:
        """Return the error that says how far the text is understood."""
        rest = self.text[self.at :].strip()
        if self.kind == "metric" and rest == self.text.strip():
            return ObjectiveError(f"{self.text!r}: is no metric; write {allowed}; {self._example()}")
        then = f"then comes {rest!r}" if rest else "then it ends"
        return ObjectiveError(f"{self.text!r}: understood {self._understood()}, {then}; write {allowed} there; {self._example()}")

    def _understood(self) -> str:
        return repr(self.text[: self.at].strip()) if self.text[: self.at].strip() else "nothing"

    def _example(self) -> str:
        if self.kind == "metric":
            return f"for example {_METRIC_EXAMPLES}"
        return f"for example {_ALL_EXAMPLES if self.kind is None else repr(_EXAMPLES[self.kind])}"


def _either(choices: tuple[str, ...]) -> str:
    return f"{', '.join(choices[:-1])} or {choices[-1]}"
