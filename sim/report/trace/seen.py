"""On which consoles of a site a line of the journal appears."""

from __future__ import annotations

from sim.engine.journal import Line
from sim.vm2000.catalogue import Recipient

SIMULATOR = "simulator"  # where the simulator says what no console of the product would: faults that begin, SUs that are up again


def consoles_of(line: Line) -> tuple[str, ...]:
    """Return the consoles on which a message appears, each once: SUs (monitor consoles), VMs (guest consoles), the simulator's own place.

    VM2000 administrators read what their SU's monitor console shows; they have no console of their own here.
    """
    places = {
        Recipient.SOURCE: line.source,
        Recipient.TARGET: line.target,
        Recipient.GUEST: line.vm,
        # A plan has no console: its commands appear where an operator would type them, on the SU that the VM leaves.
        Recipient.CALLER: line.console or line.source,
        Recipient.SIMULATOR: SIMULATOR,
    }
    return tuple(dict.fromkeys(places[recipient] for recipient in line.message.recipients if places.get(recipient)))
