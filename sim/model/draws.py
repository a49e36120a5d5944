"""Random numbers that are addressed, not consumed.

A draw is named by seed, stream, index and replication. Whoever asks, in whatever order, in whatever engine, gets the same number;
so replications, VMs and rounds can be computed alone, and points of an experiment share their random numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Real = float | Array  # one replication, or an array of them
Lanes = NDArray[np.intp]  # places of replications within a range, in ascending order

BLOCK = 1024  # replications that one generator serves: replication r is element r % 1024 of block r // 1024
_ATTEMPT_BITS, _ROUND_BITS = 16, 16
LAST = 2**16 - 1  # the largest attempt and round of an address: beyond it, two draws would be one


def generator(seed: int, stream: str, index: int, block: int) -> np.random.Generator:
    """Return the generator of one draw for one block of replications.

    Philox with a key from the names; the address stands in the two high words of the counter, because a draw of 1,024 values counts
    the low word up: an address in it would make neighbouring draws share 1,020 of their values.

    Args:
        seed: seed of the experiment.
        stream: what is drawn, e.g. "VM12PROD/round".
        index: which draw of the stream, 0 <= index < 2**64.
        block: replication // 1024.
    """
    counter = np.array([0, 0, index, block], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(counter=counter, key=_key(seed, stream)))


def _key(seed: int, stream: str) -> NDArray[np.uint64]:
    """Return the 128 bits that name a stream."""
    return np.frombuffer(blake2b(f"{seed}/{stream}".encode(), digest_size=16).digest(), dtype="<u8").astype(np.uint64)


def address(migration: int, attempt: int, number: int = 0) -> int:
    """Pack the count of a VM's migrations, the attempt and the round into the index of a draw.

    Raises:
        ValueError: the attempt or the round is larger than `LAST`.
    """
    if attempt > LAST or number > LAST:
        raise ValueError(f"attempt {attempt}, round {number}: a draw has an address up to {LAST} only")
    return (migration << (_ATTEMPT_BITS + _ROUND_BITS)) | (attempt << _ROUND_BITS) | number


class Draws:
    """The draws of neighbouring replications of one block, kept as long as they are worked on.

    Args:
        seed: seed of the experiment.
        start: first replication.
        stop: one after the last; all in one block of 1,024.

    Raises:
        ValueError: the replications lie in more than one block.
    """

    __slots__ = ("_block", "_kept", "_lanes", "_seed", "start", "stop")

    def __init__(self, seed: int, start: int, stop: int) -> None:
        self._block = start // BLOCK
        if not 0 <= start < stop or (stop - 1) // BLOCK != self._block:
            raise ValueError(f"replications {start}..{stop - 1} do not lie in one block of {BLOCK}")
        self._seed = seed
        self._lanes = slice(start % BLOCK, (stop - 1) % BLOCK + 1)
        self._kept: dict[tuple[str, str, int, float], Array] = {}
        self.start = start
        self.stop = stop

    def normals(self, stream: str, index: int) -> Array:
        """Return standard normal draws, one a replication, shape (stop - start,)."""
        kept = self._kept.get(("normal", stream, index, 0.0))
        if kept is None:
            kept = generator(self._seed, stream, index, self._block).standard_normal(BLOCK)[self._lanes].copy()
            self._kept["normal", stream, index, 0.0] = kept
        return kept

    def uniforms(self, stream: str, index: int) -> Array:
        """Return draws uniform in [0, 1), one a replication, shape (stop - start,)."""
        kept = self._kept.get(("uniform", stream, index, 0.0))
        if kept is None:
            kept = generator(self._seed, stream, index, self._block).random(BLOCK)[self._lanes].copy()
            self._kept["uniform", stream, index, 0.0] = kept
        return kept

    def factors(self, stream: str, index: int, sigma: float) -> Array:
        """Return lognormal factors exp(sigma z) with median 1, one a replication, shape (stop - start,)."""
        kept = self._kept.get(("factor", stream, index, sigma))
        if kept is None:
            kept = np.exp(sigma * self.normals(stream, index))
            self._kept["factor", stream, index, sigma] = kept
        return kept


class RangeDraws:
    """The draws of a range of replications that may cover many blocks, side by side.

    Args:
        seed: seed of the experiment.
        start: first replication.
        stop: one after the last.
    """

    __slots__ = ("_address", "_blocks", "_generator", "_kept", "_philox", "_seed", "start", "width")

    def __init__(self, seed: int, start: int, stop: int) -> None:
        self.start, self.width = start, stop - start
        self._seed = seed
        self._blocks = range(start // BLOCK, (stop - 1) // BLOCK + 1)
        self._philox = np.random.Philox(key=0)
        self._generator = np.random.Generator(self._philox)
        self._address: Any = self._philox.state
        self._kept: dict[tuple[str, int], Array] = {}

    def normals(self, stream: str, index: int, lanes: Lanes) -> Array:
        """Return standard normal draws of some replications of the range, shape (lanes,)."""
        return self._drawn(stream, index, lanes, self._generator.standard_normal)

    def uniforms(self, stream: str, index: int, lanes: Lanes) -> Array:
        """Return draws uniform in [0, 1) of some replications of the range, shape (lanes,); kept until `forget`."""
        kept = self._kept.get((stream, index))
        if kept is None:
            everybody = np.arange(self.width)
            kept = self._kept[stream, index] = self._drawn(stream, index, everybody, self._generator.random)
        return kept if len(lanes) == self.width else kept[lanes]

    def forget(self) -> None:
        """Drop what is kept."""
        self._kept.clear()

    def _drawn(self, stream: str, index: int, lanes: Lanes, draw: Callable[..., Array]) -> Array:
        """Return one draw for some lanes; blocks without any of them are not drawn."""
        drawn = np.empty(self.width)
        key = _key(self._seed, stream)
        everybody = len(lanes) == self.width
        wanted = self._blocks if everybody else np.unique((lanes + self.start) // BLOCK).tolist()
        for block in wanted:
            self._go_to(key, index, block)
            first = block * BLOCK - self.start
            if first >= 0 and first + BLOCK <= self.width:
                draw(out=drawn[first : first + BLOCK])
            else:
                cut = slice(max(first, 0), min(first + BLOCK, self.width))
                drawn[cut] = draw(BLOCK)[cut.start - first : cut.stop - first]
        return drawn if everybody else drawn[lanes]

    def _go_to(self, key: NDArray[np.uint64], index: int, block: int) -> None:
        """Send the generator to an address, as `generator` makes a new one there: that would cost ten times as much."""
        state = self._address["state"]
        state["key"] = key
        state["counter"][:2], state["counter"][2], state["counter"][3] = 0, index, block
        self._address["buffer_pos"] = 4  # nothing is left of another address
        self._philox.state = self._address


class Lane:
    """The draws of one replication, as plain numbers."""

    __slots__ = ("_draws", "_place", "replication")

    def __init__(self, draws: Draws, replication: int) -> None:
        self._draws = draws
        self._place = replication - draws.start
        self.replication = replication

    def normal(self, stream: str, index: int) -> float:
        """Return a standard normal draw."""
        return self._draws.normals(stream, index).item(self._place)

    def uniform(self, stream: str, index: int) -> float:
        """Return a draw uniform in [0, 1)."""
        return self._draws.uniforms(stream, index).item(self._place)

    def factor(self, stream: str, index: int, sigma: float) -> float:
        """Return a lognormal factor with median 1; exactly 1 where sigma is 0, without a draw."""
        return 1.0 if sigma == 0.0 else self._draws.factors(stream, index, sigma).item(self._place)
