"""Tables for spreadsheets: written piece by piece, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from sim.errors import ResultsError
from sim.results.export import SHEET_ROWS, write_frames

FRAMES = [
    pd.DataFrame({"vm": ["DB", "APPL"], "total_s": [1.5, float("nan")], "makespan_s": [2.5, float("inf")]}),
    pd.DataFrame({"vm": ["DB"], "total_s": [3.25], "makespan_s": [4.0]}),
]


def test_csv_of_several_frames_has_one_heading(tmp_path: Path) -> None:
    write_frames(FRAMES, tmp_path / "t.csv", 3, decimal_comma=False)
    told = (tmp_path / "t.csv").read_text(encoding="utf-8")
    assert told == "vm,total_s,makespan_s\nDB,1.5,2.5\nAPPL,,inf\nDB,3.25,4.0\n"


def test_csv_with_decimal_comma(tmp_path: Path) -> None:
    write_frames(FRAMES[1:], tmp_path / "t.csv", 1, decimal_comma=True)
    assert (tmp_path / "t.csv").read_text(encoding="utf-8") == "vm;total_s;makespan_s\nDB;3,25;4,0\n"


def test_sheet_of_several_frames_has_numbers_and_empty_cells(tmp_path: Path) -> None:
    write_frames(FRAMES, tmp_path / "t.xlsx", 3, decimal_comma=False)
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").active
    assert sheet is not None
    assert list(sheet.iter_rows(values_only=True)) == [
        ("vm", "total_s", "makespan_s"),
        ("DB", 1.5, 2.5),
        ("APPL", None, "inf"),
        ("DB", 3.25, 4),
    ]


def test_more_rows_than_a_sheet_has_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    unread = iter(FRAMES)
    with pytest.raises(ResultsError, match=r"1,048,576 rows, but a sheet has 1,048,575; write a \.csv file"):
        write_frames(unread, tmp_path / "t.xlsx", SHEET_ROWS + 1, decimal_comma=False)
    assert next(unread) is FRAMES[0]


def test_table_that_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    def breaking() -> Iterator[pd.DataFrame]:
        yield FRAMES[0]
        raise ResultsError("part: damaged")

    (tmp_path / "t.csv").write_text("old", encoding="utf-8")
    with pytest.raises(ResultsError, match="damaged"):
        write_frames(breaking(), tmp_path / "t.csv", 3, decimal_comma=False)
    assert [(file.name, file.read_text(encoding="utf-8")) for file in tmp_path.iterdir()] == [("t.csv", "old")]


def test_name_that_is_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(ResultsError, match=r"t\.csv: cannot write \(Is a directory\); name another file"):
        write_frames(FRAMES, tmp_path / "t.csv", 3, decimal_comma=False)
