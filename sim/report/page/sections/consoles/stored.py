"""The messages that a section about consoles looks at: those that are stored, else those of the median replication, repeated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pyarrow as pa

from sim.experiment.storage.reading import batches
from sim.report.page.source import Detail
from sim.results.message_times import COLUMNS
from sim.results.tables import arrow, message_rows


def has_messages(detail: Detail) -> bool:
    """Return whether messages of the point are stored."""
    return bool(detail.run.contents.pieces.get(("messages", detail.place)))


def stored_messages(detail: Detail) -> Iterator[pa.RecordBatch]:
    """Yield the stored messages of the point alone."""
    contents = detail.run.contents
    key = "messages", detail.place
    return batches(replace(contents, pieces={key: contents.pieces[key]}), "messages", COLUMNS)


def median_number(detail: Detail) -> Iterator[int]:
    """Yield the median replication where it could be repeated."""
    if detail.median is not None and detail.median.replication in detail.again:
        yield detail.median.replication


def messages_of(detail: Detail) -> Iterable[pa.RecordBatch] | None:
    """Return the stored messages of the point, else those of its median replication; None where that cannot be repeated."""
    if has_messages(detail):
        return stored_messages(detail)
    for number in median_number(detail):
        return arrow("messages", message_rows(detail.point.name, detail.again[number])).to_batches()
    return None
