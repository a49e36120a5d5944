"""`migr report`: what it writes, and what it says of folders that it cannot tell of."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from sim.cli import app
from sim.errors import MigrError

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
        (folder / "summary.json").unlink()
        spoil(folder, "run.json", finished=False, replications=1000)
        code, told = refused("report", folder)
        assert code == 2
        assert "its run is not finished: 60 of 1,000 replications are there; give the same `migr run` again, it continues" in told

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

    def test_variant_that_does_not_exist(self, folder: Path) -> None:
        code, told = refused("report", folder, "--variant", "SU z")
        assert code == 2
        assert "--variant 'SU z'" in told
        assert "write one of 'SU /390', 'SU x86'" in told

    def test_folder_that_is_named_twice(self, folder: Path) -> None:
        assert "is named twice" in refused("report", folder, folder)[1]

    def test_places_that_cannot_be_written(self, folder: Path) -> None:
        blocked = folder / "run.json"
        for option, words in (("--out", "cannot"), ("--pdf", "cannot write"), ("--png", "cannot write")):
            code, told = refused("report", folder, option, blocked / "below")
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
