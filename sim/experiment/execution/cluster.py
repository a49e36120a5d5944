"""Parts computed by the workers of a Dask cluster, which write to a folder that all of them share."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from sim.errors import ResultsError
from sim.experiment.execution.connection import WORKERS_S, await_workers, check_address, connected, no_worker
from sim.experiment.execution.counting import EVERY_S, Tally, Tick
from sim.experiment.execution.parts import Failure, Part
from sim.experiment.execution.workers import Outcome, Outcomes, compute_here
from sim.experiment.execution.workplace import Wanted, check_worker
from sim.experiment.storage.store import Store
from sim.scenario.point import Point

if TYPE_CHECKING:
    from distributed import Client, Future

ANSWER_S = 2.0  # an outcome is a few bytes; a worker that cannot give it in this time is probably gone, and others are waiting to be asked
AHEAD = 2  # parts sent for each thread of a worker: one that it computes, one that waits, so that it never idles


class Cluster:
    """A Dask cluster, connected when there is something to compute and then kept for more.

    Args:
        address: of a scheduler, or local:N for N processes of this machine.
        tell: is told, for people, where the cluster can be watched.
    """

    def __init__(self, address: str, tell: Callable[[str], None] | None = None) -> None:
        check_address(address)
        self._address, self._tell = address, tell
        self._open = ExitStack()
        self._client: Client | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def compute(self, parts: Sequence[Part], points: Sequence[Point], store: Store, tick: Tick | None = None) -> Outcomes:
        """Compute parts and yield each when it is stored; interrupting the iteration keeps what is stored.

        A worker that dies loses its part, which the scheduler gives to another one. Parts that were being computed on other machines when
        the iteration was interrupted are computed to their end there; their files are those that the continued run would write.

        Args:
            parts: what to compute.
            points: all points of the experiment.
            store: where to; a folder that every worker sees under the same path or URL.
            tick: is told the replications that are done, those of unfinished parts included.

        Raises:
            UsageError: there is no scheduler or no worker.
            ResultsError: a worker cannot compute for this run, does not see the folder, or the cluster is lost.
        """
        if not parts:
            return
        store = _for_all_machines(store)
        with _reporting_loss(store):
            client = self._connected()
            wanted = Wanted.by(store)
            await_workers(client)
            _check_workers(client, wanted)
            yield from _in_turn(client, deque(parts), points, wanted, Tally(tick))

    def _connected(self) -> Client:
        if self._client is None:
            self._client = self._open.enter_context(connected(self._address))
            if self._tell is not None:
                with suppress(KeyError):  # a scheduler can be started without one
                    self._tell(f"Dask dashboard: {self._client.dashboard_link}")
        return self._client


def compute_on_cluster(parts: Sequence[Part], points: Sequence[Point], store: Store, address: str, tick: Tick | None = None) -> Outcomes:
    """Compute parts on a Dask cluster, as Cluster.compute does, and leave it."""
    with Cluster(address) as cluster:
        yield from cluster.compute(parts, points, store, tick)


def _for_all_machines(store: Store) -> Store:
    """Return the store with a path that does not depend on the working folder of a process."""
    return replace(store, folder=Path(store.folder).absolute()) if "://" not in str(store.folder) else store


def _check_workers(client: Client, wanted: Wanted) -> None:
    """Ask all workers that are there; each one that comes later is asked before its first part.

    Raises:
        ResultsError: names all workers that cannot compute for this run.
    """
    answers = client.run(check_worker, wanted, on_error="return")
    refused = [
        str(answer) if isinstance(answer, ResultsError) else f"worker {worker} {_reason(answer)}"
        for worker, answer in sorted(answers.items())
        if isinstance(answer, BaseException)
    ]
    if refused:
        raise ResultsError("\n".join(dict.fromkeys(refused)))  # several workers of one machine say the same


def _reason(error: BaseException) -> str:
    """Return why a worker does not understand what it is asked, for people."""
    from importlib.metadata import version  # noqa: PLC0415 - only an error needs it

    return (
        f"cannot compute for this run ({' '.join(str(error).split())}); install there what is here, with the same Python: "
        f"pip install 'vm-migration-sim[cluster]=={version('vm-migration-sim')}'"
    )


def _in_turn(client: Client, rest: deque[Part], points: Sequence[Point], wanted: Wanted, tally: Tally) -> Outcomes:
    """Hand out parts, a bounded number at a time, and yield those that are done.

    Raises:
        UsageError: there is no worker for long.
    """
    batch = _Batch(client, points, wanted, tally)
    worker_seen = time.monotonic()
    try:
        while rest or batch.running:
            threads = sum(client.nthreads().values())
            worker_seen = time.monotonic() if threads else worker_seen
            if time.monotonic() - worker_seen > WORKERS_S:
                raise no_worker()
            while rest and len(batch.running) < AHEAD * threads:
                batch.send(rest.popleft())
            for future in batch.done():
                outcome = batch.take(future)
                if outcome is not None:
                    yield outcome
    finally:
        batch.end()


class _Batch:
    """The parts that the cluster has.

    Args:
        client: the connection to it.
        points: all points.
        wanted: what its workers have to be.
        tally: is told what is done.
    """

    __slots__ = ("_client", "_points", "_reached", "_sent", "_tally", "_topic", "_wanted", "running")

    def __init__(self, client: Client, points: Sequence[Point], wanted: Wanted, tally: Tally) -> None:
        self._client, self._points, self._wanted, self._tally = client, points, wanted, tally
        self._topic = f"migr-{uuid4().hex}"  # names messages and tasks of this run; no result depends on it
        self._sent = 0
        self.running: dict[Future[Failure | None], Part] = {}
        self._reached: deque[tuple[str, int]] = deque()  # filled by the thread of the connection, emptied by ours
        client.subscribe_topic(self._topic, lambda event: self._reached.append(event[1]))

    def send(self, part: Part) -> None:
        """Give the cluster a part."""
        key, self._sent = f"{self._topic}-{self._sent}", self._sent + 1
        point = self._points[part.point]
        self.running[self._client.submit(_compute_on_worker, part, point, self._wanted, self._topic, key, key=key, pure=False)] = part

    def done(self) -> list[Future[Failure | None]]:
        """Return the parts that are done, after half a second at most."""
        from distributed import wait  # noqa: PLC0415 - as in connected

        done: list[Future[Failure | None]] = []
        if self.running:
            with suppress(TimeoutError), self._client.as_current():
                done += wait(list(self.running), timeout=EVERY_S, return_when="FIRST_COMPLETED").done
        else:
            time.sleep(EVERY_S)
        self._count()
        return done

    def take(self, future: Future[Failure | None]) -> Outcome | None:
        """Return what came of a part; None if its worker died before it could tell, so that another one computes the part again.

        Raises:
            ResultsError: its worker was refused, cannot write, or died again and again.
        """
        from distributed import KilledWorker  # noqa: PLC0415 - as in connected

        part = self.running[future]
        try:
            failure = future.result(timeout=ANSWER_S)
        except TimeoutError:
            return None
        except KilledWorker as error:
            name = self._points[part.point].name
            raise ResultsError(
                f"replications {part.start}..{part.stop - 1} of point '{name}': every worker that computed them died, "
                f"the last one was {error.last_worker.address} (out of memory?); finished parts are kept: start workers with more memory "
                "(`dask worker --memory-limit`) or fewer of them a machine, then give the same command again"
            ) from error
        except (ImportError, AttributeError) as error:
            raise ResultsError(f"a worker {_reason(error)}") from error
        del self.running[future]
        self._tally.finish(part)
        return part, failure

    def end(self) -> None:
        """Take back what is not begun."""
        with suppress(Exception):  # the connection may be what was lost; it is closed next in any case
            self._client.unsubscribe_topic(self._topic)
            self._client.cancel(list(self.running), force=True)

    def _count(self) -> None:
        parts = {str(future.key): part for future, part in self.running.items()}
        while self._reached:
            key, done = self._reached.popleft()
            if key in parts:
                self._tally.reach(parts[key], done)
        self._tally.tell()


@contextmanager
def _reporting_loss(store: Store) -> Iterator[None]:
    """Tell in a planner's words that the scheduler is gone.

    Raises:
        ResultsError: it is.
    """
    try:
        yield
    except (CancelledError, OSError) as error:
        raise ResultsError(
            f"{store.folder}: the connection to the Dask scheduler was lost; finished parts are kept: "
            "see what its log says, start it again, then give the same command again"
        ) from error


def _compute_on_worker(part: Part, point: Point, wanted: Wanted, topic: str, key: str) -> Failure | None:
    """Compute a part in a worker of the cluster, if its results can stand beside those of the run."""
    from distributed import get_worker  # noqa: PLC0415 - as in connected

    check_worker(wanted)
    worker = get_worker()
    return compute_here(part, point, wanted.store, lambda done: worker.log_event(topic, (key, done)))
