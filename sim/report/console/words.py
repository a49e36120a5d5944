"""The console's own words, which begin with a dot so that no command of the product is taken for one."""

from __future__ import annotations

from dataclasses import dataclass

from sim.errors import UsageError


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the console.

    Args:
        name: with its dot.
        operand: what may follow, as the help shows it; "" for nothing.
        meaning: what it does.
    """

    name: str
    operand: str
    meaning: str


WORDS = (
    Word(".help", "", "this list"),
    Word(".console", "NAME", "type at another console: an SU's monitor console, or a VM's guest console"),
    Word(".show", "NAME ...", "show these consoles too: SUs, VMs, or all, units, guests, simulator (faults); alone: which are shown"),
    Word(".hide", "NAME ...", "show them no longer"),
    Word(".speed", "N", "simulated seconds a second; alone: what it is"),
    Word(".pause", "", "stand still; commands are executed all the same"),
    Word(".go", "", "go on"),
    Word(".skip", "TIME", "jump ahead: by '5 min', '30 s', '2 h', to a clock time '22:30', or to one of the next day '+1 21:00'"),
    Word(".next", "", "jump to the next message on a shown console"),
    Word(".save", "FILE", "write the commands that were typed as a file for --commands"),
    Word(".quit", "", "end; so do Ctrl-D and, with exit code 130, Ctrl-C"),
)
# What people type who look for the way out or for help; the product has no such commands.
_PLAIN = {"help": ".help", "?": ".help", "quit": ".quit", "exit": ".quit"}


def is_word(text: str) -> bool:
    """Say whether a line is meant for the console and not for VM2000."""
    return text.startswith(".") or text.strip().casefold() in _PLAIN


def parse_word(text: str) -> tuple[str, str]:
    """Return name and operand of a word; its name may be abbreviated.

    Raises:
        UsageError: it is no word, or has an operand too many.
    """
    name, _, operand = _PLAIN.get(text.strip().casefold(), text.strip()).partition(" ")
    meant = [word for word in WORDS if word.name.startswith(name.casefold())]
    if name == "." or not meant:
        raise UsageError(f"'{name}' is no word of the console; write one of {', '.join(word.name for word in WORDS)}")
    if len(meant) > 1:
        raise UsageError(f"'{name}' can be {' or '.join(word.name for word in meant)}; write one of them")
    (word,) = meant
    if operand.strip() and not word.operand:
        raise UsageError(f"{word.name} takes nothing; '{operand.strip()}' is too much")
    return word.name, operand.strip()


def help_rows() -> list[str]:
    """Return the help: what can be typed, one line a word."""
    width = max(len(f"{word.name} {word.operand}") for word in WORDS)
    own = [f"  {f'{word.name} {word.operand}':<{width}}  {word.meaning}" for word in WORDS]
    return [
        "Type a command of VM2000, such as SHOW-VM-ATTRIBUTES or MIGRATE-VM VM-ID=12; its slash is there already.",
        "Names can be abbreviated as far as they stay unique. Tab completes, the arrow keys bring back what was typed before.",
        "SHOW-VM-ATTRIBUTES alone shows the monitor VM, VM-ID=*VM2000 behind it all VMs of the SU.",
        "Return codes of a rejected MIGRATE-VM are assumed [A12]; lines that begin with [migr] are the simulator's own.",
        "Words of the console:",
        *own,
    ]
