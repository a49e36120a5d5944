"""The command that writes the report of results: `migr report`, and the report that `migr run` writes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.exits import INTERRUPTED
from sim.cli.loading import load_run
from sim.cli.output import say
from sim.errors import UsageError

if TYPE_CHECKING:
    from sim.experiment.run import Ran
    from sim.report.page.blocks import Section
    from sim.report.page.source import Source
    from sim.scenario.load import Loaded

# ruff: noqa: PLC0415 - imports inside the commands: each loads what it needs and no other


def report(
    runs: Annotated[list[str], typer.Argument(metavar="RUN [RUN...]", help="Result folders, paths or URLs; several are set side by side.")],
    variant: Annotated[
        list[str] | None,
        typer.Option("--variant", metavar="NAME", help="Draw all figures of this variant or point; may be given several times."),
    ] = None,
    out: Annotated[
        str | None, typer.Option(metavar="FILE", help="HTML file; report.html in the folder, of several folders comparison.html.")
    ] = None,
    pdf: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the figures as PDF, too, one a page.")] = None,
    png: Annotated[Path | None, typer.Option(metavar="DIR", help="Write the figures as PNG, too.")] = None,
) -> None:
    """Write the report of results as one HTML file that can be mailed; with --pdf and --png its figures for slides."""
    from sim.report.page.assembly import sections_of
    from sim.report.page.source import read_run, source_of

    place = _checked_file(out)  # before anything is drawn
    repeated = sorted({run for run in runs if runs.count(run) > 1})
    if repeated:
        raise UsageError(f"{repeated[0]}: is named twice; name each result folder once")
    loaded = {run: load_run(run, to_repeat=False) for run in runs}
    read = [read_run(run, loaded[run], label) for run, label in zip(runs, _labels(runs, loaded), strict=True)]
    command = shlex.join(["migr", "report", *runs, *(part for name in variant or () for part in ("--variant", name))])
    with _interruption_told(runs):
        source = source_of(read, variant or [], command)
        sections = sections_of(source)
        _write_all(source, sections, place, pdf, png)


def _write_all(source: Source, sections: list[Section], place: str, pdf: Path | None, png: Path | None) -> None:
    """Write the figures that are asked for, and the report."""
    if pdf is not None:
        from sim.report.page.slides import write_pdf

        say(f"{pdf}: {write_pdf(sections, pdf)} figures")
    if png is not None:
        from sim.report.page.slides import write_pngs

        say(f"{png}: {len(write_pngs(sections, png))} figures")
    _write(source, place, sections)


def report_of(ran: Ran) -> None:
    """Write the report of a run that was carried out, from its folder alone: the same bytes as `migr report`."""
    from sim.report.page.source import read_run, source_of

    folder = str(ran.store.folder)
    with _interruption_told([folder]):
        _write(source_of([read_run(folder, load_run(folder, to_repeat=False))], [], shlex.join(["migr", "report", folder])), "", None)


@contextmanager
def _interruption_told(runs: Sequence[str]) -> Iterator[None]:
    """Say on Ctrl-C that there is no new report, and what writes it; typer would end without a word."""
    try:
        yield
    except KeyboardInterrupt:
        say(f"\nInterrupted. No report was written; the results are whole: `{shlex.join(['migr', 'report', *runs])}` writes it.")
        raise typer.Exit(INTERRUPTED) from None


def _labels(runs: list[str], loaded: dict[str, Loaded]) -> list[str]:
    """Return what people call each run: nothing where there is one, its title where titles differ, else its folder."""
    if len(runs) == 1:
        return [""]
    titles = [loaded[run].scenario.title for run in runs]
    return titles if all(titles) and len(set(titles)) == len(titles) else [run.rstrip("/") for run in runs]


def _checked_file(out: str | None) -> str:
    """Return the file that is asked for, if one can be written there and remains; "" where none is named."""
    if out is None:
        return ""
    if not out.strip():
        raise UsageError("--out '': is no file; write a path or URL, or leave --out out for report.html in the result folder")
    if any(each.startswith("memory:") for each in out.split("::")):
        raise UsageError(f"--out {out}: nothing of it would remain after the command; write a path, or the URL of a store such as s3://")
    if out.endswith("/") or Path(out).is_dir():
        raise UsageError(f"--out {out}: is a folder; write the name of a file in it, such as {out.rstrip('/')}/report.html")
    return out


def _write(source: Source, out: str, sections: list[Section] | None) -> None:
    """Write the report, whole or not at all, and say where it is."""
    from sim.experiment.storage.folder import Folder
    from sim.report.page.assembly import COMPARISON, FILE, page

    name = FILE if len(source.runs) == 1 else COMPARISON
    folder, name = _parted(out) if out else (source.runs[0].folder, name)
    Folder(folder).write(name, page(source, sections).encode())
    say(f"Report: {folder.rstrip('/')}/{name}")


def _parted(out: str) -> tuple[str, str]:
    """Return folder and name of a file; a URL keeps its two slashes."""
    if "://" not in out:
        return str(Path(out).parent), Path(out).name
    folder, _, name = out.rpartition("/")
    return folder, name
