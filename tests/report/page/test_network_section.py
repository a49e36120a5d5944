"""Network and CPU: numbers of tables against the rows, computed with pandas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.engine.move import Move
from sim.engine.replicate import replicate_alone
from sim.report.page.blocks import Cell, Figure, Prose, Section, Table
from sim.report.page.drawing import svg_of
from sim.report.page.sections.network.section import network
from sim.report.page.source import Detail, Source
from sim.results.transfers import transfers_of


def made(source: Source) -> Section:
    section = network(source)
    assert section is not None
    return section


def table(section: Section, key: str) -> Table:
    return next(block for block in section.blocks if isinstance(block, Table) and block.key == key)


def value(cell: Cell | str) -> float:
    assert isinstance(cell, Cell)
    assert cell.value is not None
    return cell.value


def frames(detail: Detail) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    _, tables = detail.sample
    return tables["migrations"].to_pandas(), tables["rounds"].to_pandas(), tables["plans"].to_pandas()


def test_bytes_and_busy_time_of_the_network_are_those_of_the_rows(night: Source) -> None:
    detail = night.details[0]
    moves, rounds, plans = frames(detail)
    (row,) = table(made(night), "link-use").rows
    sent = moves.groupby("replication").sent_bytes.sum().sort_values().to_numpy()
    n = len(sent)
    assert value(row[2]) == pytest.approx(sent[int(np.ceil(n * 0.5)) - 1])
    assert value(row[3]) == pytest.approx(sent[int(np.ceil(n * 0.9)) - 1])
    span = (plans.groupby("replication").ended_s.max() - plans.groupby("replication").at_s.min()).sum()
    assert value(row[4]) == pytest.approx(rounds.duration_s.sum() / span)  # one outgoing migration at a time: no two rounds overlap
    assert value(row[5]) == pytest.approx(moves.sent_bytes.sum() / detail.site.links["mcnpr"].payload_Bps / rounds.duration_s.sum())


def test_ratio_of_each_vm_is_that_of_the_stored_rows(night: Source) -> None:
    detail = night.details[0]
    parts = [chunk.migrations.to_pandas() for chunk in detail.rows.read(["vm", "outcome", "sent_bytes", "touched_bytes"], ["replication"])]
    moves = pd.concat(parts)
    figure = made(night).figures[0]
    assert len(figure.numbers.rows) == 12
    for row in figure.numbers.rows:
        name = row[0]
        of_vm = moves[(moves.vm == name) & moves.outcome.isin(["completed", "completed-with-warnings"])]
        ratio = np.sort((of_vm.sent_bytes / of_vm.touched_bytes).to_numpy())
        assert value(row[1]) == ratio[int(np.ceil(len(ratio) * 0.5)) - 1]


def test_use_over_time_adds_up_to_what_was_sent(night: Source) -> None:
    """No span is full more than all the time, and no median lies outside of its band."""
    detail = night.details[0]
    numbers = made(night).figures[1].numbers
    payload = detail.site.links["mcnpr"].payload_Bps
    for row in numbers.rows:
        low, middle, high = (value(cell) for cell in row[1:4])
        assert 0.0 <= low <= middle <= high <= payload


def test_ceilings_are_those_of_the_migrations_themselves(quickstart: Source) -> None:
    """SimPy's own routes tell what each migration's monitor systems could send, its own variation included."""
    for detail in quickstart.details:
        found = transfers_of(detail.site, *detail.sample)
        assert found is not None
        for number in (0, 7):
            move: Move = replicate_alone(detail.site, number).moves[0]
            first = np.flatnonzero(found.replication == number)[0]
            factor = move.cluster.factor_first
            assert found.sender_Bps[first] == pytest.approx(factor * move.route.sender_Bps, rel=1e-12)
            assert found.receiver_Bps[first] == pytest.approx(move.route.receiver_Bps, rel=1e-12)


def test_bytes_of_rounds_that_broke_are_counted(failing: Source) -> None:
    """A migration that the line cut has sent something, though no round of it is stored."""
    for detail in failing.details:
        found = transfers_of(detail.site, *detail.sample)
        moves, _, _ = frames(detail)
        assert found is not None
        expected = moves.groupby("replication").sent_bytes.sum()
        sent = np.bincount(found.replication, found.sent_bytes, minlength=len(expected))
        assert sent == pytest.approx(expected.to_numpy())
    assert any((frames(detail)[0].outcome == "aborted").any() for detail in failing.details)


def test_slower_of_network_and_monitor_system_is_named(quickstart: Source, night: Source) -> None:
    """280 MB/s sent are less than 10 Gbit/s carry, and more than 1 Gbit/s."""
    assert "monitor VM of the source SU is the bottleneck all" in made(quickstart).figures[2].title
    assert made(night).figures[2].title.startswith("No monitor VM is the bottleneck")
    leads = [block.text for block in made(night).blocks if isinstance(block, Prose) and block.tone == "lead"]
    assert leads[0].startswith("The network decides how fast memory is sent, all the time. A faster network would help")


def test_of_a_line_that_is_lost_no_faster_network_is_advised(failing: Source) -> None:
    leads = {}
    for detail in failing.details:
        section = made(replace(failing, details=(detail,)))
        (leads[detail.name],) = [block.text for block in section.blocks if isinstance(block, Prose) and block.tone == "lead"]
    assert "A faster network would help" in leads["line holds"]
    for name in ("no retry", "three retries"):
        assert leads[name].startswith("The line is down for a time, and nothing is sent then, which no faster network would change (drop: ")
        assert "network mcnpr has no line for 3 min (median); in 100.0 % of the replications" in leads[name]
        assert "would help" not in leads[name]


def test_figures_are_drawn_where_little_or_nothing_was_completed(failing: Source, swept: Source) -> None:
    for source in (failing, swept):
        figures = made(source).figures
        assert len({figure.key for figure in figures}) == len(figures) == 1 + 2 * len(source.details)
        assert all(svg_of(figure.drawing, figure.key).startswith("<svg") for figure in figures if isinstance(figure, Figure))


def test_a_monitor_system_that_is_full_because_it_is_shared_is_the_bottleneck(ran: Callable[[str, int], tuple[Path, Source]]) -> None:
    """Two migrations cross: each is slower than every ceiling, and both SUs send and receive all that they can."""
    section = made(ran("both-directions", 20)[1])
    assert section.figures[2].title.startswith("The monitor VM of SU ABGSE")
    assert "share" in section.figures[2].title
    assert [row[0] for row in section.figures[0].numbers.rows] == ["VMOUT", "VMOUT", "VMIN", "VMIN"]  # a name is enough: one step each
