"""The job variable that monitors a live migration (a VM's own job variable is another thing, and not simulated).

It has 256 bytes: a system part 1..128 and a user part 129..256. Of the system part only the status in bytes 1..3 is published; all else is
blank here.

Source: VM2000 User Guide: Monitoring a VM Migration with job variables (MONJV); SE server whitepaper: Operating the LM through VM2000
commands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sim.errors import ModelError

LENGTH = 256
STATUS_BYTES = (1, 3)  # first and last, counted from 1 as the manual does


class Status(StrEnum):
    """What the job variable of a live migration says of it."""

    ACCEPTED = "$S"
    RUNNING = "$R"
    ENDED = "$T"
    ENDED_WITH_WARNINGS = "$TW"
    ABORTED = "$AE"
    REJECTED = "$AF"


# The values are published, their order is inferred from what they mean.
NEXT: Mapping[Status, tuple[Status, ...]] = {
    Status.ACCEPTED: (Status.RUNNING, Status.REJECTED),
    Status.RUNNING: (Status.ENDED, Status.ENDED_WITH_WARNINGS, Status.ABORTED),
    Status.ENDED: (),
    Status.ENDED_WITH_WARNINGS: (),
    Status.ABORTED: (),
    Status.REJECTED: (),
}


@dataclass(slots=True)
class JobVariable:
    """The job variable that /MIGRATE-VM sets for one live migration.

    Args:
        name: name of the variable.
        password: what the caller gave to set a protected variable; it is not protected afterwards.
        status: how the migration stands.
    """

    name: str
    password: str = ""
    status: Status = Status.ACCEPTED

    @property
    def watching(self) -> bool:
        """Whether the migration still sets the variable; afterwards it stays as an ordinary one."""
        return bool(NEXT[self.status])

    def becomes(self, status: Status) -> None:
        """Set the status.

        Raises:
            ModelError: it cannot follow the one that the variable has.
        """
        if status not in NEXT[self.status]:
            raise ModelError(f"job variable {self.name} goes from {self.status} to {status}; allowed: {_allowed(NEXT[self.status])}")
        self.status = status

    def value(self) -> bytes:
        """Return its 256 bytes, as ASCII; the product's code is EBCDIC."""
        return self.status.ljust(LENGTH).encode("ascii")


def _allowed(following: tuple[Status, ...]) -> str:
    return ", ".join(following) or "nothing, it has ended"
