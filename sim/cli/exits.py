"""Exit codes of commands that ended without an error of their own; those of errors are in `sim.errors`, 0 is an answer."""

SOME_FAILED = 4  # some replications were not computed
MISSED = 5  # an objective is missed
UNDECIDED = 6  # an objective is undecided
INTERRUPTED = 130  # as shells say it of Ctrl-C
