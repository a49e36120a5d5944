"""Tables of a result folder for spreadsheets."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sim.columns import TABLES
from sim.errors import ResultsError

SHEET_ROWS = 1_048_575  # rows of an XLSX sheet below its heading


def write_frame(frame: pd.DataFrame, out: Path, *, decimal_comma: bool) -> None:
    """Write a table as CSV or XLSX, by the ending of the name.

    Args:
        frame: the table.
        out: FILE.csv or FILE.xlsx.
        decimal_comma: write 1,5 for 1.5, with semicolons between the columns of a CSV file; a spreadsheet of type XLSX holds numbers
            and shows them as the reader's own settings say.

    Raises:
        ResultsError: another ending, more rows than a sheet has, or the file cannot be written.
    """
    if not out.parent.is_dir():
        raise ResultsError(f"{out}: there is no folder '{out.parent}'; make it, or name another one")
    try:
        if out.suffix == ".csv":
            frame.to_csv(out, index=False, sep=";" if decimal_comma else ",", decimal="," if decimal_comma else ".")
        elif out.suffix == ".xlsx":
            if len(frame) > SHEET_ROWS:
                raise ResultsError(f"{out}: {len(frame):,} rows, but a sheet has {SHEET_ROWS:,}; write a .csv file")
            frame.to_excel(out, index=False)
        else:
            raise ResultsError(f"{out}: the name has to end in .csv or .xlsx")
    except OSError as error:
        raise ResultsError(f"{out}: cannot write ({error.strerror}); name another file") from error
    except ImportError as error:
        raise ResultsError(f"{out}: XLSX needs openpyxl; install it with: pip install 'vm-migration-sim[xlsx]'") from error


def known_table(name: str) -> str:
    """Return the name of a table.

    Raises:
        ResultsError: there is no such table.
    """
    if name not in TABLES and name != "summary":
        raise ResultsError(f"--table {name}: no such table; write {', '.join(TABLES)} or summary")
    return name
