"""The columns of tables of measured migrations: which are inputs and how they are read, and which nobody looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sim.validate.tables.cells import (
    QEMU,
    Reader,
    number,
    one_of,
    read_curve,
    read_flag,
    read_policy,
    read_rates,
    read_sets,
    read_share,
    read_text,
    whole,
)

Kind = Literal["qemu", "simgrid"]

KEYS = ("id", "case")
NAME_OF_KIND = {"qemu": "migrations with QEMU", "simgrid": "cases of SimGrid"}


@dataclass(frozen=True, slots=True)
class InputColumn:
    """An input of a prediction.

    Args:
        name: of the column.
        unit: of its values; empty where there is none.
        meaning: one line.
        read: text to value.
        default: text that stands for an empty cell or a column that is not there; None where there is none.
        why: where the default comes from.
        numeric: holds numbers, so a decimal comma means something in it.
    """

    name: str
    unit: str
    meaning: str
    read: Reader
    default: str | None = None
    why: str = ""
    numeric: bool = True

    @property
    def described(self) -> str:
        """Return what is in it, with its unit."""
        return f"{self.meaning}, in {self.unit}" if self.unit else self.meaning


# What QEMU 7.2 does unless it is told otherwise: max-bandwidth 128 MiB/s, downtime-limit 300 ms, no auto-converge.
_QEMU = "QEMU's own"
# Nobody waits longer for one VM in a maintenance window; what has not ended then goes round in circles.
_AN_HOUR = "an hour"

QEMU_COLUMNS = (
    InputColumn("mem_mib", "MiB", "memory of the VM", whole(1, example="a whole number of MiB such as 1024")),
    InputColumn(
        "fill_mib",
        "MiB",
        "part of the memory that is not zero",
        number(example="a number of MiB such as 350"),
        "",
        "computed from `filled`",
    ),
    InputColumn(
        "filled",
        "share",
        "instead of `fill_mib`: its share of `arena_mib`, or of `mem_mib` where that is not given",
        read_share,
        "",
        "none",
    ),
    InputColumn("arena_mib", "MiB", "what `filled` is a share of", number(example="a number of MiB such as 870"), "", "`mem_mib`"),
    InputColumn(
        "sets",
        "",
        "what the guest writes to: `pages:writes a second:pattern[:theta]`, one or several with `;` between",
        read_sets,
        "",
        "idle",
    ),
    InputColumn(
        "mig_rate_pps",
        "page writes/s",
        "rates that the sets reached during the migration, with `;` between",
        read_rates,
        "",
        "the rates of `sets`",
    ),
    InputColumn(
        "curve",
        "s:pages",
        "instead of `sets`: distinct pages dirtied in a window, `window:pages` with `;` between",
        read_curve,
        "",
        "none",
    ),
    InputColumn(
        "max_bw_mibs",
        "MiB/s",
        "limit on the transfer while the guest runs; 0: none",
        number(example="a number of MiB/s such as 128, or 0 for no limit"),
        "128",
        _QEMU,
    ),
    InputColumn(
        "downtime_limit_ms",
        "ms",
        "the guest is stopped when the rest is expected to take no longer",
        number(example="a number of ms such as 300"),
        "300",
        _QEMU,
    ),
    InputColumn(
        "link_mbit",
        "Mbit/s",
        "bandwidth of the link; 0: source and target are one machine",
        number(example="a number of Mbit/s such as 1000, or 0 for a migration within one machine"),
        "0",
        "within one machine",
    ),
    InputColumn("auto_converge", "", "1: QEMU slows a guest down that dirties too fast", read_flag, "0", _QEMU),
    InputColumn(
        "bound_s",
        "s",
        "after this time the migration is given up; `p_converges` is the share that ends before it",
        number(above=True, example="a number of seconds such as 20"),
        "3600",
        _AN_HOUR,
    ),
    InputColumn("policy", "", "rule that ends the pre-copy: a name of `migr profiles policies`", read_policy, QEMU, "", numeric=False),
    InputColumn("accel", "", "`kvm` or `tcg`", one_of("kvm", "tcg"), "kvm", "hardware", numeric=False),
    InputColumn(
        "prealloc",
        "",
        "1: the target's memory was touched before; the prediction takes it so: large guests without it take 2 to 11 % longer",
        read_flag,
        "0",
        "no",
    ),
    InputColumn("group", "", "kind of case, for your own tables", read_text, "", "none", numeric=False),
    InputColumn("cell", "", "rows of one cell have the same parameters", read_text, "", "the key", numeric=False),
)

SIMGRID_COLUMNS = (
    InputColumn("ram_B", "bytes", "memory of the VM", number(above=True, example="a number of bytes such as 4000000000")),
    InputColumn("working_set_B", "bytes", "most that is dirty at a time", number(example="a number of bytes such as 3600000000")),
    InputColumn(
        "intensity", "", "the guest dirties intensity x mig_speed_Bps a second", number(example="a number of 0 or more such as 0.25")
    ),
    InputColumn(
        "mig_speed_Bps",
        "bytes/s",
        "limit of every transfer and base of the dirty rate; 0: neither",
        number(example="a number of bytes/s such as 125000000"),
    ),
    InputColumn(
        "host_flops", "flops/s", "speed of a core of the source", number(above=True, example="a number of flops/s such as 1000000000")
    ),
    InputColumn(
        "link_Bps",
        "bytes/s",
        "bandwidth of the link as SimGrid is told",
        number(above=True, example="a number of bytes/s such as 125000000"),
    ),
    InputColumn(
        "guest_cpu_util",
        "share",
        "share of its core that the guest asks for",
        number(0.0, 1.0, example="a share from 0 to 1 such as 0.3"),
        "1",
        "a busy guest",
    ),
    InputColumn(
        "latency_s", "s", "latency of the link as SimGrid is told", number(example="a number of seconds such as 0.0001"), "0", "none"
    ),
    InputColumn("net_model", "", "network model `CM02` or `LV08`", one_of("CM02", "LV08"), "CM02", "the link as given", numeric=False),
    InputColumn("crosstraffic", "", "1: both directions of a link share it", read_flag, "0", "no"),
    InputColumn("cpu_hogs", "", "competitors on the core of the guest", whole(0, example="a whole number such as 1"), "0", "none"),
    InputColumn("competing_flows", "", "other transfers on the link", whole(0, example="a whole number such as 1"), "0", "none"),
)

COLUMNS: dict[Kind, tuple[InputColumn, ...]] = {"qemu": QEMU_COLUMNS, "simgrid": SIMGRID_COLUMNS}

# What came of a migration: a prediction that looked at it would be none. Dropped where the file is read.
OUTCOMES: dict[Kind, frozenset[str]] = {
    "qemu": frozenset(
        {
            *("status", "total_time_ms", "downtime_ms", "blackout_ms", "setup_ms", "sync_count"),
            *("transferred", "normal_pages", "duplicate_pages", "precopy_bytes", "downtime_bytes", "remaining", "ram_total"),
            *("pre_rate_pps", "mig_rate_span_s", "pre_shortfall_pps", "mig_shortfall_pps", "other_cpu_s"),
            *("stop_pending_bytes", "bw_window_median_Bpms", "threshold_last"),
        }
    ),
    "simgrid": frozenset(
        {
            *("outcome", "reason", "total_s", "downtime_s", "transfers", "stage2_rounds"),
            *("bytes_sent", "stage3_B", "transfer_sizes_B"),
        }
    ),
}

# Known and of no use: descriptions of a row, and what follows from the inputs.
DESCRIPTIONS: dict[Kind, frozenset[str]] = {
    "qemu": frozenset({"rep", "guest", "sched", "req_rate_pps", "ws_pages", "note"}),
    # SimGrid 4.1 stops at 30 ms whatever is asked for; the column records that.
    "simgrid": frozenset({"note", "nominal_dirty_Bps", "max_downtime_param_s", "simgrid_version"}),
}


def known_names() -> frozenset[str]:
    """Return the names of all columns that mean something in one of the tables."""
    inputs = frozenset(column.name for columns in COLUMNS.values() for column in columns)
    return inputs.union(KEYS, *OUTCOMES.values(), *DESCRIPTIONS.values())
