"""The rounds of some replications as transfers: where their bytes went, how fast, and what could have carried how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sim.columns import OPERATOR_STEP
from sim.engine.site import Site, Streams
from sim.model.draws import BLOCK, Draws, address
from sim.results.chunks import Codes, Sample, names_of, numbers_of, whole_of

NEARLY = 0.98  # of a ceiling: a transfer as fast as this is held back by it, and not by something else for some of its time


@dataclass(frozen=True, slots=True)
class Way:
    """One direction of a network.

    Args:
        link: name of the network.
        out, into: SE servers that it joins; SUs where both stand in one server.
        payload_Bps: what it carries for migrations.
    """

    link: str
    out: str
    into: str
    payload_Bps: float


@dataclass(frozen=True, slots=True, eq=False)
class Transfers:
    """Rounds that sent something; arrays of shape (transfers,).

    Args:
        replications: how many there are, from replication 0.
        ways: directions of networks that were used, by name.
        units: SUs of the point.
        replication: of each transfer.
        way: its place in `ways`.
        source, target: places of its SUs in `units`.
        began_s, ended_s: seconds since 00:00 of the first day.
        sent_bytes: with headers.
        rate_Bps: mean while it was sending, the round trip before it left out.
        payload_Bps, sender_Bps, receiver_Bps: ceilings of network, source and target in this round of this migration, nothing being shared.
    """

    replications: int
    ways: tuple[Way, ...]
    units: tuple[str, ...]
    replication: NDArray[np.int64]
    way: Codes
    source: Codes
    target: Codes
    began_s: Sample
    ended_s: Sample
    sent_bytes: Sample
    rate_Bps: Sample
    payload_Bps: Sample
    sender_Bps: Sample
    receiver_Bps: Sample

    def limits(self) -> dict[str, float]:
        """Return for which share of the sending time each ceiling decided: link, sender, receiver, or less than all of them.

        "less" is a transfer slower than each of the three: it shared with another, was capped by its policy, or something was broken.
        """
        ceilings = np.stack([self.payload_Bps, self.sender_Bps, self.receiver_Bps])
        decides = np.where(self.rate_Bps >= NEARLY * ceilings.min(axis=0), ceilings.argmin(axis=0), 3)
        spent = np.bincount(decides, weights=self.ended_s - self.began_s, minlength=4)
        return dict(zip(("link", "sender", "receiver", "less"), (spent / spent.sum()).tolist(), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class _Sent:
    """Rounds as they are stored, and those that broke off, which are not; arrays of shape (rounds,).

    Args:
        move: row of the migration.
        phase: 0 for round 1, 1 for later live rounds, 2 for the stopped one: which factor the sender's ceiling has.
        began_s: seconds.
        took_s: seconds; NaN where nobody knows.
        sent_bytes: with headers.
    """

    move: NDArray[np.int64]
    phase: NDArray[np.int64]
    began_s: Sample
    took_s: Sample
    sent_bytes: Sample


def transfers_of(site: Site, replications: int, tables: Mapping[str, pa.Table]) -> Transfers | None:
    """Return the rounds of the first replications as transfers; None where nothing was sent.

    Args:
        site: the point, prepared.
        replications: how many there are, from 0; at most a block of draws.
        tables: their migrations and rounds, all columns.
    """
    moves, names = tables["migrations"], tuple(site.units)
    sent = _sent(site, tables["rounds"], moves)
    if not len(sent.move):
        return None
    source, target = (_coded(moves[column], names)[sent.move] for column in ("source", "target"))
    ways, way = _ways(site, names, source, target)
    cluster = [site.clusters[site.units[name].cluster] for name in names]
    available = np.array([site.units[name].available for name in names])
    factors = np.array([[each.factor_first, each.factor_live, each.factor_stopped] for each in cluster])
    varied = _varied(site, replications, moves, names)[sent.move]
    payload = np.array([each.payload_Bps for each in ways])[way]
    sender = (np.array([each.sender_Bps for each in cluster]) * available)[source] * factors[source, sent.phase] * varied
    receiver = (np.array([each.receiver_Bps for each in cluster]) * available)[target] * varied
    trip = np.array([site.links[site.units[name].link].round_trip_s for name in names])[source]
    alone = trip + sent.sent_bytes / np.minimum(payload, np.minimum(sender, receiver))
    # What broke off is not stored round by round: drawn as fast as nothing shared and nothing broken.
    took = np.where(np.isnan(sent.took_s), alone, sent.took_s)
    rate = sent.sent_bytes / np.where(took > trip, took - trip, took)
    replication = whole_of(moves["replication"])[sent.move]
    ended = sent.began_s + took
    where = (replication, way, source, target)
    return Transfers(replications, ways, names, *where, sent.began_s, ended, sent.sent_bytes, rate, payload, sender, receiver)


def _sent(site: Site, rounds: pa.Table, moves: pa.Table) -> _Sent:
    """Return what was sent, round by round, so that the bytes of a migration are those of its row.

    Rounds are stored in whole pages: one that was cut had sent more, QEMU sends some bytes only for a page of zeros, and one in which the
    migration broke off is not stored.
    """
    move = _moves_of(rounds, moves)
    header = {name: site.page_bytes(cluster) for name, cluster in site.clusters.items()}
    found, codes = names_of(moves["source"])
    page = np.array([header[site.units[name].cluster] for name in found] or [0.0])[codes]
    size = whole_of(rounds["sent_pages"]) * page[move]
    began, took = numbers_of(rounds["began_s"]), numbers_of(rounds["duration_s"])
    phase = np.where(~rounds["live"].to_numpy(), 2, np.where(whole_of(rounds["round"]) == 1, 0, 1))
    stored, in_all = np.bincount(move, weights=size, minlength=len(page)), numbers_of(moves["sent_bytes"])
    outcomes, outcome = names_of(moves["outcome"])
    reasons, reason = names_of(moves["reason"])
    broke = np.array([name in {"aborted", "lost"} for name in outcomes] or [False])[outcome]
    broke &= ~np.array([*(name == "chase-limit" for name in reasons), False])[reason] & (in_all - stored >= page)
    factor = np.divide(in_all, stored, out=np.ones_like(in_all), where=(stored > 0.0) & ~broke)
    last = numbers_of(moves["started_s"]) + numbers_of(moves["setup_s"])
    np.maximum.at(last, move, began + took)
    more, kept = np.flatnonzero(broke), np.flatnonzero((size > 0.0) & (took > 0.0))
    return _Sent(
        np.concatenate([move[kept], more]),
        np.concatenate([phase[kept], np.where(stored[more] > 0.0, 1, 0)]),
        np.concatenate([began[kept], last[more]]),
        np.concatenate([took[kept], np.full(len(more), np.nan)]),
        np.concatenate([(size * factor[move])[kept], (in_all - stored)[more]]),
    )


def _coded(column: pa.ChunkedArray[Any], names: Sequence[str]) -> Codes:
    """Return for each row the place of its name among `names`."""
    found, codes = names_of(column)
    return np.array([names.index(name) for name in found] or [0], dtype=np.int32)[codes]


def _moves_of(rounds: pa.Table, moves: pa.Table) -> NDArray[np.intp]:
    """Return for each round the row of its migration: replication, step, VM and attempt are the same."""
    steps, vms = (sorted({*names_of(moves[column])[0]}) for column in ("step", "vm"))
    attempts = 1 + max(int(whole_of(moves["attempt"]).max(initial=0)), 0)

    def keys(table: pa.Table) -> NDArray[np.int64]:
        place = whole_of(table["replication"]) * len(steps) + _coded(table["step"], steps)
        return (place * len(vms) + _coded(table["vm"], vms)) * attempts + whole_of(table["attempt"])

    known = keys(moves)
    order = np.argsort(known, kind="stable")
    return order[np.searchsorted(known[order], keys(rounds))]


def _ways(site: Site, names: Sequence[str], source: Codes, target: Codes) -> tuple[tuple[Way, ...], Codes]:
    """Return the directions of networks that are used, by name, and that of each transfer."""
    pairs, of_pair = np.unique(source.astype(np.int64) * len(names) + target, return_inverse=True)
    used = []
    for pair in pairs.tolist():
        out, into = site.units[names[pair // len(names)]], site.units[names[pair % len(names)]]
        ends = (out.name, into.name) if out.server == into.server else (out.server, into.server)
        used.append(Way(out.link, *ends, site.links[out.link].payload_Bps))
    ways = tuple(sorted(set(used), key=lambda way: (way.link, way.out, way.into)))
    return ways, np.array([ways.index(way) for way in used], dtype=np.int32)[of_pair]


def _varied(site: Site, replications: int, moves: pa.Table, names: Sequence[str]) -> Sample:
    """Return the factor of each migration on the ceilings of both ends, as it was drawn for its VM, migration and attempt."""
    varied = np.ones(moves.num_rows)
    sigmas = np.array([site.clusters[site.units[name].cluster].throughput_sigma for name in names])
    sigma = sigmas[_coded(moves["source"], names)]
    vms, vm = names_of(moves["vm"])
    migration, attempt, replication = _migrations(moves), whole_of(moves["attempt"]), whole_of(moves["replication"])
    draws = Draws(site.point.seed, 0, min(replications, BLOCK))
    drawn, of_row = np.unique(np.stack([vm, migration, attempt]), axis=1, return_inverse=True)
    for place, (code, number, tried) in enumerate(drawn.T.tolist()):
        rows = np.flatnonzero(of_row.ravel() == place)
        normals = draws.normals(Streams.of(vms[code]).throughput, address(number, tried))
        varied[rows] = np.exp(sigma[rows] * normals[replication[rows]])
    return varied


def _migrations(moves: pa.Table) -> NDArray[np.int64]:
    """Return which of its VM's migrations in a replication each row is, from 1: retries of a plan are one, operators' commands one each."""
    vm, steps = names_of(moves["vm"])[1], names_of(moves["step"])
    typed = np.array([name == OPERATOR_STEP for name in steps[0]] or [False])[steps[1]]
    attempt, begun = whole_of(moves["attempt"]), numbers_of(moves["command_s"])
    tried = np.where(attempt == 0, np.inf, begun)  # what was not tried is no migration, and counts after all others
    same = np.stack([whole_of(moves["replication"]), vm, steps[1], np.where(typed, attempt, 0)])
    _, of_row = np.unique(same, axis=1, return_inverse=True)
    of_row = of_row.ravel()
    first = np.full(int(of_row.max(initial=0)) + 1, np.inf)
    np.minimum.at(first, of_row, tried)
    order = np.lexsort((of_row, first[of_row], vm, same[0]))
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = np.diff(of_row[order]) != 0
    of_another = np.ones(len(order), dtype=bool)
    of_another[1:] = (np.diff(same[0][order]) != 0) | (np.diff(vm[order]) != 0)
    count = np.cumsum(begins)
    base = np.maximum.accumulate(np.where(of_another, count - 1, 0))
    numbers = np.empty(len(order), dtype=np.int64)
    numbers[order] = count - base
    return numbers
