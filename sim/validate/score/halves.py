"""Which half of the measured cells calibrates constants, and which one scores them.

Constants of throughput and fixed costs may be fitted to measurements, but never scored on the measurements that they were fitted to.
The split is by cell: the repeats of a cell measure the same thing, so one of them in each half would leak the answer. It is decided by
the name of the cell alone, so it cannot be chosen by looking at outcomes, and a cell keeps its half whatever other cells a table has.
"""

from __future__ import annotations

from hashlib import blake2b

_PURPOSE = b"half"  # blake2b's personalisation: the same names hashed for another purpose give independent bits


def is_calibration(cell: str) -> bool:
    """Return whether a cell belongs to the half that calibrates; else it belongs to the half that is scored.

    The lowest bit of blake2b of the name (UTF-8) decides, 0 for calibration: the same on every machine and in every process, which
    Python's own `hash` of a text is not.

    Args:
        cell: name of the cell, e.g. "B12"; cells of the same name measured with another accelerator fall into the same half.
    """
    return blake2b(cell.encode(), digest_size=1, person=_PURPOSE).digest()[0] % 2 == 0
