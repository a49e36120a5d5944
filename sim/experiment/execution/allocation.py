"""Memory that arrays have freed stays with the process, for the next arrays."""

from __future__ import annotations

import ctypes
from functools import cache

# Parameters of mallopt(3), and the largest array that comes from the heap: glibc takes no more.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT, _LARGEST = 2**28, 2**25


@cache
def keep_freed_memory() -> bool:
    """Tell glibc to keep freed memory; say whether it does. Another C library is left as it is.

    By default glibc returns the arrays of a round to the system, which clears them page by page for the next round: measured, lockstep
    then needs half as much time again. Results do not depend on it.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_TRIM_THRESHOLD, _KEPT)) and bool(mallopt(_MMAP_THRESHOLD, _LARGEST))
