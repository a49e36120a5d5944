"""Writes the report as one HTML file: figures inside, nothing fetched, readable without its script, the same bytes each time."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from sim.report.page.blocks import Figure, Section, Table
from sim.report.page.drawing import svg_of
from sim.report.page.sections.answer.section import answer
from sim.report.page.sections.asked.section import asked
from sim.report.page.sections.assumptions.section import assumptions
from sim.report.page.sections.consoles.section import consoles
from sim.report.page.sections.convergence.section import convergence
from sim.report.page.sections.failures.section import failures
from sim.report.page.sections.network.section import network
from sim.report.page.sections.provenance import provenance
from sim.report.page.sections.sides.section import sides
from sim.report.page.sections.stop.section import stop
from sim.report.page.sections.sweeps.section import sweeps
from sim.report.page.sections.timing.section import timing
from sim.report.page.sections.trust.section import trust
from sim.report.page.source import Source

FILE, COMPARISON = "report.html", "comparison.html"  # of one result folder, of several
TEMPLATE = "report.html.jinja"
# The answer first, the reasons below, the assumptions at the end.
SECTIONS: tuple[Callable[[Source], Section | None], ...] = (
    answer,
    asked,
    timing,
    stop,
    convergence,
    network,
    sides,
    consoles,
    sweeps,
    trust,
    failures,
    assumptions,
    provenance,
)
_CODE = re.compile(r"`([^`]+)`")
_UNIT = re.compile(r"(?<=\d) (?=(?:%|s|ms|min|h|MB/s|GB/s|kB/s|Mbit/s|Gbit/s|KiB|MiB|GiB|TiB|bytes|VMs?|km)\b|%)")
_COMMAND = re.compile(r"migr [a-z]+ .+", re.DOTALL)


def sections_of(source: Source) -> list[Section]:
    """Return the sections that have something to say.

    Raises:
        ValueError: two figures or tables have the same key, so that their ids would be the same.
    """
    found = [section for section in (make(source) for make in SECTIONS) if section is not None]
    keys = [key for section in found for block in section.blocks for key in _keys(block)]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValueError(f"keys that are not unique: {', '.join(twice)}")
    return found


def _keys(block: object) -> list[str]:
    if isinstance(block, Figure):
        return [block.key, block.numbers.key]
    return [block.key] if isinstance(block, Table) else []


def page(source: Source, sections: Sequence[Section] | None = None) -> str:
    """Return the report as HTML.

    Args:
        source: what it is made of.
        sections: what it says; made from the source where not given.
    """
    environment = Environment(
        loader=PackageLoader("sim.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(prose=_prose, cell=_cell, kind=lambda block: type(block).__name__)
    environment.globals["svg"] = lambda figure: Markup(svg_of(figure.drawing, figure.key))  # noqa: S704 - drawn by matplotlib, which escapes
    return environment.get_template(TEMPLATE).render(source=source, sections=sections if sections is not None else sections_of(source))


def _prose(text: str) -> Markup:
    """Return text with its `code` set as code and no line break before a unit; everything in it is escaped."""
    parts = _CODE.split(text)  # text and code in turn
    return Markup("").join(_code(part) if place % 2 else _plain(part) for place, part in enumerate(parts))


def _plain(text: str) -> Markup:
    safe = str(escape(_UNIT.sub("\u00a0", text))).replace("&lt;=", "\u2264").replace("&gt;=", "\u2265")
    return Markup(safe)  # noqa: S704 - escaped in the line before


def _code(text: str) -> Markup:
    """Return code as it is; a command breaks between its options and not within one, so that people see what belongs together."""
    if not _COMMAND.fullmatch(text):
        return Markup("<code>{}</code>").format(text)
    options = (Markup("<span>{}</span>").format(part) for part in re.split(r" (?=--)", text))
    return Markup('<code class="command">{}</code>').format(Markup(" ").join(options))


def _cell(text: str, *, numeric: bool) -> Markup:
    """Return the text of a cell: a command as code, and an interval in brackets on a line of its own where there is no room beside."""
    if _COMMAND.fullmatch(text):
        return _code(text)
    if numeric and " (" in text:
        value, _, interval = text.partition(" (")
        return Markup("<span>{}</span> <span>({}</span>").format(value, interval)
    return escape(text) if numeric else escape(_UNIT.sub("\u00a0", text))
