"""What is read of a table of measured migrations: inputs as they were written, no outcome, and every mistake with its place."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import ScenarioError
from sim.validate.tables.measured import QemuCase, SimgridCase, Table, WriteSet, read_cases
from sim.validate.tables.table_columns import OUTCOMES, QEMU_COLUMNS, SIMGRID_COLUMNS, InputColumn

CASES = Path(__file__).parents[2] / "sim" / "validate" / "cases"
QEMU, SIMGRID = CASES / "qemu_migrations.csv", CASES / "simgrid_cases.csv"
HEADING = "id,mem_mib,fill_mib,sets,mig_rate_pps,max_bw_mibs,bound_s"
OTHER_TABLE = (
    "in.csv:1: has no column of a table of migrations, only 'name, age'; write at least mem_mib, fill_mib and sets for QEMU, "
    "or ram_B and the rest for SimGrid; docs/predict.md has them all"
)
ROW = "a,512,350,16384:14745.6:u,14744.9,64,20"


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "in.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def with_cells(**cells: str) -> str:
    """Return a table of one row: a sound one, with these cells instead."""
    row = dict(zip(HEADING.split(","), ROW.split(","), strict=True)) | cells
    return ",".join(row) + "\n" + ",".join(f'"{cell}"' for cell in row.values()) + "\n"


def one_case(folder: Path, text: str) -> QemuCase:
    (case,) = read_cases(written(folder, text)).cases
    assert isinstance(case, QemuCase)
    return case


def mistakes(folder: Path, text: str | bytes) -> list[str]:
    """Return the mistakes that are told, without the folder."""
    with pytest.raises(ScenarioError) as refused:
        read_cases(written(folder, text))
    return [problem.removeprefix(f"{folder}/") for problem in refused.value.problems]


def with_other_outcomes(source: Path, out: Path, columns: Sequence[str]) -> Path:
    """Copy a table, with nonsense in the columns of outcomes."""
    with source.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with out.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {name: f"nan;{name},?" for name in columns} for row in rows)
    return out


class TestShippedTables:
    def test_a_row_of_qemu_is_read_as_it_was_written(self) -> None:
        table = read_cases(QEMU)
        assert (table.kind, table.key_column, len(table.cases), table.ignored) == ("qemu", "id", 137, ())
        (case,) = (case for case in table.cases if case.key == "kvm-E28-0")
        assert case == QemuCase(
            key="kvm-E28-0",
            cell="E28",
            group="E",
            accel="kvm",
            memory_mib=512,
            fill_mib=242.0,
            sets=(WriteSet(6159, 4270.1, "s"), WriteSet(1740, 2841.4, "z", 0.7), WriteSet(1393, 6648.6, "s")),
            achieved_pps=(4270.0, 2841.0, 6648.0),
            curve=(),
            cap_mibs=32.0,
            downtime_limit_ms=1000.0,
            link_mbit=0.0,
            auto_converge=False,
            bound_s=20.0,
            prealloc=False,
            policy="qemu",
        )

    def test_a_row_of_simgrid_is_read_as_it_was_written(self) -> None:
        table = read_cases(SIMGRID)
        assert (table.kind, table.key_column, len(table.cases), table.ignored) == ("simgrid", "case", 18, ())
        (case,) = (case for case in table.cases if case.key == "d10")
        assert case == SimgridCase(
            "d10", 4e9, 3.6e9, 0.1, 1.25e8, 1e9, 1.0, 1.25e8, 0.0, "CM02", crosstraffic=False, cpu_hogs=0, competing_flows=0
        )

    @pytest.mark.parametrize("source", [QEMU, SIMGRID], ids=["qemu", "simgrid"])
    def test_outcomes_are_never_looked_at(self, tmp_path: Path, source: Path) -> None:
        """Every column that is no input may hold anything: cases and rows stay equal."""
        table = read_cases(source)
        assert set(table.outcomes) >= {"qemu": {"status", "total_time_ms", "sync_count"}, "simgrid": {"outcome", "total_s"}}[table.kind]
        other = read_cases(with_other_outcomes(source, tmp_path / "in.csv", table.outcomes))
        assert (other.cases, other.rows) == (table.cases, table.rows)
        assert not {name for row in table.rows for name in row} & OUTCOMES[table.kind]

    def test_every_column_of_the_shipped_tables_is_known(self) -> None:
        """A guard of the test above: what is neither input nor description is an outcome."""
        with QEMU.open(encoding="utf-8") as stream:
            heading = next(csv.reader(stream))
        inputs = {column.name for column in QEMU_COLUMNS} | {"id"}
        descriptions = {"rep", "guest", "sched", "req_rate_pps", "ws_pages"}
        assert set(heading) - inputs - descriptions == OUTCOMES["qemu"]


class TestDefaults:
    def test_of_a_table_with_the_necessary_only(self, tmp_path: Path) -> None:
        table = read_cases(written(tmp_path, "case,mem_mib,fill_mib\nx,1024,512.5\ny,2048,0\n"))
        assert table.key_column == "case"
        assert table.cases[0] == QemuCase(
            key="x",
            cell="x",
            group="",
            accel="kvm",
            memory_mib=1024,
            fill_mib=512.5,
            sets=(),
            achieved_pps=(),
            curve=(),
            cap_mibs=128.0,
            downtime_limit_ms=300.0,
            link_mbit=0.0,
            auto_converge=False,
            bound_s=3600.0,
            prealloc=False,
            policy="qemu",
        )
        assert table.assumed["bound_s"] == 2

    def test_an_empty_cell_is_a_column_that_is_not_there(self, tmp_path: Path) -> None:
        with_empty = read_cases(written(tmp_path, "id,mem_mib,fill_mib,bound_s,policy\nx,1024,512,,\ny,1024,512,20,xen\n"))
        without = read_cases(written(tmp_path, "id,mem_mib,fill_mib\nx,1024,512\n"))
        assert with_empty.cases[0] == without.cases[0]
        assert with_empty.assumed["bound_s"] == 1
        assert [case.policy for case in with_empty.cases if isinstance(case, QemuCase)] == ["qemu", "xen"]

    @pytest.mark.parametrize(("filled", "arena", "mib"), [("0.5", "", 256.0), ("50 %", "", 256.0), ("0.25", "400", 100.0), ("0", "", 0.0)])
    def test_filled_share(self, tmp_path: Path, filled: str, arena: str, mib: float) -> None:
        assert one_case(tmp_path, f"id,mem_mib,filled,arena_mib\nx,512,{filled},{arena}\n").fill_mib == mib

    def test_curve(self, tmp_path: Path) -> None:
        assert one_case(tmp_path, "id,mem_mib,fill_mib,curve\nx,512,350,0.5:9000; 2:21000;\n").curve == ((0.5, 9000.0), (2.0, 21000.0))

    def test_of_simgrid(self, tmp_path: Path) -> None:
        text = "case,ram_B,working_set_B,intensity,mig_speed_Bps,host_flops,link_Bps\nx,4e9,1e9,0.5,125e6,1e9,125e6\n"
        table = read_cases(written(tmp_path, text))
        assert table.cases == (
            SimgridCase("x", 4e9, 1e9, 0.5, 1.25e8, 1e9, 1.0, 1.25e8, 0.0, "CM02", crosstraffic=False, cpu_hogs=0, competing_flows=0),
        )

    def test_unknown_columns_are_named_and_rates_of_an_idle_guest_are_none(self, tmp_path: Path) -> None:
        table = read_cases(written(tmp_path, "id,mem_mib,fill_mib,mig_rate_pps,owner\nx,1024,512,0.0,Meyer\n"))
        assert table.ignored == ("owner",)
        assert table.cases[0] == read_cases(written(tmp_path, "id,mem_mib,fill_mib\nx,1024,512\n")).cases[0]


class TestWaysToWriteATable:
    PLAIN = 'id,mem_mib,fill_mib,sets,mig_rate_pps\na,512,350.5,"16384:14745.6:u;4096:900:z:0.99","14744.9;899.5"\n\nb,512,10,,\n'
    GERMAN = 'id;mem_mib;fill_mib;sets;mig_rate_pps\na;512;350,5;"16384:14745,6:u;4096:900:z:0,99";"14744,9;899,5"\nb;512;10;;\n'

    @pytest.mark.parametrize(
        "text",
        [
            GERMAN.encode(),
            PLAIN.encode("utf-8-sig"),
            PLAIN.replace("\n", "\r\n").encode(),
            PLAIN.replace("\n", "\r").encode(),
            PLAIN.replace(",", "\t").encode(),
            PLAIN.replace("id", " id ", 1).replace("512", " 512.0 ").encode(),
            (PLAIN + ",,,,\n\n").encode(),
            b'mig_rate_pps,sets,fill_mib,mem_mib,id\n"14744.9;899.5","16384:14745.6:u;4096:900:z:0.99",350.5,512,a\n,,10,512,b\n',
        ],
        ids=["semicolons and commas", "BOM", "CRLF", "CR", "tabs", "blanks", "empty rows", "other order"],
    )
    def test_give_the_same_cases(self, tmp_path: Path, text: bytes) -> None:
        expected = read_cases(written(tmp_path, self.PLAIN)).cases
        assert [case.key for case in expected] == ["a", "b"]
        assert read_cases(written(tmp_path, text)).cases == expected

    def test_how_it_was_written_is_remembered(self, tmp_path: Path) -> None:
        found: list[Table] = [read_cases(written(tmp_path, text)) for text in (self.PLAIN, self.GERMAN)]
        assert [(table.separator, table.decimal_sign) for table in found] == [(",", "."), (";", ",")]

    def test_points_and_commas_in_one_table_are_refused(self, tmp_path: Path) -> None:
        assert mistakes(tmp_path, "id;mem_mib;fill_mib\na;512;350,5\nb;512;1.024\n") == [
            "in.csv:3: fill_mib: '1.024' has a decimal point, other numbers of the table a comma; write '1,024'"
        ]


class TestMistakes:
    @pytest.mark.parametrize(
        ("cells", "told"),
        [
            ({"mem_mib": "16 Gb"}, "mem_mib: '16 Gb' is not a number; write a whole number of MiB such as 1024"),
            ({"mem_mib": "512.5"}, "mem_mib: '512.5' is not a whole number; write a whole number of MiB such as 1024"),
            ({"mem_mib": ""}, "mem_mib: is empty; write the memory of the VM, in MiB"),
            ({"mem_mib": "1e16"}, "mem_mib: '1e16' is above 1e+15; write a whole number of MiB such as 1024"),
            ({"fill_mib": "inf"}, "fill_mib: 'inf' is not a number; write a number of MiB such as 350"),
            (
                {"fill_mib": ""},
                "fill_mib: is empty, and so is filled; write the MiB that are not zero, or their share of the memory in filled",
            ),
            ({"fill_mib": "513"}, "fill_mib: 513 MiB are filled, the VM has 512; write no more than mem_mib"),
            ({"filled": "0.5"}, "filled: the row has fill_mib as well; leave one of the two cells empty"),
            (
                {"fill_mib": "", "filled": "1.5"},
                "filled: '1.5' is outside the range; write a share such as 0.35 or '35 %', from 0 to 1 (100 %)",
            ),
            ({"max_bw_mibs": "-1"}, "max_bw_mibs: '-1' is below 0; write a number of MiB/s such as 128, or 0 for no limit"),
            ({"max_bw_mibs": "1,5"}, "max_bw_mibs: '1,5' has a comma; write a decimal point: '1.5'"),
            ({"downtime_limit_ms": "-1"}, "downtime_limit_ms: '-1' is below 0; write a number of ms such as 300"),
            (
                {"link_mbit": "NaN"},
                "link_mbit: 'NaN' is not a number; write a number of Mbit/s such as 1000, or 0 for a migration within one machine",
            ),
            ({"auto_converge": "2"}, "auto_converge: '2' is neither 0 nor 1; write 1 for yes, 0 for no"),
            ({"accel": "xen"}, "accel: 'xen' is unknown; write kvm or tcg"),
            ({"policy": "xenserv"}, "policy: 'xenserv' is no policy of the catalogue; did you mean 'xenserver'?"),
            ({"bound_s": "1_000"}, "bound_s: '1_000' is not a number; write a number of seconds such as 20"),
            (
                {"mig_rate_pps": "1;2"},
                "mig_rate_pps: 2 rates for 1 set; write one for each, or leave the cell empty",
            ),
            (
                {"mig_rate_pps": "fast"},
                "mig_rate_pps: 'fast' has 'fast' as rate 1, which is not a number; write a rate for every set, such as '14745.6;900'",
            ),
            (
                {"mig_rate_pps": "-5"},
                "mig_rate_pps: '-5' has '-5' as rate 1, which is outside the range; write a rate for every set, such as '14745.6;900'",
            ),
            (
                {"sets": ""},
                "mig_rate_pps: the row has rates and no sets; leave the cell empty, or write the sets that they belong to",
            ),
            (
                {"sets": "16384:9:u:0.5"},
                "sets: '16384:9:u:0.5' has an exponent in set 1, which is no Zipf law; write 'u' alone, or 'z:0.5'",
            ),
            ({"sets": "0:9:u"}, "sets: '0:9:u' has '0' as pages of set 1; write a whole number of 4 KiB pages, 1 or more"),
            ({"sets": "8:9:r"}, "sets: '8:9:r' has 'r' as pattern of set 1; write u (uniform), s (sequential) or z (Zipf)"),
            ({"sets": "8:9:z:9"}, "sets: '8:9:z:9' has '9' as exponent of set 1; write one above 0, up to 5, or the pattern u for 0"),
            (
                {"sets": "8:9:u;;"},
                "sets: '8:9:u;;' has nothing in set 2; write 'pages:writes a second:pattern', such as '16384:14745.6:u;4096:900:z:0.99'",
            ),
            (
                {"sets": "90000:9:u"},
                "sets: they are 351.562 MiB, more than the 350 MiB that are filled; write fewer pages, or more filled memory",
            ),
            ({"curve": "1:9"}, "curve: the row has sets as well; leave one of the two cells empty"),
        ],
        ids=str,
    )
    def test_of_one_cell(self, tmp_path: Path, cells: dict[str, str], told: str) -> None:
        assert mistakes(tmp_path, with_cells(**cells)) == [f"in.csv:2: {told}"]

    @pytest.mark.parametrize(
        ("curve", "told"),
        [
            ("2:9;1:9", "has the window 1 s after 2 s; write the points with rising windows"),
            ("1:9;2:8", "has fewer pages in 2 s than in 1 s; a longer window dirties at least the pages of a shorter one"),
            ("0:9", "has a window of 0 s in point 1; write 'window in seconds:pages', such as '0.5:9000;2:21000;8:40000'"),
            ("1:9:3", "has 3 parts in point 1, '1:9:3'; write 'window in seconds:pages', such as '0.5:9000;2:21000;8:40000'"),
        ],
    )
    def test_of_a_curve(self, tmp_path: Path, curve: str, told: str) -> None:
        assert mistakes(tmp_path, with_cells(sets="", mig_rate_pps="", curve=curve)) == [f"in.csv:2: curve: '{curve}' {told}"]

    def test_of_a_curve_that_dirties_more_than_is_filled(self, tmp_path: Path) -> None:
        """100,000 pages of 4 KiB are 390.625 MiB."""
        assert mistakes(tmp_path, with_cells(sets="", mig_rate_pps="", curve="9:100000")) == [
            "in.csv:2: curve: 390.625 MiB become dirty, more than the 350 MiB that are filled; write fewer pages, or more filled memory"
        ]

    def test_all_are_told_at_once_in_the_order_of_the_lines(self, tmp_path: Path) -> None:
        text = f"{HEADING}\n{ROW}\n{ROW}\n,x,350,,,y,0\nb,512,350\n"
        assert [line.split(" ")[:2] for line in mistakes(tmp_path, text)] == [
            ["in.csv:3:", "id:"],
            ["in.csv:4:", "mem_mib:"],
            ["in.csv:4:", "max_bw_mibs:"],
            ["in.csv:4:", "bound_s:"],
            ["in.csv:4:", "id:"],
            ["in.csv:5:", "the"],
        ]

    def test_columns_that_are_missing_are_told_once_with_what_they_mean(self, tmp_path: Path) -> None:
        assert mistakes(tmp_path, "name,memory_mib,sets,bound_s\nx,512,8:9:u,20\ny,512,,20\n") == [
            "in.csv:1: id: there is no such column; add one with a text of its own in each row",
            "in.csv:1: mem_mib: there is no such column; add one with the memory of the VM, in MiB; is it 'memory_mib'?",
            "in.csv:1: fill_mib: there is no such column; add one with the part of the memory that is not zero, in MiB",
        ]

    def test_columns_of_simgrid_that_are_missing(self, tmp_path: Path) -> None:
        told = mistakes(tmp_path, "case,ram_B,latency_s\nx,1e9,0\n")
        assert [line.split(": ")[1] for line in told] == ["working_set_B", "intensity", "mig_speed_Bps", "host_flops", "link_Bps"]

    def test_columns_that_are_there_twice(self, tmp_path: Path) -> None:
        assert mistakes(tmp_path, "id,mem_mib,mem_mib,fill_mib,note,note\nx,512,512,9,,\n") == [
            "in.csv:1: mem_mib: there are 2 columns of this name; remove or rename all but one"
        ]

    def test_the_line_is_the_one_where_the_row_begins(self, tmp_path: Path) -> None:
        assert mistakes(tmp_path, 'id,note,mem_mib,fill_mib\na,"two\nlines",512,9\n\nb,,x,9\n') == [
            "in.csv:5: mem_mib: 'x' is not a number; write a whole number of MiB such as 1024"
        ]

    def test_long_cells_are_cut(self, tmp_path: Path) -> None:
        (told,) = mistakes(tmp_path, with_cells(mem_mib="x" * 500))
        assert "'" + "x" * 57 + "...' is not a number" in told


class TestFilesThatAreNoTables:
    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (b"", "in.csv: the file is empty; write a heading and one row for each migration"),
            (b"\n \n", "in.csv: the file is empty; write a heading and one row for each migration"),
            (b"id,mem_mib,fill_mib\n", "in.csv: has a heading only; write one row for each migration below it"),
            (
                b"PK\x03\x04xx",
                "in.csv: is a workbook (XLSX, ODS) or an archive and no CSV file; save it as CSV (in a spreadsheet: 'CSV UTF-8')",
            ),
            ("id,mem_mib\n".encode("utf-16"), "in.csv: is UTF-16 text and no CSV file; save it as CSV (in a spreadsheet: 'CSV UTF-8')"),
            (b"id\0", "in.csv: holds bytes that no text has and no CSV file; save it as CSV (in a spreadsheet: 'CSV UTF-8')"),
            (b"id,mem_mib\nM\xfcller,1\n", "in.csv:2: byte 0xFC is not UTF-8; save it as CSV (in a spreadsheet: 'CSV UTF-8')"),
            (
                b'id,mem_mib,fill_mib\na,512,9\nb,"512,9\n',
                "in.csv:3: from here on it is no CSV (unexpected end of data); look for a quotation mark too many, or one that is missing",
            ),
            (
                b"name,age\nx,1\n",
                OTHER_TABLE,
            ),
        ],
        ids=["empty", "blank", "heading only", "workbook", "UTF-16", "binary", "Latin-1", "open quotation", "other table"],
    )
    def test_are_refused_with_what_they_are(self, tmp_path: Path, content: bytes, told: str) -> None:
        assert mistakes(tmp_path, content) == [told]

    def test_folders_and_files_that_are_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(ScenarioError, match="is a folder; name a CSV file in it"):
            read_cases(tmp_path)
        with pytest.raises(ScenarioError, match=r"none\.csv: there is no such file; check the name"):
            read_cases(tmp_path / "none.csv")


def problems_or_keys(file: Path) -> tuple[list[str], list[str]]:
    """Return the problems of a table, or the keys of its cases."""
    try:
        return [], [case.key for case in read_cases(file).cases]
    except ScenarioError as error:
        return error.problems, []


@given(st.sampled_from(QEMU_COLUMNS), st.text(max_size=20) | st.text("0123456789.,;:eEuszkvm% -+", max_size=20))
def test_whatever_stands_in_a_cell_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, column: InputColumn, text: str) -> None:
    """Never another error; a refusal names the place."""
    file = tmp_path_factory.mktemp("cell") / "in.csv"
    cells = {"id": "a", "mem_mib": "512", "fill_mib": "350"} | {column.name: text}
    with file.open("w", encoding="utf-8", errors="replace", newline="") as stream:
        csv.writer(stream).writerows([list(cells), list(cells.values())])
    problems, keys = problems_or_keys(file)
    assert bool(problems) != bool(keys)
    assert keys in (["a"], [])
    assert all(re.match(r".*in\.csv:2: (\w+): |.*in\.csv: holds bytes", problem) for problem in problems)


def test_every_column_says_what_it_means() -> None:
    for column in (*QEMU_COLUMNS, *SIMGRID_COLUMNS):
        assert column.meaning, column.name
        assert column.default is None or not column.default or column.why or column.name == "policy", column.name
