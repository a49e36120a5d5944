"""Recomputes from the stored rows alone the numbers that a report shows, table by table and title by title."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd

from report.page.page_numbers import Row, Table, numbers_in
from report.page.stored_rows import DONE, PHASES, Expected, Study, chosen, payload, quantile, share, with_interval, within

QUANTITIES = {"makespan": "makespan_s", "total time": "total_s", "downtime": "downtime_s", "bytes sent": "sent_bytes"}


def compared(study: Study, row: Row, table: Table) -> Expected:
    """The points beside each other, in the answer."""
    point, step = study.named(row, table.key), study.points[0].plans["step"].iloc[0]
    return {
        f"{step}, median": quantile(point.makespans, 0.5),
        f"{step}, p90": quantile(point.makespans, 0.9),
        "longest stop, p99": quantile(point.largest, 0.99),
        "all VMs over": float(np.isfinite(point.makespans).mean()),
        "within the window": within(study, point),
    }


def steps(study: Study, row: Row, table: Table) -> Expected:
    """Makespans."""
    point = study.named(row, table.key)
    quantiles = {f"makespan p{q} (95 %)": quantile(point.makespans, q / 100) for q in (50, 90, 99)}
    return {"begins": point.begin_s, **quantiles, "within the window (95 %)": within(study, point)}


def bars(study: Study, row: Row, table: Table) -> Expected:
    """The histogram of makespans; its edges are its own."""
    low, high = row["longer than"].value, row["up to"].value
    makespans = study.named(row, table.key).makespans
    return {"longer than": low, "up to": high, "replications": float(((makespans > low) & (makespans <= high)).mean())}


def over(study: Study, row: Row, table: Table) -> Expected:
    """How probable it is that all is over by a time; the times are its own."""
    point, after = study.named(row, table.key), row["after its begin"].value
    return {"after its begin": after, "clock time": point.begin_s + (after or 0.0), **share("over by then", point.makespans <= after)}


def reached(study: Study, row: Row, table: Table) -> Expected:
    """When it is over with a probability."""
    point, probability = study.named(row, table.key), row["probability"].value or 0.0
    return {"probability": probability, "by": point.begin_s + (quantile(point.makespans, probability) or 0.0)}


def attempts(study: Study, row: Row, table: Table) -> Expected:
    """The attempts of the median or worst replication."""
    point = study.named(row, table.key)
    rows = point.moves[point.moves["replication"] == chosen(point, row["replication"].text)]
    found = rows[rows["vm"] == row["VM"].text]
    move = found[found["attempt"] == row["attempt"].value].iloc[0]
    times = {"command": move["command_s"], "waited": move["command_s"] - move["due_s"], "ended": move["ended_s"]}
    ended = {"stop": move["downtime_s"], "rounds": move["rounds"] if move["outcome"] in DONE else math.nan}
    phases = {title: move[column] for title, column in PHASES.items()}
    numbers = {"attempt": move["attempt"], **times, **ended, **phases}
    return {title: None if pd.isna(value) else float(value) for title, value in numbers.items()}


def phases(study: Study, row: Row, table: Table) -> Expected:
    """Medians of the phases of a VM."""
    point, vm = study.named(row, table.key), row["VM"].text
    columns = {**PHASES, "stop": "downtime_s", "in all": "total_s"}
    return {title: quantile(point.of_vm(vm, column), 0.5) for title, column in columns.items()}


def downtimes(study: Study, row: Row, table: Table) -> Expected:
    """Downtimes of a VM, or of all VMs of a point: then they are not independent, and have no interval."""
    point = study.named(row, table.key)
    rows = point.done[point.done["vm"] == row["VM"].text] if "VM" in row else point.done
    stops = rows["downtime_s"].dropna().to_numpy()
    limits = {title: numbers_in(title)[-1].value for title in row if title.startswith("up to ")}
    numbers: Expected = {
        "stops": float(len(stops)),
        "longest": float(stops.max()),
        **{title: float((stops <= limit).mean()) for title, limit in limits.items()},
    }
    for q in (50, 99):
        numbers |= with_interval(f"p{q}", stops, q / 100) if len(set(rows["vm"])) == 1 else {f"p{q}": quantile(stops, q / 100)}
    return numbers


def stop_parts(study: Study, row: Row, table: Table) -> Expected:
    """Medians of the parts of a stop."""
    point, vm = study.named(row, table.key), row["VM"].text.split(" ")[0]
    columns = {"handshake": "handshake_s", "last round": "stopped_round_s", "state and resume": "state", "downtime": "downtime_s"}
    medians = {f"{title} p50": quantile(point.of_vm(vm, column), 0.5) for title, column in columns.items()}
    return {**medians, "downtime p99": quantile(point.of_vm(vm, "downtime_s"), 0.99)}


def longest(study: Study, row: Row, table: Table) -> Expected:
    """One of the longest stops."""
    point = study.named(row, table.key)
    rows = point.done[(point.done["replication"] == row["replication"].value) & (point.done["vm"] == row["VM"].text)].iloc[0]
    columns = {"downtime": "downtime_s", "last round": "stopped_round_s", "state and resume": "state", "handshake before": "handshake_s"}
    return {"replication": row["replication"].value, **{title: float(rows[column]) for title, column in columns.items()}}


def convergence(study: Study, row: Row, table: Table) -> Expected:
    """Rounds and bytes of a VM; speeds and what is dirtied come from repeated replications, and are not computed again."""
    point, vm = study.named(row, table.key), row["VM"].text
    rounds, moves = point.of_vm(vm, "rounds"), point.moves[point.moves["vm"] == vm]
    own = ("sent at, live", "dirtied per second in its last round", "dirtied over sent, last round")
    return {
        "rounds, median": quantile(rounds, 0.5),
        "rounds, most": float(rounds.max()),
        "sent over touched memory, median": quantile(point.of_vm(vm, "over"), 0.5),
        "aborted at the chase limit": float((moves["reason"] == "chase-limit").mean()),
        **{title: row[title].value for title in own if title in row},
    }


def sent(study: Study, row: Row, table: Table) -> Expected:
    """Bytes sent over memory touched."""
    values = study.named(row, table.key).of_vm(row["VM"].text, "over")
    return {**with_interval("Median", values, 0.5), **with_interval("p99", values, 0.99)}


def pair(study: Study, row: Row, table: Table) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what is compared, of both points, for the replications that both have: a column `of`."""
    places = re.match(r"p(\d+)p(\d+)", table.key)
    assert places is not None, table.key
    found = []
    for point in (study.points[int(place)] for place in places.groups()):
        column = QUANTITIES.get(row["quantity"].text, "")
        if row["quantity"].text == "makespan":
            rows = point.plans.assign(of=point.plans[column]).set_index("replication")
        elif row["quantity"].text == "bytes sent":
            rows = point.moves.groupby("replication")[[column]].sum().rename(columns={column: "of"})
        elif row["quantity"].text.startswith("share "):
            rows = point.last[point.last["vm"] == row["VM or step"].text].set_index("replication")
            rows = rows.assign(of=rows["outcome"] == row["quantity"].text.removeprefix("share "))
        else:
            rows = point.done[point.done["vm"] == row["VM or step"].text].set_index("replication")
            rows = rows.assign(of=rows[column])
        found.append(rows[["of"]].dropna())
    both = found[0].index.intersection(found[1].index)
    return found[0].loc[both], found[1].loc[both]


