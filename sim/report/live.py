"""What people see while a run computes: on a terminal a bar, percentiles that settle and a histogram; elsewhere a line now and then."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import RLock

from rich.console import Console, RenderableType
from rich.progress import Progress
from rich.text import Text

from sim.errors import ResultsError
from sim.experiment.execution.parts import Part
from sim.experiment.glimpse import Glimpse, glimpse
from sim.experiment.storage.store import Store
from sim.report.layout import show_span
from sim.report.progress import Shown, can_move, columns_of, of_points, showing_progress
from sim.report.spread import Spread

EVERY_S = 0.5  # how often the picture changes
COST = 0.05  # of the time: what looking at parts may take, so that a slow store does not slow the run
BARS = 12  # of the histogram
BESIDE = 7  # lines of a terminal that are left to all else: the bar, the heading, and what was printed before
KEPT = 64  # points that are remembered
SAME = 0.0005  # a percentile that moved by less than this has not moved
QUANTILES = (0.5, 0.9, 0.99)
EIGHTHS = " ▏▎▍▌▋▊▉"

Watch = Callable[[Store, Part], None]


@contextmanager
def showing_run(what: str, names: Sequence[str]) -> Iterator[tuple[Shown, Watch | None]]:
    """Yield what is told of progress, and what is told of each part that is stored; None where nobody looks at a picture.

    Args:
        what: is counted, e.g. "replications".
        names: of the points.
    """
    console = Console(stderr=True)
    if not can_move(console):
        with showing_progress(what) as show:
            yield show, None
        return
    picture = Picture(names, console)
    with _Live(picture, *columns_of(what, console.width), console=console, transient=True, refresh_per_second=1.0 / EVERY_S) as bar:
        task = bar.add_task(what, total=None, points="")

        def shown(done: int, total: int, points_done: int, points: int) -> None:
            picture.begin(done)
            bar.update(task, completed=done, total=total, points=of_points(points_done, points))
            picture.renew()

        yield shown, picture.watch
        picture.renew(now=True)  # also what came last is shown once


class _Live(Progress):
    """A bar with a picture below it."""

    def __init__(self, picture: Picture, *columns: object, **options: object) -> None:
        self._picture = picture  # before the bar is made: that draws it once
        super().__init__(*columns, **options)  # type: ignore[arg-type]  # as Progress takes them

    def get_renderables(self) -> Iterable[RenderableType]:
        """Yield bar and picture, as far as it has come."""
        self._picture.renew()  # what came last is shown, too, while nothing more comes
        yield from super().get_renderables()
        yield self._picture.text


@dataclass(slots=True)
class _Seen:
    """What was seen of a point.

    Args:
        makespans, downtimes: as they spread.
        completed, attempts: how many.
        has_downtimes: whether the column is stored.
        before: percentiles of the makespan at the last look.
    """

    makespans: Spread = field(default_factory=Spread)
    downtimes: Spread = field(default_factory=Spread)
    completed: int = 0
    attempts: int = 0
    has_downtimes: bool = True
    before: tuple[float, ...] = ()

    def add(self, found: Glimpse) -> None:
        self.makespans.add(found.makespans)
        if found.downtimes is not None:
            self.downtimes.add(found.downtimes)
        self.has_downtimes = found.downtimes is not None
        self.completed += found.completed
        self.attempts += found.attempts


class Picture:
    """What the last part says, with all parts of its point before.

    Args:
        names: of the points.
        console: whose size it has.
    """

    def __init__(self, names: Sequence[str], console: Console) -> None:
        self._names, self._console = names, console
        self._seen: dict[int, _Seen] = {}
        self._point: int | None = None  # whose part was the last
        self._began = self._last = time.monotonic()
        self._spent = 0.0
        self._looked = False
        self._before: int | None = None  # how much was done before this command
        self._stale = False
        self._lock = RLock()  # the thread that counts adds, and the one that refreshes draws
        self.text = Text()

    def begin(self, done: int) -> None:
        """Take note of how much is done; what is done at first, an earlier command did, and it is not in the picture."""
        if self._before is None:
            self._before = done

    def watch(self, store: Store, part: Part) -> None:
        """Look at a part that is stored, unless looking has taken too long already; what cannot be read is not shown."""
        now = time.monotonic()
        if not part.migrations or self._spent > COST * (now - self._began) + EVERY_S:
            return
        try:
            self.take(part.point, glimpse(store, part))
        except (OSError, ValueError, ResultsError):  # the run itself will say what is wrong with its folder
            return
        finally:
            # The first look loads a library as well: that happens once, and would leave short runs with one look only.
            self._spent += time.monotonic() - now if self._looked else 0.0
            self._looked = True

    def take(self, point: int, found: Glimpse) -> None:
        """Take what was seen of a part."""
        with self._lock:
            seen = self._seen.pop(point, None) or _Seen()
            seen.add(found)
            self._seen[point] = seen  # the last one is the one that is remembered longest
            if len(self._seen) > KEPT:
                del self._seen[next(iter(self._seen))]
            first, self._point, self._stale = self._point is None, point, True
            self.renew(now=first)

    def renew(self, *, now: bool = False) -> None:
        """Draw it anew if anything came since, and if it is time to, or at once."""
        with self._lock:
            if self._point is None or not self._stale or not (now or time.monotonic() - self._last >= EVERY_S):
                return
            self._last, self._stale = time.monotonic(), False
            seen = self._seen[self._point]
            told = list(self._told(self._names[self._point], seen))
            lines = [*told, *self._histogram(seen, self._console.height - BESIDE - len(told))]
            self.text = Text("\n", no_wrap=True, overflow="ellipsis").join(lines)

    def _told(self, name: str, seen: _Seen) -> Iterator[Text]:
        """Yield point, what was completed, and percentiles with how they moved, below each other where a line has no room for them."""
        n = seen.makespans.n
        share = (
            f"{100.0 * seen.completed / seen.attempts:.1f} % of {seen.attempts:,} attempts completed" if seen.attempts else "no attempt yet"
        )
        counted, width = f"n = {n:,} so far", self._console.width
        if len(name) + len(counted) + len(share) + 4 <= width:
            yield _line(f"{name}: " if name else "", "bold") + _line(f"{counted}, {share}")
        else:
            yield from [_line(name, "bold")] if name else []
            yield from [_line(f"{counted}, {share}")] if len(counted) + len(share) + 2 <= width else [_line(counted), _line(share)]
        if self._before:
            yield _line(f"{self._before:,} were stored before, and are not in it", "dim")
        if n:
            found = tuple(seen.makespans.quantile(q) for q in QUANTILES)
            before, seen.before = seen.before or found, found
            moved = [f"p{100 * q:.0f} {_time(value)} {_moved(old, value)}" for q, value, old in zip(QUANTILES, found, before, strict=True)]
            whole = "makespan  " + "   ".join(moved)
            yield from map(
                _line, [whole] if len(whole) <= width else [f"{'makespan':8}  {moved[0]}", *(f"{'':10}{each}" for each in moved[1:])]
            )

    def _histogram(self, seen: _Seen, most: int) -> Iterator[Text]:
        """Yield the downtimes as bars, at most so many where that is more than three."""
        if not seen.has_downtimes:
            yield _line("downtime  downtime_s is not stored: --columns left it out")
            return
        bars = seen.downtimes.bars(max(3, min(BARS, most)))
        if not bars:
            yield _line("downtime  none yet")
            return
        yield _line("downtime  of the completed migrations of all VMs")
        labels = [f"{_time(low)} to {_time(high)}" for low, high, _ in bars]
        wide = max(map(len, labels))
        room = max(5, min(60, self._console.width - wide - 12))
        most = max(count for *_, count in bars)
        for label, (*_, count) in zip(labels, bars, strict=True):
            share = 100.0 * count / seen.downtimes.n
            yield _line(f"{label:>{wide}} ") + _line(_bar(count / most, room), "cyan") + _line(f" {share:.1f} %" if count else "")


def _line(text: str, style: str = "") -> Text:
    return Text(text, style, no_wrap=True, overflow="ellipsis")


def _time(value: float) -> str:
    """Return a time; below a second in ms, since a stop can be that short."""
    return "never" if math.isinf(value) else f"{1000.0 * value:.0f} ms" if value < 0.9995 else show_span(value)


def _moved(old: float, new: float) -> str:
    """Return how a percentile moved since it was last looked at."""
    if old == new or (math.isfinite(old) and math.isfinite(new) and abs(new / old - 1.0) < SAME):
        return "="
    by = 100.0 * abs(new / old - 1.0)
    change = "" if not math.isfinite(by) or math.isinf(old) else f" {by:.1f} %" if by < 10.0 else f" {by:.0f} %"
    return f"{'▲' if new > old else '▼'}{change}"


def _bar(share: float, width: int) -> str:
    """Return a bar, a share of a width, to an eighth of a character; what is not nothing has an eighth at least."""
    eighths = max(math.ceil(share * 8 * width) if share < 1.0 / (8 * width) else round(share * 8 * width), 0)
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()
