"""Every column of the results: name, unit, type, definition, and when it is empty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["whole", "number", "text", "name", "flag"]  # a name is text with few distinct values

OUTCOMES = ("completed", "completed-with-warnings", "rejected", "aborted", "not-started", "lost")
OPERATOR_STEP = "(operator)"  # what stands for the step of migrations for which operators gave the command; no name of a plan has brackets
REASONS = (
    # found by the check
    "vm-not-created",
    "vm-state",
    "monitor-vm",
    "second-migration",
    "cluster-inactive",
    "operating-mode",
    "io-reconfiguration",
    "hypervisor-size",
    "monitor-memory",
    "source-down",
    "target-unreachable",
    "target-not-found",
    "target-not-unique",
    "name-in-use",
    "device-not-generated",
    "device-exclusive",
    "no-memory-on-target",
    "no-contiguous-memory",
    "no-index-on-target",
    "agent-error",
    # found on the way
    "definition-not-created",
    "disks-not-operable",
    "chase-limit",
    "link-lost",
    "monitor-starved",
    "source-crash",
    "target-crash",
    "forced-command",
    "definition-not-deleted",
    # of the plan
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
_STEP = Column("step", "name", "", f"Step of the plan; {OPERATOR_STEP} for a migration for which an operator gave the command.")
_VM = Column("vm", "name", "", "Name of the VM.")
_ATTEMPT = Column("attempt", "whole", "", "Attempt of this VM in this step, or by operators, counted from 1; 0 when it was not tried.")
_NOT_BEGUN = "the migration did not get so far"
_NOT_SUSPENDED = "the guest was not suspended"
_NOT_COMPLETED = "it was not completed, with or without warnings"
_NO_STOP = f"{_NOT_COMPLETED}, or the guest did not run"

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
    Column("console", "name", "", "SU at whose console an operator gave the command; an empty text for the plan."),
    Column("due_s", "number", "s", "When the plan wanted to give the command, since 00:00 of the first day."),
    Column("command_s", "number", "s", "When the command was given; later than due_s while the source SU had another outgoing migration."),
    Column("started_s", "number", "s", "When VMS2450 appeared.", "the check rejected the migration, or it was not tried"),
    Column("ended_s", "number", "s", "When the migration was over: completed, rejected, or rolled back."),
    Column(
        "outcome",
        "name",
        "",
        f"One of {', '.join(OUTCOMES)}; lost: the guest ended with the migration, its VM is still there.",
    ),
    Column(
        "reason",
        "name",
        "",
        "Why it was not completed, or with warnings: a reason of the list.",
        "it was completed without warnings",
    ),
    Column(
        "after_suspend",
        "name",
        "",
        "Policy of the scenario that decided who goes on, when it broke while the guest was stopped.",
        "nothing broke then",
    ),
    Column("total_s", "number", "s", "VMS2450 to VMS2451.", _NOT_COMPLETED),
    Column("downtime_s", "number", "s", "VMS2452 to VMS2432, or HAL0331 to HAL0332.", _NO_STOP),
    Column(
        "interruption_s",
        "number",
        "s",
        "How long the guest stood still in this attempt: from the suspension until it went on, on the target or back on the source.",
        "the guest was not suspended, or did not go on",
    ),
    Column("setup_s", "number", "s", "VMS2450 to the last VMS4005 (/390) or to VMS6020 (x86).", _NOT_BEGUN),
    Column("precopy_s", "number", "s", "End of the set-up to the suspension, handshake included.", _NOT_BEGUN),
    Column("handshake_s", "number", "s", "Last part of the pre-copy: the guest is told to suspend and still runs.", _NOT_SUSPENDED),
    Column(
        "stopped_round_s",
        "number",
        "s",
        "Part of the stop that sends the final set.",
        "the final set was not sent, or the guest did not run",
    ),
    Column("cleanup_s", "number", "s", "Resume on the target to VMS2451.", _NOT_COMPLETED),
    Column("rounds", "whole", "", "Live rounds that sent a page; the stopped one is not counted."),
    Column("final_bytes", "number", "bytes", "Bytes of the stopped round.", _NOT_SUSPENDED),
    Column("sent_bytes", "number", "bytes", "Bytes of all rounds with their headers, of a cut round too."),
)

PLANS = (
    _POINT,
    _REPLICATION,
    Column("step", "name", "", "Step of the plan."),
    Column("at_s", "number", "s", "When the step begins, since 00:00 of the first day."),
    Column("ended_s", "number", "s", "When it had nothing left to do."),
    Column("makespan_s", "number", "s", "ended_s - at_s; infinite while a VM of the step is not on its target."),
    Column("end_s", "number", "s", "at_s + makespan_s, for objectives against a clock time."),
    Column("vms", "whole", "", "VMs that the step was to bring to its target."),
    Column("left_behind", "whole", "", "VMs of the step that are not there at its end; not those that operators deleted."),
    Column("left", "name", "", "Which VMs were not brought over, with the SU on which each is at the end; an empty text for none."),
    Column("attempts", "whole", "", "Attempts, retries included."),
    Column(
        "failed_s", "number", "s", "Time that it spent on attempts that did not bring a VM over, with the pauses before it tried again."
    ),
    Column("ended_guests", "whole", "", "Guests that ended because an SU went down, in the whole replication, whatever step they are of."),
    Column("ended", "name", "", "SUs that went down in the replication, each with the VMs whose guests ended; an empty text for none."),
    Column(
        "faults",
        "name",
        "",
        "Faults of the scenario in the whole replication: name, how often it began, attempts that it met and that failed or had a warning.",
    ),
    Column("commands", "name", "", "Operators' commands in the whole replication: number, time, console, name, how it ended."),
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
    Column("vm", "name", "", "VM that it is about; an empty text where it is about none."),
    Column("source", "name", "", "Source SU of the migration; outside a migration the SU that it is about."),
    Column("target", "name", "", "Target SU of the migration; an empty text outside a migration."),
    Column("consoles", "name", "", "Who sees it: source, target, source-admins, target-admins, guest, caller; simulator: no console."),
    Column("console", "name", "", "SU or VM at whose console an operator typed the command that it belongs to; an empty text for none."),
    Column("id", "name", "", "Message id; [migr] for our own words, empty for the command itself."),
    Column("text", "text", "", "The line as the console shows it."),
)

TABLES: dict[str, tuple[Column, ...]] = {"migrations": MIGRATIONS, "plans": PLANS, "rounds": ROUNDS, "messages": MESSAGES}