def differences(before: pd.DataFrame, after: pd.DataFrame) -> np.ndarray:
    """Return the differences of pairs; none where neither ends."""
    both = np.isinf(before["of"].to_numpy(dtype=float)) & np.isinf(after["of"].to_numpy(dtype=float))
    return np.where(both, 0.0, after["of"].to_numpy(dtype=float) - np.where(both, 0.0, before["of"].to_numpy(dtype=float)))


def apart(study: Study, row: Row, table: Table) -> Expected:
    """Differences of the pairs, and of the p99; the intervals of these are compared with a bootstrap elsewhere."""
    before, after = pair(study, row, table)
    ends = [quantile(each["of"], 0.99) or 0.0 for each in (before, after)]
    median = with_interval("difference, median", differences(before, after), 0.5)
    own = {title: row[title].value for title in ("difference of the p99, from", "difference of the p99, to")}
    return {"values": float(len(before)), **median, "difference of the p99": ends[1] - ends[0], **own}


def sides(study: Study, row: Row, table: Table) -> Expected:
    """Both sides and their difference; the interval of a difference of shares is compared with another implementation elsewhere."""
    before, after = pair(study, row, table)
    first, second = list(row)[2:4]
    if row["quantity"].text.startswith("share "):
        shares = [float(each["of"].mean()) for each in (before, after)]
        own = {title: row[title].value for title in ("difference, from", "difference, to")}
        return {first: shares[0], second: shares[1], "difference": shares[1] - shares[0], **own}
    medians = {first: quantile(before["of"], 0.5), second: quantile(after["of"], 0.5)}
    return {**medians, **with_interval("difference", differences(before, after), 0.5)}


