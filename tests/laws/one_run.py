"""One migration with all that was recorded of it, for tests that compare it with theory."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter

from sim.engine.journal import RoundSent
from sim.engine.move import Move
from sim.engine.replicate import Replication, replicate_alone
from sim.engine.site import Site
from sim.scenario.point import Point


@dataclass(frozen=True, slots=True)
class OneRun:
    """A migration.

    Args:
        move: its books.
        live: rounds while the guest ran, in order.
        stopped: the round while it stood still; None after an abort.
    """

    move: Move
    live: list[RoundSent]
    stopped: RoundSent | None

    @property
    def downtime_s(self) -> float:
        """How long the guest stood still, seconds."""
        assert self.move.stopped_s is not None
        assert self.move.resumed_s is not None
        return self.move.resumed_s - self.move.stopped_s

    @property
    def precopy_s(self) -> float:
        """Last device to the suspension, handshake included, seconds."""
        assert self.move.stopped_s is not None
        assert self.move.set_up_s is not None
        return self.move.stopped_s - self.move.set_up_s

    @property
    def precopy_and_stop_s(self) -> float:
        """Last device to the resume, seconds."""
        return self.precopy_s + self.downtime_s


def migrate_once(point: Point, replication: int = 0) -> OneRun:
    """Run one replication of a point that migrates one VM once."""
    result = replicate_alone(Site.of(point), replication)
    (move,) = result.moves
    rounds = result.journal.rounds
    assert rounds is not None
    stopped = [each for each in rounds if not each.live]
    return OneRun(move, [each for each in rounds if each.live], stopped[0] if stopped else None)


TIMES = ("command_s", "started_s", "set_up_s", "copied_s", "handshake_s", "stopped_s", "stopped_round_s", "resumed_s", "ended_s")
COUNTS = ("outcome", "reason", "rounds", "readings", "tracking.exposure", "sent_pages", "sent_bytes", "final_pages")


def results_of(replication: Replication) -> dict[tuple[str, str, int], tuple[object, ...]]:
    """Return every number of every attempt, by step, VM and attempt."""
    numbers = attrgetter(*TIMES, *COUNTS)
    return {(move.step.name, move.vm.name, move.attempt): numbers(move) for move in replication.moves}
