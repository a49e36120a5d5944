"""The figures of a report for slides: one PDF with a figure a page, or a folder of PNG files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_pdf import PdfPages

from sim.errors import ResultsError
from sim.report.page.blocks import Section
from sim.report.page.drawing import drawn, png_of


def write_pngs(sections: Sequence[Section], folder: Path) -> list[Path]:
    """Write each figure as PNG and return the files.

    Raises:
        ResultsError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = []
        for number, figure in enumerate((figure for section in sections for figure in section.figures), start=1):
            file = folder / f"{number:02d}-{figure.key}.png"
            file.write_bytes(png_of(figure.drawing, figure.title))
            files.append(file)
    except OSError as error:
        raise ResultsError(f"--png {folder}: cannot write ({error.strerror}); name another folder") from None
    return files


def write_pdf(sections: Sequence[Section], file: Path) -> int:
    """Write the figures as PDF, a page each, and return how many there are.

    Raises:
        ResultsError: the file cannot be written.
    """
    figures = [figure for section in sections for figure in section.figures]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with PdfPages(file, metadata={"CreationDate": None, "Creator": "migr", "Producer": None}) as pages:
            for figure in figures:
                with drawn(figure.drawing, figure.title) as canvas:
                    pages.savefig(canvas)
    except OSError as error:
        raise ResultsError(f"--pdf {file}: cannot write ({error.strerror}); name another file") from None
    return len(figures)