SEEN_AT = {
    "source": "source monitor",
    "target": "target monitor",
    "source-admins": "administrators of the source",
    "target-admins": "administrators of the target",
    "guest": "guest console",
}
RECIPIENTS = ("source", "target", "source-admins", "target-admins", "guest", "caller", "simulator")


def messages(study: Study, row: Row, table: Table) -> Expected:
    """Times of a message after the begin of its migration, in the replications whose messages are stored."""
    return _message(study, row, table, DONE)


def failing_messages(study: Study, row: Row, table: Table) -> Expected:
    """Times of a message after the begin of the first attempt that fails, likewise."""
    return _message(study, row, table, ["aborted", "lost"])


def _message(study: Study, row: Row, table: Table, outcomes: list[str]) -> Expected:
    point = study.named(row, table.key)
    assert point.messages is not None
    shown = " ".join(each["as the console shows it"].text for each in table.rows)
    (vm,) = [vm for vm in point.messages["vm"].unique() if vm and re.search(rf",{vm}\)", shown)]
    own = point.moves[(point.moves["vm"] == vm) & point.moves["outcome"].isin(outcomes)]
    own = own[own["started_s"].notna()].drop_duplicates("replication").set_index("replication")
    rows = point.messages[(point.messages["vm"] == vm) & (point.messages["id"] == row["message"].text)]
    if row["message"].text == "[migr]":  # one id for all: told apart by their words, names in quotes left out
        words = _without_names(row["as the console shows it"].text)
        rows = rows[rows["text"].map(_without_names) == words]
    rows = rows[
        rows["consoles"].map(
            lambda consoles: ", ".join(SEEN_AT.get(each, each) for each in sorted(consoles.split(","), key=RECIPIENTS.index))
        )
        == row["seen at"].text
    ]
    begins, ends = (rows["replication"].map(own[column]) for column in ("started_s", "ended_s"))
    rows = rows[(rows["time_s"] >= begins) & (rows["time_s"] <= ends)]
    after = (rows["time_s"] - begins[rows.index]).groupby(rows["replication"])
    first, last = after.min(), after.max()
    names = {"first: p5": (first, 0.05), "median": (first, 0.5), "p95": (first, 0.95)}
    names |= {"last: p5": (last, 0.05), "median of the last": (last, 0.5), "p95 of the last": (last, 0.95)}
    numbers = {title: quantile(values, q) for title, (values, q) in names.items()}
    return {"migrations": float(len(first)), "lines": quantile(rows.groupby("replication").size(), 0.5), **numbers}


def _without_names(text: str) -> str:
    return re.sub("'[^']*'", "''", text).strip()


def swept(study: Study, row: Row, table: Table) -> Expected:
    """A point of a sweep, or of a line through it."""
    del table
    texts = {part for cell in row.values() for part in [cell.text, *cell.text.split(", ")]}
    (point,) = [each for each in study.points if {each.name.split(", ")[0], *each.settings.values()} <= texts]
    titles = [title for title in row if re.fullmatch(r"(memory|touched memory|spread) of .*|bandwidth of network .*|.*\..*", title)]
    knobs: Expected = {title: numbers_in(row[title].text)[0].value for title in titles if row[title].value is not None}
    metrics = {"makespan": point.makespans, "largest downtime": point.largest}
    for title in row:
        metric, _, q = title.rpartition(" p")
        knobs |= with_interval(title, metrics[metric], int(q) / 100) if metric in metrics and q.isdigit() else {}
    brought = {"every VM brought over": float(np.isfinite(point.makespans).mean())}
    return knobs | brought


def known(study: Study, row: Row, table: Table) -> Expected:
    """How well a time is known; four times the replications halve its interval."""
    point = study.named(row, table.key)
    match = re.match(r"p(\d+) of the (makespan|downtime)(?: of (\w+))?", row["time"].text)
    assert match is not None, row["time"].text
    values = point.makespans if match[2] == "makespan" else point.of_vm(match[3], "downtime_s")
    found = with_interval("estimate", values, int(match[1]) / 100)
    middle, low, high = (found[title] for title in ("estimate", "estimate, from", "estimate, to"))
    width = None if middle is None or low is None or high is None or math.isinf(middle) else max(high - middle, middle - low) / middle
    count = float(len(point.plans))
    return {**found, "known to within": width, "replications": count, "replications for half of that": None if width is None else 4 * count}


