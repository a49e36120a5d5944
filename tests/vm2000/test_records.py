"""What migrations leave in writing."""

from __future__ import annotations

from sim.vm2000.records import EVENTS, AccountingRecord, EventKind, event


def test_three_events_on_390_and_four_on_x86() -> None:
    """SE server whitepaper: on x86 the VM is deactivated before it is deleted."""
    assert EVENTS["/390"] == ("paused", "created", "deleted")
    assert EVENTS["x86"] == ("paused", "created", "deactivated", "deleted")


def test_an_event_as_a_line() -> None:
    logged = event(EventKind.PAUSED, 79219.4, "ABGSE501", "VM12PROD")
    assert (logged.time_s, logged.unit, logged.vm) == (79219.4, "ABGSE501", "VM12PROD")
    assert logged.line("22:00:19.4") == "22:00:19.4  ABGSE501  VM VM12PROD paused"


def test_an_accounting_record_as_a_line() -> None:
    record = AccountingRecord(79223.0, 12, "VM12PROD", 0.0, 79223.0, 4096 * 2.0**20)
    assert record.line("22:00:23.0", "00:00:00.0", "22:00:23.0") == (
        "VACM  22:00:23.0  VM-INDEX=12  VM-NAME=VM12PROD  START=00:00:00.0  END=22:00:23.0  CPU-TIME=-  MEM-SIZE=4096 MB"
    )


def test_cpu_time_is_shown_where_it_is_known() -> None:
    record = AccountingRecord(10.0, 2, "A", 0.0, 10.0, 2.0**30, cpu_s=7.5)
    assert "CPU-TIME=7.5 s" in record.line("10", "0", "10")
