"""The machine on which the migrations of the package were measured: two QEMU processes, as numbers that a prediction needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import resources
from typing import Any

FILE = "testbed.json"  # the constants fitted to the marked half of the measured cells; `sim.validate.predict.calibration` writes it


@dataclass(frozen=True, slots=True)
class Testbed:
    """Constants of throughput and fixed cost, and how far measurements stray from a prediction.

    Args:
        raw_Bps: what the source sends where neither cap nor link limits it.
        link_efficiency: payload over bandwidth of a limited link.
        zero_page_s: time to find that a page holds zeros.
        wake_s: by how much longer than to the end of a window the source sleeps.
        socket_bytes: buffer of the socket on a limited link: a writer who found it full is woken when a third of it is free.
        setup_s: from the command to the begin of the transfer.
        stop_s: what the stop takes beside the flush of the rest.
        other_pages: by memory in MiB, pages beside the filled part that were not zero, each as likely as the others; "" for other memories.
        strays: by quantity, how far measurements stray from what is simulated, each as likely as the others: a difference in ms for times,
            a ratio for bytes and for downtimes that a link decides; empty where a prediction is the simulation's alone.
    """

    raw_Bps: float
    link_efficiency: float
    zero_page_s: float
    wake_s: float
    socket_bytes: float
    setup_s: float
    stop_s: float
    other_pages: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    strays: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def as_json(self) -> str:
        """Return the constants as text."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def of_json(cls, text: str) -> Testbed:
        """Return the constants that `as_json` wrote."""
        read: dict[str, Any] = json.loads(text)
        for name in ("other_pages", "strays"):
            read[name] = {key: tuple(values) for key, values in read[name].items()}
        return cls(**read)


# What is known without a look at any outcome.
BLIND = Testbed(
    raw_Bps=2.5e9,  # a core copies some 10 GB/s; source, socket and target each do so, and QEMU has one thread for it
    link_efficiency=0.999,  # 66 bytes of headers a segment of 64 KiB on loopback
    zero_page_s=0.25e-6,  # 4 KiB read at 16 GB/s
    wake_s=0.0,
    socket_bytes=4.0 * 2**20,  # Linux: where net.ipv4.tcp_wmem ends
    setup_s=0.0,
    stop_s=0.0,
    other_pages={"": (130.0,)},  # ROMs, as if none of them held a zero page
)


@cache
def calibrated() -> Testbed:
    """Return the constants fitted to the marked half of the measured cells."""
    return Testbed.of_json(resources.files("sim.validate").joinpath("cases", FILE).read_text(encoding="utf-8"))
