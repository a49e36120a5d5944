"""`migr report`: what it writes, and what it says of folders that it cannot tell of."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from sim.cli import app, reporting
from sim.errors import MigrError
from sim.experiment.storage import store
from sim.report.page import assembly

QUICKSTART = Path(__file__).parents[2] / "scenarios" / "quickstart.yaml"
FIGURES = re.compile(r'<figure id="figure-([^"]+)"')


def migr(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


def refused(*arguments: str | Path) -> tuple[int, str]:
    """Return exit code and words of a command that ends with one of our errors."""
    ended = migr(*arguments)
    assert isinstance(ended.exception, MigrError), ended.output
    return ended.exception.exit_code, str(ended.exception)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result folder with its report."""
    out = tmp_path_factory.mktemp("reporting") / "out"
    ended = migr("run", QUICKSTART, "--replications", "60", "--messages", "5", "--workers", "1", "--out", out)
    assert ended.exit_code == 0, ended.output
    assert f"Report: {out}/report.html" in ended.stderr
    return out


@pytest.fixture
def folder(stored: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoilt."""
    shutil.copytree(stored, tmp_path / "run")
    return tmp_path / "run"


def test_report_of_a_run_is_rebuilt_with_the_same_bytes(stored: Path, folder: Path) -> None:
    (folder / "report.html").unlink()
    # The folder is named in the report, so the same name is given.
    written = (stored / "report.html").read_bytes()
    assert migr("report", stored).exit_code == 0
    assert (stored / "report.html").read_bytes() == written
    assert migr("report", folder).exit_code == 0
    assert (folder / "report.html").read_bytes().replace(str(folder).encode(), str(stored).encode()) == written


def test_figures_are_written_as_pdf_and_png(stored: Path, tmp_path: Path) -> None:
    ended = migr("report", stored, "--out", tmp_path / "page.html", "--pdf", tmp_path / "new" / "slides.pdf", "--png", tmp_path / "png")
    assert ended.exit_code == 0, ended.output
    keys = FIGURES.findall((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert len(keys) >= 10
    pictures = sorted((tmp_path / "png").iterdir())
    assert [file.name for file in pictures] == [f"{number:02d}-{key}.png" for number, key in enumerate(keys, start=1)]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in pictures)
    slides = (tmp_path / "new" / "slides.pdf").read_bytes()
    assert slides.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", slides)) == len(keys)
    assert f"{len(keys)} figures" in ended.stderr


def test_several_folders_are_set_side_by_side(stored: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    more = ("--replications", "60", "--messages", "0", "--workers", "1", "--no-report", "--set", "vms.VM12PROD.memory=8 GiB")
    assert migr("run", QUICKSTART, *more, "--out", other).exit_code == 0
    ended = migr("report", stored, other, "--out", tmp_path / "both.html")
    assert ended.exit_code == 0, ended.output
    text = (tmp_path / "both.html").read_text(encoding="utf-8")
    assert str(other) in text
    assert str(stored) in text
    assert '<section id="sides"' in text


def test_one_variant_can_be_chosen(stored: Path, tmp_path: Path) -> None:
    assert migr("report", stored, "--variant", "SU x86", "--out", tmp_path / "x86.html").exit_code == 0
    chosen, every = (FIGURES.findall(file.read_text(encoding="utf-8")) for file in (tmp_path / "x86.html", stored / "report.html"))
    assert 0 < len(chosen) < len(every)


def test_names_of_files_are_those_of_the_rooms_that_write_them() -> None:
    assert (reporting.RESOLVED, reporting.FILE, reporting.COMPARISON) == (store.RESOLVED, assembly.FILE, assembly.COMPARISON)


def spoil(folder: Path, name: str, **changes: object) -> None:
    """Change entries of a JSON file."""
    content = json.loads((folder / name).read_text(encoding="utf-8"))
    (folder / name).write_text(json.dumps(content | changes), encoding="utf-8")


class TestRefused:
    def test_folder_that_is_none(self, tmp_path: Path) -> None:
        code, told = refused("report", tmp_path / "nowhere")
        assert code == 2
        assert f"{tmp_path / 'nowhere'}: no result folder of `migr run`" in told

    def test_run_that_was_interrupted_before_its_summary(self, folder: Path) -> None:
        """Of two points, 60 of 1,000 each."""
        (folder / "summary.json").unlink()
        spoil(folder, "run.json", finished=False, replications=1000)
        code, told = refused("report", folder)
        assert code == 2
        assert "its run is not finished: 120 of 2,000 replications are there; give the same `migr run` again, it continues" in told

    def test_run_that_was_extended_and_interrupted(self, folder: Path) -> None:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        summary["points"][0]["replications"] = 40
        (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
        code, told = refused("report", folder)
        assert code == 2
        assert "summary.json tells of 40 replications of 'SU /390', and 60 are stored" in told
        assert "give the same `migr run` again" in told

    def test_results_of_another_version(self, folder: Path) -> None:
        spoil(folder, "run.json", results_version=1)
        code, told = refused("report", folder)
        assert code == 2
        assert "was written by another version of this program (results_version 1, now" in told

    def test_summary_of_another_version(self, folder: Path) -> None:
        spoil(folder, "summary.json", format=1)
        code, told = refused("report", folder)
        assert code == 2
        assert "was written by another version of this program (format 1, now" in told
        assert "give the same `migr run` again" in told

    @pytest.mark.parametrize("name", ["summary.json", "run.json"])
    def test_file_that_is_damaged(self, folder: Path, name: str) -> None:
        (folder / name).write_text('{"points": [', encoding="utf-8")
        code, told = refused("report", folder)
        assert code == 2
        assert f"{folder}/{name}: damaged" in told

    def test_part_that_was_cut_off(self, folder: Path) -> None:
        part = next((folder / "migrations.parquet").iterdir())
        part.write_bytes(part.read_bytes()[:-100])
        code, told = refused("report", folder)
        assert code == 2
        assert f"{part}: damaged (it was cut off); delete this file and give the same `migr run` again" in told

    def test_objective_on_something_that_does_not_exist(self, folder: Path) -> None:
        file = folder / "scenario.resolved.yaml"
        text = file.read_text(encoding="utf-8")
        assert "objectives: []" in text
        file.write_text(text.replace("objectives: []", "objectives: ['p99(slowness of VM12PROD) <= 5 s']"), encoding="utf-8")
        code, told = refused("report", folder)
        assert code == 3
        assert "slowness" in told
        assert "makespan" in told

    def test_objective_without_a_verdict(self, folder: Path) -> None:
        """As a run leaves it that is given a new objective and interrupted: a limit without its verdict would be drawn."""
        file = folder / "scenario.resolved.yaml"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("objectives: []", "objectives: ['p99(downtime of VM12PROD) <= 5 s']"), encoding="utf-8")
        code, told = refused("report", folder)
        assert code == 2
        assert "summary.json has the verdicts of other objectives than scenario.resolved.yaml asks for" in told
        assert "give the same `migr run` again" in told

    def test_variant_that_does_not_exist(self, folder: Path) -> None:
        code, told = refused("report", folder, "--variant", "SU z")
        assert code == 2
        assert "--variant 'SU z'" in told
        assert "write one of 'SU /390', 'SU x86'" in told

    def test_more_variants_than_are_drawn(self, folder: Path) -> None:
        names = [part for number in range(5) for part in ("--variant", f"SU {number}")]
        code, told = refused("report", folder, *names)
        assert code == 2
        assert "--variant: 5 are named, and of a result at most 4 can be drawn" in told

    def test_folder_that_is_named_twice(self, folder: Path) -> None:
        (folder.parent / "link").symlink_to(folder)
        for other in (folder, f"{folder}/", f"{folder.parent}/./run", folder.parent / "link"):
            assert "is named twice" in refused("report", folder, other)[1]

    def test_file_where_a_folder_belongs(self, folder: Path) -> None:
        code, told = refused("report", folder / "report.html")
        assert code == 2
        assert told == f"{folder}/report.html: is a file; name the result folder that it lies in, such as `migr report {folder}`"
        assert f"`migr run {QUICKSTART}` computes one" in refused("report", QUICKSTART)[1]
        assert refused("report", "")[1].startswith("RUN '': is no folder")

    @pytest.mark.parametrize("key", ["settings", "versions", "seed"])
    def test_run_that_somebody_changed(self, folder: Path, key: str) -> None:
        facts = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        del facts[key]
        (folder / "run.json").write_text(json.dumps(facts), encoding="utf-8")
        assert refused("report", folder) == (2, f"{folder}/run.json: damaged (it has no '{key}'); move the folder away and run again")

    @pytest.mark.parametrize("points", [None, {}, [1], [{}], [{"point": "SU /390"}]])
    def test_summary_that_somebody_changed(self, folder: Path, points: object) -> None:
        spoil(folder, "summary.json", points=points)
        code, told = refused("report", folder)
        assert code == 2
        assert f"{folder}/summary.json: damaged (its points are not there, or not whole); give the same `migr run` again" in told

    def test_places_that_cannot_be_written(self, folder: Path) -> None:
        blocked = folder / "run.json"
        for option in ("--out", "--pdf", "--png"):
            assert refused("report", folder, option, blocked / "below") == (
                2,
                f"{option} {blocked}/below: {blocked} is a file and not a folder; name another place",
            )

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_folder_without_rights(self, folder: Path) -> None:
        folder.chmod(0o500)
        assert refused("report", folder)[1] == f"{folder}: cannot be written; name a file elsewhere with --out, such as report.html"
        assert "cannot be written; name another place" in refused("report", folder, "--out", folder / "x.html")[1]
        folder.chmod(0o700)

    def test_files_that_must_stay(self, folder: Path) -> None:
        """What is written is renamed into its place: a device would be gone, as would a file of the results."""
        pipe = folder.parent / "pipe"
        os.mkfifo(pipe)
        for option in ("--out", "--pdf"):
            for place, words in ((pipe, "is a device and no file"), (folder / "summary.json", "other files are its results")):
                code, told = refused("report", folder, option, place)
                assert code == 2
                assert told.startswith(f"{option} {place}: ")
                assert words in told
        assert pipe.is_fifo()
        assert json.loads((folder / "summary.json").read_text(encoding="utf-8"))["points"]

    def test_places_that_are_none(self, folder: Path, tmp_path: Path) -> None:
        for words, *options in (
            ("is the file of --out, too", "--out", tmp_path / "x", "--pdf", tmp_path / "x"),
            ("is a URL", "--pdf", "s3://x/figures.pdf"),
            ("is a URL", "--png", "s3://x/figures"),
            ("names no folder of its own", "--png", ""),
            ("is a folder", "--pdf", ""),
        ):
            code, told = refused("report", folder, *options)
            assert code == 2
            assert words in told


@pytest.mark.parametrize("out", ["memory://x/page.html", "", "FOLDER", "FOLDER/"])
def test_report_is_not_written_where_nothing_would_remain(stored: Path, tmp_path: Path, out: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FOLDER").mkdir()
    code, words = refused("report", stored, "--out", out)
    assert code == 2
    assert words.startswith("--out ")
    assert [each.name for each in tmp_path.rglob("*")] == ["FOLDER"]


def test_report_is_written_to_a_url(stored: Path, tmp_path: Path) -> None:
    ended = migr("report", stored, "--out", f"file://{tmp_path}/page.html")
    assert ended.exit_code == 0, ended.output
    assert f"Report: file://{tmp_path}/page.html" in ended.stderr
    assert (tmp_path / "page.html").is_file()


def test_interruption_leaves_the_report_that_was_there(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = (stored / "report.html").read_bytes()

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.report.page.assembly.sections_of", interrupted)
    ended = migr("report", stored)
    assert ended.exit_code == 130
    assert "No report was written" in ended.stderr
    assert f"migr report {stored}" in ended.stderr
    assert (stored / "report.html").read_bytes() == written
