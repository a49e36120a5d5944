"""Every column of the results: name, unit, type, definition, and when it is empty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["whole", "number", "text", "name", "flag"]  # a name is text with few distinct values

OUTCOMES = ("completed", "completed-with-warnings", "rejected", "aborted", "not-started", "lost")
REASONS = (
    "vm-state",
    "monitor-vm",
    "second-migration",
    "no-memory-on-target",
    "no-index-on-target",
    "chase-limit",
    "step-stopped",
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Args:
        name: in files; ends in the unit where it has one.
        kind: type of its values.
        unit: unit, "" for none.
        meaning: definition, one sentence.
        empty: when it has no value; "" for never.
    """

    name: str
    kind: Kind
    unit: str
    meaning: str
    empty: str = ""


_POINT = Column("point", "name", "", "Variant; an empty text when the scenario has none.")
_REPLICATION = Column("replication", "whole", "", "Replication, counted from 0; the same number in two points has the same random draws.")
_STEP = Column("step", "name", "", "Step of the plan.")
_VM = Column("vm", "name", "", "Name of the VM.")
_ATTEMPT = Column("attempt", "whole", "", "Attempt of this VM in this step, counted from 1; 0 when it was not tried.")
_NOT_BEGUN = "the migration did not get so far"
_NOT_SUSPENDED = "the guest was not suspended"

MIGRATIONS = (
    _POINT,
    _REPLICATION,
    _STEP,
    _VM,
    _ATTEMPT,
    Column("su_type", "name", "", "SU type: /390 or x86."),
    Column("source", "name", "", "Source SU."),
    Column("target", "name", "", "Target SU."),
    Column("memory_bytes", "whole", "bytes", "Configured memory of the VM."),
    Column("touched_bytes", "whole", "bytes", "Memory that the VM ever touched: what one full pass sends, without headers."),
    Column("due_s", "number", "s", "When the plan wanted to give the command, since 00:00 of the first day."),
    Column("command_s", "number", "s", "When the command was given; later than due_s while the source SU had another outgoing migration."),
    Column("started_s", "number", "s", "When VMS2450 appeared.", "the check rejected the migration, or it was not tried"),
    Column("ended_s", "number", "s", "When the migration was over: completed, rejected, or rolled back."),
    Column(
        "outcome",
        "name",
        "",
        f"One of {', '.join(OUTCOMES)}; completed-with-warnings and lost need faults, which this version does not simulate.",
    ),
    Column("reason", "name", "", f"Why it was not completed: one of {', '.join(REASONS)}.", "the migration was completed"),
    Column("total_s", "number", "s", "VMS2450 to VMS2451.", "the migration was not completed"),
    Column("downtime_s", "number", "s", "VMS2452 to VMS2432, or HAL0331 to HAL0332.", "not completed, or the guest did not run"),
    Column("setup_s", "number", "s", "VMS2450 to the last VMS4005 (/390) or to VMS6020 (x86).", _NOT_BEGUN),
    Column("precopy_s", "number", "s", "End of the set-up to the suspension, handshake included.", _NOT_BEGUN),
    Column("handshake_s", "number", "s", "Last part of the pre-copy: the guest is told to suspend and still runs.", _NOT_SUSPENDED),
    Column("stopped_round_s", "number", "s", "Part of the downtime that sends the final set.", "not completed, or the guest did not run"),
    Column("cleanup_s", "number", "s", "Resume on the target to VMS2451.", "the migration was not completed"),
    Column("rounds", "whole", "", "Live rounds that sent a page; the stopped one is not counted."),
    Column("final_bytes", "number", "bytes", "Bytes of the stopped round.", _NOT_SUSPENDED),
    Column("sent_bytes", "number", "bytes", "Bytes of all rounds with their headers, of a cut round too."),
)

PLANS = (
    _POINT,
    _REPLICATION,
    _STEP,
    Column("at_s", "number", "s", "When the step begins, since 00:00 of the first day."),
    Column("ended_s", "number", "s", "When it had nothing left to do."),
    Column("makespan_s", "number", "s", "ended_s - at_s; infinite while a VM of the step is not on its target."),
    Column("end_s", "number", "s", "at_s + makespan_s, for objectives against a clock time."),
    Column("vms", "whole", "", "VMs that the step was to bring to its target."),
    Column("left_behind", "whole", "", "VMs of the step that are not there at its end."),
    Column("attempts", "whole", "", "Attempts, retries included."),
)

ROUNDS = (
    _POINT,
    _REPLICATION,
    _STEP,
    _VM,
    _ATTEMPT,
    Column("round", "whole", "", "Round, counted from 1."),
    Column("live", "flag", "", "False for the stopped round."),
    Column("began_s", "number", "s", "When the bitmap was read, since 00:00 of the first day."),
    Column("duration_s", "number", "s", "How long the round took."),
    Column("marked_pages", "whole", "pages", "Dirty pages at its start."),
    Column("sent_pages", "whole", "pages", "Pages sent; fewer than marked where pages are skipped or the round was cut."),
)

MESSAGES = (
    _POINT,
    _REPLICATION,
    Column("place", "whole", "", "Place of the message in its replication, counted from 0."),
    Column("time_s", "number", "s", "When it was printed, since 00:00 of the first day."),
    Column("vm", "name", "", "VM of the migration."),
    Column("source", "name", "", "Source SU of the migration."),
    Column("target", "name", "", "Target SU of the migration."),
    Column("consoles", "name", "", "Who sees it: source, target, source-admins, target-admins, guest, caller."),
    Column("id", "name", "", "Message id; [migr] for our own words, empty for the command itself."),
    Column("text", "text", "", "The line as the console shows it."),
)

TABLES: dict[str, tuple[Column, ...]] = {"migrations": MIGRATIONS, "plans": PLANS, "rounds": ROUNDS, "messages": MESSAGES}
