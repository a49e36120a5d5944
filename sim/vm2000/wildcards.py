"""Names with wildcards, as operands of SHOW commands take them.

`*` is any text, `/` one character, `<a:b>` a text that lies from a to b, `<a,b>` one of some texts; `-` before all of it means every name
but those.

Source: BS2000 Commands: Data types, suffix with-wild.
"""

from __future__ import annotations

import re

_PLACES = {"*": ".*", "/": "."}
_PLACE = re.compile(r"(\*|/|<[^>]*>)")


def matches(pattern: str, name: str) -> bool:
    """Say whether a name is one of those that a text with wildcards means."""
    if pattern.startswith("-"):
        return not matches(pattern[1:], name)
    parts = _PLACE.split(pattern)
    # split gives plain text and places in turn.
    texts, places = parts[::2], parts[1::2]
    expression = re.escape(texts[0]) + "".join(f"({_place(place)}){re.escape(text)}" for place, text in zip(places, texts[1:], strict=True))
    return _full(expression, name, places)


def _place(place: str) -> str:
    """Return what a wildcard can stand for; a range is as long as its bounds are, a choice is one of its texts."""
    if place in _PLACES:
        return _PLACES[place]
    return "|".join(".{" + _lengths(choice) + "}" if ":" in choice else re.escape(choice) for choice in place[1:-1].split(","))


def _lengths(span: str) -> str:
    """Return the least and the greatest length of a text in a range "a:b"."""
    lengths = sorted(len(bound) for bound in span.split(":", 1))
    return f"{lengths[0]},{lengths[1]}"


def _full(expression: str, name: str, places: list[str]) -> bool:
    """Say whether the expression fits the name and each range holds the text in its place."""
    found = re.fullmatch(expression, name)
    return found is not None and all(_holds(place, text) for place, text in zip(places, found.groups(), strict=True))


def _holds(place: str, text: str) -> bool:
    if place in _PLACES:
        return True
    spans = [choice.partition(":") for choice in place[1:-1].split(",")]
    return any(low <= text <= (high if colon else low) for low, colon, high in spans)
