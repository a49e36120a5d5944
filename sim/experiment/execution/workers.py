"""Parts computed by processes of this machine."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from ctypes import Array, c_int64
from multiprocessing.connection import wait as wait_for
from multiprocessing.context import BaseContext

from sim.engine.site import Site
from sim.errors import ResultsError
from sim.experiment.execution.compute import compute, failure_of
from sim.experiment.execution.counting import EVERY_S, Pulse, Tally, Tick
from sim.experiment.execution.parts import Failure, Part
from sim.experiment.execution.workplace import Workplace, check_workplace, workplace
from sim.experiment.storage.store import Store
from sim.scenario.point import Point

STARTING_S = 3.0  # about what starting workers costs; only when they start depends on it, no result does
SAFE_PATH = "PYTHONSAFEPATH"  # what Python reads when it starts
_SITES: dict[int, Site] = {}

Outcome = tuple[Part, Failure | None]
Outcomes = Generator[Outcome, None, None]  # closing it ends what computes them


class _WorkersPay(BaseException):  # not an Exception: a part that is being computed must not take it for its failure
    """Leaves the first part, which workers will compute sooner."""


def default_workers() -> int:
    """Return the number of CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def compute_all(parts: Sequence[Part], points: Sequence[Point], store: Store, workers: int, tick: Tick | None = None) -> Outcomes:
    """Compute parts and yield each when it is stored; interrupting the iteration keeps what is stored and ends the workers at once.

    Args:
        parts: what to compute.
        points: all points of the experiment.
        store: where to.
        workers: processes; 1 computes in this one, and so does any number while the rest is quicker than starting them.
        tick: is told the replications that are done, about twice a second, those of unfinished parts included.

    Raises:
        ResultsError: the folder cannot be written, or workers are killed from outside again and again.
    """
    tally, rest = Tally(tick), deque(parts)
    yield from _compute_until_workers_pay(rest, points, store, workers, tally)
    if rest:
        yield from _compute_in_processes(rest, points, store, workers, tally)


def _compute_until_workers_pay(rest: deque[Part], points: Sequence[Point], store: Store, workers: int, tally: Tally) -> Outcomes:
    """Compute parts in this process, up to the end or until it is seen that workers would be quicker; what is left stays in rest."""
    pace = _Pace(rest, workers)
    while rest and not pace.calls_for_workers():
        part = rest[0]
        pace.part_began, pace.part_done = time.monotonic(), 0

        def show(done: int, part: Part = part) -> None:
            tally.reach(part, done)
            pace.part_done = done
            if pace.calls_for_workers():
                raise _WorkersPay

        try:
            failure = compute_here(part, points[part.point], store, show)
        except _WorkersPay:
            tally.drop(part)
            return
        rest.popleft()
        pace.finished += part.stop - part.start
        pace.part_began, pace.part_done = math.inf, 0
        tally.finish(part)
        yield part, failure


class _Pace:
    """How quick this process is, to know whether workers would be quicker.

    Args:
        rest: parts that are not stored, the one that is being computed included.
        workers: how many there could be.
    """

    def __init__(self, rest: Sequence[Part], workers: int) -> None:
        self._rest, self._workers = rest, workers
        self._began, self._size = time.monotonic(), sum(part.stop - part.start for part in rest)
        self.finished = self.part_done = 0  # replications
        self.part_began = math.inf  # no part is being computed

    def calls_for_workers(self) -> bool:
        """Say whether workers save more seconds than they cost, should the rest go on as it did so far."""
        now, done = time.monotonic(), self.finished + self.part_done
        if not done or not self._rest:
            return False
        remaining_s = (now - self._began) * (self._size - done) / done
        saved_s = remaining_s * (1.0 - 1.0 / min(self._workers, len(self._rest)))
        return saved_s > STARTING_S + max(0.0, now - self.part_began)  # the part that is left has to be computed again


def compute_here(part: Part, point: Point, store: Store, show: Callable[[int], None]) -> Failure | None:
    """Compute a part in this process, preparing its point once a process; return what went wrong, in preparing it, too.

    Args:
        part: the part.
        point: its point.
        store: where to.
        show: is told every half second how many of its replications are done.
    """
    site = _SITES.get(part.point)
    if site is None or site.point != point:
        try:
            site = _SITES[part.point] = Site.of(point)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other points go on
            return failure_of(point.name, part.start, error)
    return compute(part, site, store, Pulse(part, show))