def laws(study: Study, row: Row, table: Table) -> Expected:
    """The laws that each row obeys: by how much the closest one does."""
    point = study.named(row, table.key)
    done, law = point.done, row["law"].text
    if law.startswith("A migration takes"):
        return {"rows compared": float(len(done)), "largest deviation": 0.0 if len(done) else None}
    if law.startswith("A downtime"):
        room = done["state"].dropna()
    elif law.startswith("At least the memory"):
        room = done["sent_bytes"] - done["touched_bytes"]
    elif law.startswith("A transfer"):
        transfer = done["precopy_s"] - done["handshake_s"].fillna(0.0) + done["stopped_round_s"].fillna(0.0)
        room = transfer - done["sent_bytes"] / payload(point)
    else:
        assert law.startswith("A step lasts"), law
        busy = point.done.groupby("replication")["total_s"].sum()
        plans = point.plans.set_index("replication")
        room = plans["ended_s"] - plans["at_s"] - busy.reindex(plans.index, fill_value=0.0)
    return {
        "rows compared": float(len(room)),
        "largest deviation": 0.0 if len(room) else None,
        "closest row": float(room.min()) if len(room) else None,
    }


def repeated(study: Study, row: Row, table: Table) -> Expected:
    """The replications that were repeated, and how many of their rows were compared."""
    point = study.named(row, table.key)
    number = chosen(point, row["which"].text)
    rows: dict[str, pd.DataFrame | None] = {"equal rows: migrations": point.moves, "steps": point.plans, "messages": point.messages}
    counts = {title: 0 if found is None else int((found["replication"] == number).sum()) for title, found in rows.items()}
    makespan = float(point.makespans[number])
    return {
        "replication": float(number),
        "makespan": makespan,
        **{title: float(count) if count else None for title, count in counts.items()},
    }


def outcomes(study: Study, row: Row, table: Table) -> Expected:
    """How often a VM ended so."""
    point = study.named(row, table.key)
    hits = point.last[point.last["vm"] == row["VM"].text]["outcome"] == row["outcome"].text
    return {"count": float(hits.sum()), **share("share", hits)}


def cost(study: Study, row: Row, table: Table) -> Expected:
    """What failed attempts cost."""
    point = study.named(row, table.key)
    plans = point.plans
    failed = (plans["failed_s"] > 0) | (plans["left_behind"] > 0)
    busy = plans["ended_s"] - plans["at_s"]
    kinds = {
        "time of failed attempts": plans["failed_s"][failed],
        "busy with failed attempts": busy[failed],
        "busy without failed attempts": busy[~failed],
    }
    return with_interval("time", kinds[row["what"].text], int(row["quantile"].text[1:]) / 100)


def reasons(study: Study, row: Row, table: Table) -> Expected:
    """Why attempts were not completed."""
    point = study.named(row, table.key)
    found = point.moves[(point.moves["outcome"] == row["outcome"].text) & (point.moves["reason"] == row["code"].text.split(" ")[0])]
    return {"attempts": float(len(found)), **share("of the replications", point.plans["replication"].isin(found["replication"]))}


def left(study: Study, row: Row, table: Table) -> Expected:
    """Who is left behind."""
    point = study.named(row, table.key)
    place = row["what became of it"].text.removeprefix("is on ")
    hits = point.plans["left"].map(lambda text: f"{row['VM'].text} on {place}" in text.split("; "))
    lost = point.last[(point.last["vm"] == row["VM"].text) & (point.last["outcome"] == "lost")]
    return {**share("of the replications", hits), "guest lost": len(lost) / len(point.plans)}


def faults(study: Study, row: Row, table: Table) -> Expected:
    """What a fault met: stored as its name, how often it began, and how many attempts it met."""
    point = study.named(row, table.key)
    told = point.plans["faults"].str.extract(rf"(?:^|; ){re.escape(row['fault'].text)} (\d+) (\d+)").fillna(0).astype(int)
    return {**share("of the replications", told[0] > 0), "times": float(told[0].sum()), "attempts that it met": float(told[1].sum())}


def arrivals(study: Study, row: Row, table: Table) -> Expected:
    """How often every VM arrives."""
    return share("every VM arrives", np.isfinite(study.named(row, table.key).makespans))
