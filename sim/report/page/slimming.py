"""Makes the SVG of matplotlib smaller, without changing what is seen: a page holds dozens of figures and is mailed."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PARTS = re.compile(r"(<[^>]+>)")  # tags, and what stands between them
_ID = re.compile(r' id="([^"]*)"')
_USED = re.compile(r'(?:href="#|url\(#)([^")]+)')
_UNTURNED = re.compile(r' transform="rotate\(-?0 [^"]*\)"')
_PATH = re.compile(r'(?<= d=")[^"]*')
_ZEROS = re.compile(r"(\.\d*?)0+(?!\d)")
_ALONE = re.compile(r"<g>(<(?:path|use)\b[^>]*/>|<text\b[^>]*>[^<]*</text>)?</g>")
FONT = "font-family: 'DejaVu Sans', sans-serif; "  # of every text of `drawing.STYLE`: once for all, in the first tag


def slim(svg: str, kept: str) -> str:
    """Return an SVG with short ids, without those that nothing refers to, empty groups, white space between tags, and fonts of texts.

    Args:
        svg: as matplotlib writes it; ids are unique.
        kept: ids that hold this stay: a style sheet asks for them.
    """
    # Those of matplotlib end in a hash, a number does it as well.
    used = {name: f"{name.rpartition('-')[0]}-{number}" for number, name in enumerate(dict.fromkeys(_USED.findall(svg)))}
    parts = _PARTS.split(svg)
    parts[1::2] = [_slim_tag(tag, used, kept) for tag in parts[1::2]]
    parts[0::2] = ["" if text.isspace() else text for text in parts[0::2]]
    made = "".join(parts).replace("<g/>", "")
    while (fewer := _ALONE.sub(lambda found: found[1] or "", made)) != made:
        made = fewer
    return made.replace("<svg ", '<svg font-family="DejaVu Sans, sans-serif" ', 1)


def _slim_tag(tag: str, used: Mapping[str, str], kept: str) -> str:
    tag = _ID.sub(lambda found: f' id="{used.get(found[1], found[1])}"' if found[1] in used or kept in found[1] else "", tag)
    tag = _USED.sub(lambda found: found[0].replace(found[1], used[found[1]]), tag)
    tag = _UNTURNED.sub("", tag).replace(FONT, "")
    return _PATH.sub(lambda found: _ZEROS.sub(lambda end: end[1] if end[1] != "." else "", " ".join(found[0].split())), tag)
