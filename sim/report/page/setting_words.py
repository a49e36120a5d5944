"""Paths of settings in words, as people call what is varied: "memory of DBPROD" and not vms.DBPROD.memory."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sim.report.layout import enumerated

_WORDS: tuple[tuple[str, str], ...] = (
    (r"vms\.\*\.memory", "memory of all VMs"),
    (r"vms\.\*\.touched", "touched memory of all VMs"),
    (r"vms\.(?P<name>.+)\.memory", "memory of {name}"),
    (r"vms\.(?P<name>.+)\.touched", "touched memory of {name}"),
    (r"networks\.(?P<name>.+)\.bandwidth", "bandwidth of network {name}"),
    (r"plan\.(?P<name>.+)\.at", "begin of step {name}"),
    (r"clusters\.(?P<name>.+)\.type", "SU type of {name}"),
    (r"loads\.(?P<name>.+)\.spread", "spread of load {name}"),
)
_KNOWN = tuple((re.compile(pattern), words) for pattern, words in _WORDS)
_SPEAKING = re.compile(r"[0-9.,]+ ?([KMGT]i?B|[kMG]?bit/s|[kMG]B/s)")  # sizes and rates: the unit says what is meant
_SUBJECTS = ("memory", "bandwidth")  # of which such values are


def plain_setting(path: str) -> str:
    """Return a path in words where there are any, else as it is; for figures, which set nothing as code.

    Args:
        path: as after `--set`; names in it are untrusted.
    """
    for pattern, words in _KNOWN:
        found = pattern.fullmatch(path)
        if found is not None:
            return words.replace("{name}", found.groupdict().get("name", ""))
    return path


def setting(path: str) -> str:
    """Return a path in words where there are any, else as code; for sentences."""
    words = plain_setting(path)
    return f"`{path}`" if words == path else words


def setting_and_path(path: str) -> str:
    """Return a path in words and as code, so that people find it in their file."""
    words = plain_setting(path)
    return f"`{path}`" if words == path else f"{words} (`{path}`)"


def capital(text: str) -> str:
    """Return text as it begins a sentence."""
    return text[:1].upper() + text[1:]


def with_value(path: str, value: str) -> str:
    """Return a setting with its value: "memory of DBPROD 8 GiB"."""
    return f"{setting(path)} {value}"


def combination(variant: str, settings: Mapping[str, str]) -> str:
    """Return a combination as people call it: "SU /390 with 1 Gbit/s and 32 GiB"; "" where it is nothing.

    A size or a rate stands for itself where nothing else of its kind is varied; other values stand behind what they are of.

    Args:
        variant: its name, "" for none.
        settings: value of each varied path.
    """
    alone = {subject: sum(path.endswith(f".{subject}") for path in settings) == 1 for subject in _SUBJECTS}
    told = [
        value if _SPEAKING.fullmatch(value) and alone.get(path.rpartition(".")[2], False) else with_value(path, value)
        for path, value in settings.items()
    ]
    return " with ".join(part for part in (variant, enumerated(told)) if part)
