"""Charts that a page has drawn already, so that one that would look the same is only named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from sim.report.layout import show_span
from sim.report.page.sections.consoles.sequence import LANES
from sim.results.message_times import Appearance, MessageTimes

NEARLY_S = 1.0  # medians of two points that are no further apart make the same chart
SEEN_S = 0.005  # what rounds to 0.00 s is no difference that anybody sees


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart that is drawn.

    Args:
        name: of its point.
        messages: the messages that it has, in the order of time.
    """

    name: str
    messages: tuple[Appearance, ...]

    @classmethod
    def of(cls, name: str, times: MessageTimes) -> Self:
        """Return the chart of a point; what no lane shows is not on it."""
        return cls(name, tuple(each for each in times.appearances if not LANES.keys().isdisjoint(each.consoles)))

    def alike(self, others: Iterable[Chart]) -> Chart | None:
        """Return the first chart that has the same messages in the same order at nearly the same times."""
        return next((other for other in others if other.lines == self.lines and self._apart_s(other) <= NEARLY_S), None)

    def apart(self, other: Chart) -> str:
        """Return in words how far its messages are from those of another chart with the same ones."""
        apart_s = self._apart_s(other)
        return f"each no more than {show_span(apart_s)} earlier or later at the median" if apart_s >= SEEN_S else "at the same times"

    @property
    def lines(self) -> list[tuple[object, ...]]:
        """Id, consoles and number of each message, in the order of time."""
        return [(each.id, each.consoles, each.times) for each in self.messages]

    def _apart_s(self, other: Chart) -> float:
        """Return by how much the median of a message differs most, seconds."""
        pairs = zip(self.messages, other.messages, strict=True)
        both = ((a, b) for one, two in pairs for a, b in ((one.first_s[1], two.first_s[1]), (one.last_s[1], two.last_s[1])))
        return max((abs(a - b) for a, b in both), default=0.0)
