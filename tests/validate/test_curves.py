from __future__ import annotations

import math
from pathlib import Path

import pytest

from sim.errors import UsageError
from sim.validate.curves import FILE, curve_checks

HEAD = "scenario,tau_s,dirtied_pages,p10,p90,n\n"


def written(folder: Path, *rows: str) -> Path:
    (folder / FILE).write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return folder


def one_set(*windows: float) -> list[str]:
    """Return points of 50,000 pages, each written every four seconds: D(t) = n (1 - exp(-r t))."""
    return [f"one,{window},{50_000 * -math.expm1(-0.25 * window):.1f},,,1" for window in windows]


def test_a_curve_of_one_set_is_foretold(tmp_path: Path) -> None:
    (check,) = curve_checks(written(tmp_path, *one_set(0.5, 1.0, 2.0, 4.0, 8.0, 24.0)))
    assert (check.case, check.quantity, check.verdict) == ("one", "pages in 24 s, from points up to 8 s", "met")
    assert check.measured == pytest.approx(50_000 * -math.expm1(-6.0), abs=0.1)


def test_the_bar_is_the_error_of_a_constant_rate(tmp_path: Path) -> None:
    """The rate of 10,000 pages in 5 s held for 20 s gives 40,000 for 20,000: 100 %."""
    (check,) = curve_checks(written(tmp_path, "one,2.5,6000,,,1", "one,5,10000,,,1", "one,20,20000,,,1"))
    assert check.bar == "< 100 %, the error of a constant rate"


def test_a_curve_that_a_constant_rate_foretells_better_is_not_met(tmp_path: Path) -> None:
    """All pages are dirtied in 2 s, then 100 times as many: nothing in the short windows tells."""
    (check,) = curve_checks(written(tmp_path, "odd,1,1000,,,1", "odd,2,1000,,,1", "odd,20,10000,,,1"))
    assert check.verdict == "not met"


def test_points_of_a_throttled_guest_are_shown_without_a_bar(tmp_path: Path) -> None:
    (check,) = curve_checks(written(tmp_path, *(row.replace("one", "Autoconverge_16T") for row in one_set(1.0, 4.0, 24.0))))
    assert (check.verdict, "throttled" in check.reason) == ("no bar", True)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["one,5,1000,,,1", "one,20,2000,,,1"], "one point up to 10 s"),
        (["one,2,1000,,,1", "one,5,900,,,1", "one,20,2000,,,1"], "in 5 s it has fewer pages than in a shorter window"),
        (["one,2,1000,,,1", "one,5,1200,,,1"], "no curve in it has two windows up to 10 s and a longer one"),
    ],
)
def test_what_is_no_curve_is_skipped_with_the_reason(tmp_path: Path, rows: list[str], words: str) -> None:
    (check,) = curve_checks(written(tmp_path, *rows))
    assert (check.verdict, words in check.reason) == ("skipped", True)


def test_without_a_folder_or_its_file_the_curves_are_skipped_by_name(tmp_path: Path) -> None:
    (nowhere,), (empty,) = curve_checks(None), curve_checks(tmp_path)
    assert (nowhere.verdict, nowhere.case, "--cases DIR" in nowhere.reason) == ("skipped", FILE, True)
    assert (empty.verdict, empty.reason) == ("skipped", f"there is no {FILE} in the folder of --cases")


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--cases .*: is no folder; name one that has dirty_curves\.csv"):
        curve_checks(tmp_path / "gone")


def test_all_cells_that_are_no_numbers_are_named_with_their_lines(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        curve_checks(written(tmp_path, "one,zwei,1000,,,1", "one,5,-3,,,1", "one,nan,,,,1"))
    lines = str(caught.value).splitlines()
    assert [line.split(FILE)[1].split(" ")[0:3] for line in lines] == [
        [":2:", "tau_s:", "'zwei'"],
        [":3:", "dirtied_pages:", "'-3'"],
        [":4:", "tau_s:", "'nan'"],
        [":4:", "dirtied_pages:", "''"],
    ]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("scenario,pages\nx,1\n", encoding="utf-8")
    with pytest.raises(UsageError, match="column tau_s, dirtied_pages is missing"):
        curve_checks(tmp_path)