def _compute_in_processes(rest: deque[Part], points: Sequence[Point], store: Store, workers: int, tally: Tally) -> Outcomes:
    """Compute parts in worker processes; those that were running when a worker was killed once more, in new processes."""
    number, caught = min(workers, len(rest)), set[Part]()
    while rest:
        running: dict[Future[Failure | None], tuple[Part, int]] = {}
        try:
            with _pool(number) as (pool, slots):
                yield from _in_turn(pool, slots, running, rest, points, store, tally)
        except BrokenProcessPool as error:
            again = [part for part, _ in running.values()]
            rest.extendleft(reversed(again))
            hit = again or [rest[0]]  # where none was running, a worker was killed while the next one was handed out
            if caught.intersection(hit):
                raise _killed(store, points, hit) from error
            caught.update(hit)
            for part in again:
                tally.drop(part)


def _in_turn(
    pool: ProcessPoolExecutor,
    slots: Array[c_int64],
    running: dict[Future[Failure | None], tuple[Part, int]],
    rest: deque[Part],
    points: Sequence[Point],
    store: Store,
    tally: Tally,
) -> Outcomes:
    """Hand out one part a worker and yield those that are done.

    No part waits in the pool, so when it breaks it is known which ones were running.
    """
    wanted, free = workplace(), list(range(len(slots)))
    while rest or running:
        while rest and free:
            part, slot = rest[0], free[-1]
            slots[slot] = 0
            with _ctrl_c_later(), _start_told(), safe_path():
                running[pool.submit(_compute_in_worker, part, points[part.point], store, slot, wanted)] = part, slot
            rest.popleft()
            free.pop()
        done, _ = wait(running, timeout=EVERY_S, return_when=FIRST_COMPLETED)
        for part, slot in running.values():
            tally.reach(part, slots[slot])
        for future in sorted(done, key=lambda future: future.exception() is not None):  # what is finished counts before what broke
            failure = future.result()
            part, slot = running.pop(future)
            free.append(slot)
            tally.finish(part)
            yield part, failure


@contextmanager
def safe_path() -> Iterator[None]:
    """Have processes that start meanwhile look for no modules in the working folder, where another copy of this program may lie."""
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = before


@contextmanager
def _start_told() -> Iterator[None]:
    """Tell of a worker that is killed while it starts as the pool tells of all others: the pipe through which it starts just breaks.

    Raises:
        BrokenProcessPool: a worker was killed.
    """
    try:
        yield
    except (ConnectionError, EOFError) as error:
        raise BrokenProcessPool("a worker was killed while it started") from error


def _starting_method() -> BaseContext:
    """Return how workers start: forked from a server that holds no thread and has the libraries loaded, which is safe and quick."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    if threading.current_thread() is threading.main_thread():
        from multiprocessing.forkserver import ensure_running  # noqa: PLC0415 - Windows has none

        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server inherits it: Ctrl-C is the run's, not its workers'
        with safe_path():
            ensure_running()
        signal.signal(signal.SIGINT, before)
    return context


@contextmanager
def _ctrl_c_later() -> Iterator[None]:
    """Let Ctrl-C take effect afterwards: a worker whose start it interrupts would belong to nobody."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: pressed.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed.is_set():
        signal.raise_signal(signal.SIGINT)


@contextmanager
def _pool(number: int) -> Iterator[tuple[ProcessPoolExecutor, Array[c_int64]]]:
    """Yield worker processes, and a number for each in which it tells how far its part is; leaving early ends them at once.

    The numbers have no lock: each has one writer, and a worker that is killed cannot keep others waiting.
    """
    context = _starting_method()
    others = set(multiprocessing.active_children())
    slots = context.RawArray(c_int64, number)
    pool = ProcessPoolExecutor(number, mp_context=context, initializer=_begin_worker, initargs=(slots,))
    try:
        yield pool, slots
    except BaseException:
        for worker in set(multiprocessing.active_children()) - others:
            worker.terminate()  # the part that it computes may take minutes more
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_slots: Array[c_int64] | None = None  # in a worker: where it tells how far it is


def _begin_worker(slots: Array[c_int64]) -> None:
    """Leave Ctrl-C to the parent, and end with it even if it is killed."""
    global _slots  # noqa: PLW0603 - shared memory reaches a worker when it starts, not with a task
    _slots = slots
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        sentinel = parent.sentinel
        threading.Thread(target=lambda: (wait_for([sentinel]), os._exit(1)), daemon=True).start()


def _compute_in_worker(part: Part, point: Point, store: Store, slot: int, wanted: Workplace) -> Failure | None:
    """Compute a part in a worker process, if its results can stand beside those of the run."""
    check_workplace(wanted)

    def show(done: int) -> None:
        if _slots is not None:
            _slots[slot] = done

    return compute_here(part, point, store, show)


def _killed(store: Store, points: Sequence[Point], parts: Sequence[Part]) -> ResultsError:
    what = ", ".join(f"replications {part.start}..{part.stop - 1} of point '{points[part.point].name}'" for part in parts)
    return ResultsError(
        f"{store.folder}: worker processes were killed from outside twice (out of memory?) while they computed {what}; "
        "finished parts are kept: give the same command again, with fewer --workers"
    )
