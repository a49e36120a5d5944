"""What tests look at in a replication: messages and displays of one attempt, and the rules that both have to keep."""

from __future__ import annotations

from sim.engine.journal import Line
from sim.engine.move import Move
from sim.engine.plan import ARRIVED
from sim.engine.replicate import Replication, replicate_alone
from sim.engine.site import Site
from sim.model.load import Load
from sim.scenario.point import Cost, Costs, Point
from sim.vm2000.catalogue import COMMAND, MESSAGES, PLAN_NOTHING, PLAN_WAITS, SU_DOWN, Message, Recipient, check_order
from sim.vm2000.states import GONE, Ending, check_displays

# A VM of 1 GiB with the device CS and no other: the check ends after 1 s, the VM is set up after 3 s and created after 3.5 s, its device
# is there after 3.75 s; suspended 0.2 s after the last live round, resumed 1.5 s after that (and after the stopped round); VMS2431 1 s
# later, the device removed after another 0.1 s, VMS2451 1 s after that; on x86 the memory is free 5 s after the deletion.
COSTS = Costs(
    check=Cost(1.0),
    setup=Cost(2.0),
    setup_per_gib=Cost(0.5),
    setup_per_device=Cost(0.25),
    handshake=Cost(0.2),
    state=Cost(1.0),
    resume=Cost(0.5),
    cleanup=Cost(2.0),
    cleanup_per_device=Cost(0.1),
    rollback=Cost(3.0),
    memory_release=Cost(0.0),
)
PASS_S = 2**30 / 100e6  # 1 GiB at the 100 MB/s of the builders' clusters, without page headers
# Suspended at 3.75 + PASS_S + 0.2; all that follows is fixed.
SUSPENDED_S = 3.75 + PASS_S + 0.2
RESUMED_S = SUSPENDED_S + 1.5
DELETED_S = RESUMED_S + 1.0 + 0.1
COMPLETED_S = DELETED_S + 1.0

# Three quarters of 1 GiB are rewritten ten times a second: after any round of more than a second practically all of them are dirty
# (1 - exp(-10) of them), and 805 MB take 8 s at 100 MB/s, far more than the stop goal of 2 s: the pre-copy never converges.
NEVER_CONVERGES = Load("hot", classes=((196608.0, 10.0),))


def simulated(point: Point, number: int = 0) -> Replication:
    """Return a replication with everything recorded, its messages and displays checked against the protocol."""
    replication = replicate_alone(Site.of(point), number)
    check_protocol(replication)
    return replication


def only_move(replication: Replication) -> Move:
    """Return the only attempt."""
    (move,) = replication.moves
    return move


def ids(replication: Replication, vm: str = "VM1") -> list[str]:
    """Return the ids of a VM's messages in the order of their times, the echo of the command as "command"."""
    return [line.message.id or "command" for line in replication.journal.in_order() if line.vm == vm]


def on_consoles_of(replication: Replication, recipient: Recipient) -> list[str]:
    """Return the ids that the consoles of one kind show."""
    return [line.message.id for line in replication.journal.in_order() if recipient in line.message.recipients]


def printed_at(replication: Replication, message: Message) -> list[float]:
    """Return when a message was printed, in the order of time."""
    return [line.time_s for line in replication.journal.in_order() if line.message is message]


def shown(replication: Replication, unit: str, vm: str = "VM1") -> list[str]:
    """Return what an SU displays for a VM, one after the other."""
    return [display.state for display in replication.journal.displays or [] if (display.unit, display.vm) == (unit, vm)]


def attempts_of(replication: Replication, vm: str) -> list[list[Line]]:
    """Return the messages of a VM in the order in which they were said, one list an attempt; what belongs to none is left out."""
    attempts: list[list[Line]] = []
    for line in replication.journal.lines or []:
        if line.vm != vm or line.message in {PLAN_WAITS, PLAN_NOTHING} or line.message not in MESSAGES:
            continue
        if line.message is COMMAND:
            attempts.append([])
        attempts[-1].append(line)
    return [sorted(attempt, key=lambda line: line.time_s) for attempt in attempts]


def messages_of(replication: Replication, vm: str = "VM1") -> list[list[Message]]:
    """Return the messages of a VM's attempts."""
    return [[line.message for line in attempt] for attempt in attempts_of(replication, vm)]


def check_protocol(replication: Replication) -> None:
    """Check the messages of every attempt and the displays of every migration that was started.

    Attempts of one VM that overlap (a command that is rejected while its migration runs) are not looked at, nor are displays where an SU
    went down: it displays nothing, which no sequence of the protocol foresees.
    """
    for vm in {move.vm.name for move in replication.moves}:
        moves = [move for move in replication.moves if move.vm.name == vm and move.attempt > 0]
        moves.sort(key=lambda move: move.command_s)
        ends = [move.ended_s or 0.0 for move in moves]
        if any(move.command_s < end for move, end in zip(moves[1:], ends, strict=False)):
            continue
        attempts = attempts_of(replication, vm)
        assert len(attempts) == len(moves)
        for move, lines in zip(moves, attempts, strict=True):
            check_order(move.source.spec.su_type, [line.message for line in lines])
            if move.started_s is not None and move.outcome != "lost" and not printed_at(replication, SU_DOWN):
                _check_displays(replication, move)


def _check_displays(replication: Replication, move: Move) -> None:
    """Check what both SUs displayed from before the start of a migration to its end."""
    assert move.started_s is not None
    assert move.ended_s is not None
    ending = Ending.COMPLETED if move.outcome in ARRIVED else Ending.ABORTED
    sides = []
    for unit in (move.source.name, move.target.name):
        mine = [each for each in replication.journal.displays or [] if (each.unit, each.vm) == (unit, move.vm.name)]
        before = [each.state for each in mine if each.time_s < move.started_s]
        sides.append([*(before[-1:] or [GONE]), *(each.state for each in mine if move.started_s <= each.time_s <= move.ended_s)])
    check_displays(move.source.spec.su_type, ending, *sides)
