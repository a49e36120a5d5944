"""A connection to a Dask cluster, which is started where it is one of this machine."""

from __future__ import annotations

import logging
import re
import signal
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from sim.errors import UsageError
from sim.experiment.execution.workers import safe_path

if TYPE_CHECKING:
    from distributed import Client

CONNECT_S = 10.0  # a scheduler that is there answers within milliseconds, behind a slow name server within seconds
WORKERS_S = 60.0  # workers on a batch system come late; who waits longer than this for the first one has forgotten to start it
INSTALL = "pip install 'vm-migration-sim[cluster]'"
_LOCAL = re.compile(r"local:([1-9]\d{0,3})")
_REMOTE = re.compile(r"(tcp|tls)://(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):([1-9]\d{0,4})/?")


def check_address(address: str) -> None:
    """Check the address of a cluster before anything is computed or written.

    Raises:
        UsageError: it is no address, or what speaks to clusters is not installed.
    """
    remote = _REMOTE.fullmatch(address)
    if not _LOCAL.fullmatch(address) and not (remote and int(remote[3]) < 2**16):
        raise UsageError(
            f"--cluster '{address}': no address of a cluster; write tcp://HOST:8786 (what `dask scheduler` prints), "
            "tls://HOST:8786, or local:4 for 4 processes of this machine"
        )
    if find_spec("distributed") is None:
        raise UsageError(f"--cluster needs Dask, which is not installed; {INSTALL}")


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """Yield a connection to the cluster, which is started where it is one of this machine.

    Args:
        address: of a scheduler, or local:N for N processes of this machine.

    Raises:
        UsageError: the address is wrong, Dask is not installed, or there is no scheduler.
    """
    check_address(address)
    from distributed import Client, LocalCluster  # noqa: PLC0415 - most of a second, and an extra that may be missing
    from distributed.versions import VersionMismatchWarning  # noqa: PLC0415

    local = _LOCAL.fullmatch(address)
    with ExitStack() as stack:
        _silence()
        target: LocalCluster | str = address
        if local:
            # Any free port: a second cluster on this machine disturbs nobody. Dask's warnings tell its users, not ours, what it does.
            with _deaf_to_ctrl_c(), safe_path():
                target = LocalCluster(
                    n_workers=int(local[1]), threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=logging.ERROR
                )
            stack.enter_context(target)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", VersionMismatchWarning)  # versions that matter are compared below, and refused
                client = Client(target, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise UsageError(
                f"--cluster {address}: no Dask scheduler answers there ({' '.join(str(error).split())}); start one with `dask scheduler`, "
                "give the address that it prints, and look whether a firewall is in between"
            ) from error
        yield stack.enter_context(client)


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Have threads, and processes that they start, leave Ctrl-C to this thread, which takes it afterwards."""
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    from multiprocessing.resource_tracker import ensure_running  # noqa: PLC0415 - Windows has none

    ensure_running()  # it unblocks Ctrl-C when it starts; Python starts it with the first process otherwise
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _silence() -> None:
    """Keep Dask's log off the screen up to the end: what a planner can act on becomes an error of ours, the rest is in its own logs."""
    for name in ("distributed", "distributed.client", "tornado.application", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def await_workers(client: Client) -> None:
    """Wait for the first worker.

    Raises:
        UsageError: none comes.
    """
    try:
        client.wait_for_workers(1, timeout=WORKERS_S)
    except TimeoutError as error:
        raise no_worker() from error


def no_worker() -> UsageError:
    """Return the error of a cluster without workers."""
    return UsageError(
        f"--cluster: no worker for {WORKERS_S:.0f} s; start some with `dask worker tcp://HOST:8786 --nworkers -1 --nthreads 1`; "
        "finished parts are kept, the same command continues"
    )
