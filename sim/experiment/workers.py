"""Parts computed by processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from multiprocessing.connection import wait as wait_for

from sim.engine.site import Site
from sim.experiment.compute import compute
from sim.experiment.parts import Failure, Part
from sim.experiment.store import Store
from sim.scenario.point import Point

STARTING_S = 3.0  # about what starting workers costs; only when they start depends on it, no result does
_SITES: dict[int, Site] = {}


def default_workers() -> int:
    """Return the number of CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def compute_all(parts: Sequence[Part], points: Sequence[Point], store: Store, workers: int) -> Iterator[tuple[Part, Failure | None]]:
    """Compute parts and yield each when it is stored; interrupting the iteration keeps what is stored.

    Args:
        parts: what to compute.
        points: all points of the experiment.
        store: where to.
        workers: processes; 1 computes in this one, and so does any number while the rest is quicker than starting them.
    """
    rest = list(parts)
    began = time.monotonic()
    while rest:
        part = rest.pop(0)
        yield part, _compute_here(part, points[part.point], store)
        each = (time.monotonic() - began) / (len(parts) - len(rest))
        if min(workers, len(rest)) > 1 and each * len(rest) * (1.0 - 1.0 / workers) > STARTING_S:
            yield from _compute_in_pool(rest, points, store, workers)
            return


def _compute_in_pool(parts: Sequence[Part], points: Sequence[Point], store: Store, workers: int) -> Iterator[tuple[Part, Failure | None]]:
    """Compute parts in worker processes."""
    # Workers fork from a server that holds no thread and has the libraries loaded: safe beside the progress bar, and quick.
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload([__name__])
    pool = ProcessPoolExecutor(min(workers, len(parts)), mp_context=context, initializer=_begin_worker)
    try:
        waiting = {pool.submit(_compute_here, part, points[part.point], store): part for part in parts}
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield waiting.pop(future), future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _compute_here(part: Part, point: Point, store: Store) -> Failure | None:
    """Compute a part, preparing its point once a process."""
    site = _SITES.get(part.point)
    if site is None or site.point != point:
        site = _SITES[part.point] = Site.of(point)
    return compute(part, site, store)


def _begin_worker() -> None:
    """Leave Ctrl-C to the parent, and end with it even if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        sentinel = parent.sentinel
        threading.Thread(target=lambda: (wait_for([sentinel]), os._exit(1)), daemon=True).start()
