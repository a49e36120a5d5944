"""What `migr run --assumptions` adds to a run: how much each assumed number weighs, stored beside the results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.exits import INTERRUPTED
from sim.cli.output import say

if TYPE_CHECKING:
    from sim.experiment.run import Ran
    from sim.scenario.load import Loaded

# ruff: noqa: PLC0415 - imports inside the function: a run that weighs nothing starts without them

Weighed = Annotated[
    bool,
    typer.Option("--assumptions", help="Also compute what becomes of the answer when an assumed number is 20 % off; the report shows it."),
]


def weigh(ran: Ran, loaded: Loaded) -> None:
    """Compute and store what the report says about the weight of each assumption, with its progress shown; Ctrl-C ends the command."""
    from sim.experiment.probing.effects import EFFECTS, effects, effects_text
    from sim.report.progress import showing_progress

    try:
        with showing_progress("assumed numbers") as progress:
            found = effects(loaded, lambda done, total: progress(done, total, 0, 1))
    except KeyboardInterrupt:
        say(
            f"\nInterrupted. The results in {ran.store.folder} are complete; the same command computes the weight of the assumptions again."
        )
        raise typer.Exit(INTERRUPTED) from None
    ran.store.write_text(EFFECTS, effects_text(found))
    weighed = len(found["points"])
    if weighed < len(loaded.points):
        say(
            f"--assumptions: weighed at {weighed} of {len(loaded.points)} points: "
            + ", ".join(f"'{each['point']}'" for each in found["points"])
        )
