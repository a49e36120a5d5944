"""One part computed: its replications simulated, its tables stored."""

from __future__ import annotations

import gc
import traceback

from sim.engine.journal import Journal
from sim.engine.replicate import replicate
from sim.engine.site import Site
from sim.experiment.parts import Failure, Part
from sim.experiment.store import Store
from sim.model.draws import Draws
from sim.results.tables import Row, arrow, message_rows, migration_rows, plan_rows, round_rows


def compute(part: Part, site: Site, store: Store) -> Failure | None:
    """Simulate a part and store its tables; return what went wrong, after which nothing of the part is stored."""
    point = site.point
    rows: dict[str, list[Row]] = {table: [] for table in part.tables}
    draws = Draws(point.seed, part.start, part.stop)
    gc.freeze()  # what is imported and prepared lives on: the collector need not look at it again and again
    for number in range(part.start, part.stop):
        tells = number < part.messages
        journal = Journal(lines=[] if tells else None, rounds=[] if part.rounds else None)
        try:
            replication = replicate(site, draws, number, journal)
            rows["migrations"] += migration_rows(point.name, replication)
            rows["plans"] += plan_rows(point.name, replication)
            if tells:
                rows["messages"] += message_rows(point.name, replication)
            if part.rounds:
                rows["rounds"] += round_rows(point.name, replication)
        except Exception as error:  # noqa: BLE001 - whatever it is, the planner gets the command that repeats it
            return Failure(point.name, number, f"{type(error).__name__}: {error}", traceback.format_exc())
    for table in part.tables:
        store.write(table, part.file(table), arrow(table, rows[table]))
    return None
