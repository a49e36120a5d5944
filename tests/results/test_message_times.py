"""When messages of a migration appear, worked out by hand on made-up messages, and by pandas on those of a run."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pytest

from sim.results.message_times import MOST, failing_times, message_times, wording
from sim.results.tables import arrow

ENDS = (("VMS2450", "source,source-admins"), ("VMS2451", "source,source-admins"))
Line = tuple[float, str, str, str]  # time, VM, id, text


def batches(replications: Sequence[Sequence[Line]], *, rows_a_batch: int = 3) -> list[pa.RecordBatch]:
    """Return stored messages, cut into batches that end within replications."""
    consoles = {"VMS2450": "source,source-admins", "VMS2451": "source,source-admins", "HAL0331": "guest"}
    rows = [
        ("", number, place, time_s, vm, "SU1", "SU2", consoles.get(id_, "target,target-admins"), "", id_, text)
        for number, lines in enumerate(replications)
        for place, (time_s, vm, id_, text) in enumerate(lines)
    ]
    return arrow("messages", rows).to_batches(max_chunksize=rows_a_batch)


def completed(start_s: float, devices: Sequence[float], total_s: float, vm: str = "A") -> list[Line]:
    return [
        (start_s, vm, "VMS2450", "VMS2450 STARTED"),
        *((start_s + after, vm, "VMS4005", f"VMS4005 DEVICE 'D{number}'") for number, after in enumerate(devices)),
        (start_s + total_s, vm, "VMS2451", "VMS2451 COMPLETED"),
    ]


def test_times_are_medians_after_the_start_of_the_attempt() -> None:
    """Totals 10, 30, 20: median 20, and of three values p5 is the smallest and p95 the largest; devices at 1 and 3, 2 and 5, 3 and 4."""
    found = message_times(batches([completed(100, [1, 3], 10), completed(500, [2, 5], 30), completed(0, [3, 4], 20)]), "A")
    of = {each.id: each for each in found.appearances}
    assert (found.replications, found.counted, found.source, found.target) == (3, 3, "SU1", "SU2")
    assert [each.id for each in found.appearances] == ["VMS2450", "VMS4005", "VMS2451"]
    assert of["VMS2450"].first_s == (0.0, 0.0, 0.0)
    assert of["VMS4005"].first_s == (1.0, 2.0, 3.0)
    assert of["VMS4005"].last_s == (3.0, 4.0, 5.0)
    assert of["VMS4005"].times == (2, 2)
    assert of["VMS2451"].first_s == (10.0, 20.0, 30.0)


def test_an_attempt_that_failed_is_left_out_and_only_the_first_completed_one_counts() -> None:
    """The first attempt ends without VMS2451; the second takes 7 s; the way back, 9 s, is another migration."""
    lines = [*completed(0, [1], 5)[:-1], *completed(50, [2], 7), *completed(90, [3], 9)]
    found = message_times(batches([lines]), "A")
    assert {each.id: each.first_s[1] for each in found.appearances} == {"VMS2450": 0.0, "VMS4005": 2.0, "VMS2451": 7.0}
    assert {each.replications for each in found.appearances} == {1}


def test_replications_without_a_completed_migration_are_counted_and_tell_no_time() -> None:
    other = completed(0, [1], 5, vm="B")
    found = message_times(batches([completed(0, [1], 5)[:-1], other, completed(0, [1], 8), [*other, *completed(20, [], 9)]]), "A")
    assert (found.replications, found.counted) == (4, 2)
    of = {each.id: each for each in found.appearances}
    assert of["VMS4005"].replications == 1
    assert of["VMS2451"].first_s[2] == 9.0


def failed(start_s: float, after_s: float, why: str, vm: str = "A") -> list[Line]:
    return [
        (start_s, vm, "VMS2450", "VMS2450 STARTED"),
        (start_s + after_s, vm, "[migr]", f"[migr] {why}"),
        (start_s + after_s + 2, vm, "[migr]", "[migr] live migration of VM (2,A) to target SU 'SU2' aborted; the VM stays on SU 'SU1'"),
        (start_s + after_s + 2, vm, "[migr]", "[migr] step out: VM (2,A) is left on SU 'SU1'"),
        (start_s + after_s + 300, vm, "", "/MIGRATE-VM VM-ID=2,SERVER-UNIT-NAME=SU2"),
    ]


LOST = "network connection between source SU 'SU1' and target SU 'SU2' interrupted"
FORCED = "live migration of VM (2,A) ended by /CANCEL"


def test_of_failing_attempts_the_most_frequent_reason_is_told() -> None:
    """The line is lost after 10 and 30 s, a command ends one after 5 s; the lower median of 10 and 30 is 10, the end 2 s later."""
    found = failing_times(
        batches([failed(0, 5, FORCED), failed(100, 10, LOST), [*failed(0, 30, LOST), *completed(500, [], 9)], completed(0, [], 8)]), "A"
    )
    assert (found.times.replications, found.failed, found.times.counted, found.rejected) == (4, 3, 2, 0)
    assert found.why == f"[migr] {LOST}"
    assert [each.first_s[1] for each in found.times.appearances] == [0.0, 10.0, 12.0, 12.0]
    assert found.times.appearances[-1].last_s == (12.0, 12.0, 32.0)


def test_a_rejected_command_begins_no_attempt_and_is_counted_once_a_replication() -> None:
    answer = (3.0, "A", "VMS2400", "VMS2400 [SU 'SU2' not found]")
    found = failing_times(batches([[answer, answer], completed(0, [], 8)]), "A")
    assert (found.failed, found.rejected, found.answer) == (0, 1, "VMS2400 [SU 'SU2' not found]")
    assert found.times.appearances == ()


def test_nothing_stored_tells_nothing() -> None:
    found = message_times([], "A")
    assert (found.replications, found.counted, found.appearances) == (0, 0, ())


def test_no_more_replications_are_read_than_are_looked_at() -> None:
    def endless() -> object:
        number = 0
        while number <= MOST:
            yield from batches([[]] * number + [completed(0, [], 5)])
            number += 1
        raise AssertionError("read on after the last replication that is looked at")

    found = message_times(endless(), "A")  # type: ignore[arg-type]
    assert (found.replications, found.counted) == (MOST, MOST)


@pytest.mark.parametrize(
    ("line", "template"),
    [
        ("[migr] CPU shares on SU 'S2': A 60 %", "CPU shares on SU '{target}': {text}"),
        ("[migr] VM (12,A) goes on on source SU 'S1'", "VM ({index},{vm}) goes on on source SU '{source}'"),
        ("[migr] words that no template has", ""),
    ],
)
def test_own_words_are_told_apart_by_their_templates(line: str, template: str) -> None:
    assert wording("[migr]", line) == template


def test_published_ids_need_no_wording() -> None:
    assert wording("VMS4005", "VMS4005 DEVICE 'T1' ASSIGNED TO VIRTUAL MACHINE (12,A)") == ""
