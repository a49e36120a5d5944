"""The figures of a report for slides: one PDF with a figure a page, or a folder of PNG files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_pdf import PdfPages

from sim.experiment.storage.folder import Folder
from sim.report.page.blocks import Section
from sim.report.page.drawing import drawn, png_of


def write_pngs(sections: Sequence[Section], folder: Path) -> list[Path]:
    """Write each figure as PNG and return the files.

    Raises:
        ResultsError: the folder cannot be written.
    """
    figures = [figure for section in sections for figure in section.figures]
    files = []
    for number, figure in enumerate(figures, start=1):
        file = folder / f"{number:02d}-{figure.key}.png"
        Folder(str(folder)).write(file.name, png_of(figure.drawing, figure.title))
        files.append(file)
    return files


def write_pdf(sections: Sequence[Section], file: Path) -> int:
    """Write the figures as PDF, a page each, and return how many there are; the file appears when it is whole.

    Raises:
        ResultsError: the file cannot be written.
    """
    figures = [figure for section in sections for figure in section.figures]
    content = io.BytesIO()
    with PdfPages(content, metadata={"CreationDate": None, "Creator": "migr", "Producer": None}) as pages:
        for figure in figures:
            with drawn(figure.drawing, figure.title) as canvas:
                pages.savefig(canvas)
    Folder(str(file.parent)).write(file.name, content.getbuffer())
    return len(figures)
