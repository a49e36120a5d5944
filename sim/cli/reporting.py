"""The command that writes the report of results: `migr report`, and the report that `migr run` writes."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.exits import INTERRUPTED
from sim.cli.loading import load_run
from sim.cli.output import say, writing
from sim.errors import ResultsError, UsageError

if TYPE_CHECKING:
    from sim.experiment.run import Ran
    from sim.report.page.blocks import Section
    from sim.report.page.source import Source
    from sim.scenario.load import Loaded

# ruff: noqa: PLC0415 - imports inside the commands: each loads what it needs and no other

_URL = re.compile(r"[a-z][a-z0-9+]+:/", re.IGNORECASE)
# As the store and the assembly of the page define them, which are slow to load.
RESOLVED, FILE, COMPARISON = "scenario.resolved.yaml", "report.html", "comparison.html"


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

    _check_runs(runs)
    place = _checked_places(runs, out, pdf, png)  # before anything is drawn
    loaded = {run: load_run(run, to_repeat=False) for run in runs}
    read = [read_run(run, loaded[run], label) for run, label in zip(runs, _labels(runs, loaded), strict=True)]
    command = shlex.join(["migr", "report", *runs, *(part for name in variant or () for part in ("--variant", name))])
    with _interruption_told(runs), writing():
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
    with _interruption_told([folder]), writing():
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


def _check_runs(runs: Sequence[str]) -> None:
    """Check that each name is that of a folder, and of another one.

    Raises:
        UsageError: a file, nothing, or one folder twice.
        ResultsError: a folder that does not exist.
    """
    seen: set[str] = set()
    for run in runs:
        if "://" not in run and (not run.strip() or os.path.isfile(run)):  # noqa: PTH113 - Path("") is the working folder
            raise UsageError(_no_folder(run))
        if "://" not in run and not os.path.exists(run):  # noqa: PTH110 - as above
            raise ResultsError(
                f"{run}: no result folder of `migr run`: there is nothing of this name; name the folder that it printed after 'Results:'"
            )
        same = run.rstrip("/") if "://" in run else os.path.realpath(run)
        if same in seen:
            raise UsageError(f"{run}: is named twice; name each result folder once")
        seen.add(same)


def _no_folder(run: str) -> str:
    """Return what to type where a file, or nothing, stands for a result folder."""
    if not run.strip():
        return "RUN '': is no folder; name the one that `migr run` printed after 'Results:'"
    if Path(run).suffix.lower() in {".yaml", ".yml"} and Path(run).name != RESOLVED:
        return f"{run}: is a file; `migr report` reads a result folder: `{shlex.join(['migr', 'run', run])}` computes one, with its report"
    return f"{run}: is a file; name the result folder that it lies in, such as `{shlex.join(['migr', 'report', str(Path(run).parent)])}`"


def _checked_places(runs: Sequence[str], out: str | None, pdf: Path | None, png: Path | None) -> str:
    """Return the file of `--out`, "" where none is named, if all that is asked for can be written where it is wanted.

    Raises:
        UsageError: something is no file, or no folder, or would replace results.
        ResultsError: a place that cannot be written.
    """
    if out is not None and not out.strip():
        raise UsageError("--out '': is no file; write a path or URL, or leave --out out for report.html in the result folder")
    if out is not None and any(each.startswith("memory:") for each in out.split("::")):
        raise UsageError(f"--out {out}: nothing of it would remain after the command; write a path, or the URL of a store such as s3://")
    if out is not None and out.endswith("/"):
        raise UsageError(f"--out {out}: is a folder; write the name of a file in it, such as {out}report.html")
    if out is not None and "://" not in out:
        _check_file("--out", out, "report.html", runs)
    if out is None and "://" not in runs[0] and not os.access(runs[0], os.W_OK | os.X_OK):
        raise ResultsError(f"{runs[0]}: cannot be written; name a file elsewhere with --out, such as {COMPARISON if runs[1:] else FILE}")
    if pdf is not None:
        _check_file("--pdf", str(pdf), "figures.pdf", runs)
        if out is not None and os.path.realpath(out) == os.path.realpath(pdf):
            raise UsageError(f"--pdf {pdf}: is the file of --out, too; write another name, such as figures.pdf")
    if png is not None:
        if png == Path():
            raise UsageError("--png: names no folder of its own, and the pictures are many; write one, such as figures")
        _check_folder("--png", str(png), png)
    return out or ""


def _check_file(option: str, name: str, example: str, runs: Sequence[str]) -> None:
    """Check that a file can be written, and is none that must stay as it is."""
    file = Path(name)
    if file.is_dir():
        raise UsageError(f"{option} {name}: is a folder; write the name of a file in it, such as {file / example}")
    if os.path.exists(file) and not file.is_file():  # noqa: PTH110 - one that may not be looked at is told below
        # It would be replaced, as every file is; /dev/null of root, for everybody.
        raise UsageError(f"{option} {name}: is a device and no file; write the name of a file, such as {example}")
    ending = Path(example).suffix
    if file.suffix.lower() != ending and any(file.resolve().parent == Path(run).resolve() for run in runs if "://" not in run):
        raise UsageError(f"{option} {name}: in a result folder other files are its results; write a name that ends in {ending}")
    _check_folder(option, name, file.parent)


def _check_folder(option: str, name: str, folder: Path) -> None:
    """Check that a folder, or the nearest one above it, can be written."""
    if _URL.match(name):  # a Path has one slash where a URL has two
        raise UsageError(f"{option} {name}: is a URL, and figures are written on this machine only; write a path")
    nearest = next(each for each in (folder, *folder.absolute().parents) if os.path.exists(each))  # noqa: PTH110 - as above
    if not nearest.is_dir():
        raise ResultsError(f"{option} {name}: {nearest} is a file and not a folder; name another place")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise ResultsError(f"{option} {name}: {nearest} cannot be written; name another place, or change its rights")


def _write(source: Source, out: str, sections: list[Section] | None) -> None:
    """Write the report, whole or not at all, and say where it is."""
    from sim.experiment.storage.folder import Folder
    from sim.report.page.assembly import page

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
