"""Read `--vary PATH=V1,V2`: what the `sweep` of a scenario says, on the command line."""

from __future__ import annotations

import re

from sim.scenario.document import Document, Plain, override_document
from sim.scenario.problems import Path, Place, Problem, dotted

# FROM..TO/STEPS, FROM..TO/STEP or FROM..TO/STEPS log; the number of a step follows a slash at once, the unit in "1 Gbit/s" does not.
_RANGE = re.compile(r"(.+?)\.\.(.+?)/(?=[0-9])(.+?)( log)?")
_FORMS = "PATH=V1,V2 such as 'vms.DB.memory=4 GiB,16 GiB', PATH=FROM..TO/STEPS, or PATH=V1,V2; PATH=V1,V2 for values that go together"


def vary_document(text: str, place: Place) -> tuple[Document, dict[str, Plain], list[Problem]]:
    """Return paths with lists or ranges, as an entry of `sweep` holds them, with every place set to the option.

    Args:
        text: what follows `--vary`; several paths between semicolons go together.
        place: the option.

    Returns:
        The document with places and texts below the path as it was written; its content; what is wrong.
    """
    document = Document(place.label, keys={(): place})
    content: dict[str, Plain] = {}
    problems: list[Problem] = []
    for part in text.split(";"):
        written, equals, values = (each.strip() for each in part.partition("="))
        if not written or not equals:
            return document, {}, [Problem(place, "", f"is nothing to vary; write {_FORMS}")]
        if written in content:
            return document, {}, [Problem(place, written, "is named twice; name each path once")]
        entry, found = _read(document, values, (written,), place)
        problems += found
        content[written] = entry
        if values.endswith(","):
            problems.append(Problem(place, written, "ends with a comma; write the value that is to follow it, or remove the comma"))
    return document, {} if problems else content, problems


def _read(document: Document, text: str, path: Path, place: Place) -> tuple[Plain, list[Problem]]:
    """Return the list or the range that a text stands for, and add its places to the document."""
    is_range = _RANGE.fullmatch(text)
    if is_range is None and ".." in text:
        return [], [Problem(place, dotted(path), f"'{text}' is no range; write FROM..TO/STEPS such as '4 GiB..64 GiB/5'")]
    if is_range is not None:
        first, last, steps, log = is_range.groups()
        kind = "steps" if steps.isdecimal() else "step"
        text = f"{{from: {first}, to: {last}, {kind}: {steps}{', scale: log' if log else ''}}}"
    else:
        text = f"[{text}]"
    source, value, problems = override_document(text, path, place)
    document.keys |= source.keys
    document.values |= source.values
    document.texts |= source.texts
    return value if value is not None else [], problems
