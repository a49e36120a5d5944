from __future__ import annotations

import json

import pytest

from sim.report.verification.text import conclusion, error_text, value_text, verification_content, verification_text
from sim.validate.checks import Check, Value, equal, judged, shown, skipped, within
from sim.validate.verification import Verification
from validate.small_laboratory import laboratory

CALM = "the guest became calm"
CHECKS = (
    skipped("laws", "theory", "only in a source tree"),
    *(within("published", "Quake", f"pages in round {n}", predicted=float(n), measured=100.0, bar=0.1, known=CALM) for n in (3, 4, 5)),
    equal("published", "Quake", "live rounds", predicted=5, measured=5),
    judged("qemu: blind, achieved rates", "2 migrations", "total time, MAPE", predicted="1.5 %", bar="<= 3 %", met=True),
    shown("qemu: blind, achieved rates", "2 migrations", "verdicts right", predicted="3 of 3"),
)


@pytest.fixture(scope="module")
def found() -> Verification:
    return Verification(False, CHECKS, laboratory({"a": 1.01}))


def test_groups_are_counted_and_statistics_shown_in_full(found: Verification) -> None:
    lines = verification_text(found, 160).splitlines()
    (published,) = [line.split() for line in lines if line.startswith("published ")]
    assert published == ["published", "1", "3"]
    (mape,) = [line for line in lines if line.startswith("total time, MAPE")]
    assert mape.split() == ["total", "time,", "MAPE", "2", "migrations", "1.5", "%", "<=", "3", "%", "met"]


def test_what_is_missed_of_one_case_for_one_reason_is_one_line(found: Verification) -> None:
    text = verification_text(found, 160)
    assert f"  published: Quake, 3 of 4: pages in round 3 to pages in round 5 ({CALM})" in text.splitlines()
    assert sum(line.startswith("Known misses: ") for line in text.splitlines()) == 1
    assert "  laws: theory (only in a source tree)" in text.splitlines()


def test_the_conclusion_counts_what_is_asked(found: Verification) -> None:
    assert conclusion(found) == "2 of 5 checks are met, 3 known misses of published migrations, 1 skipped, 1 result without a bar."
    failed = Verification(False, (*CHECKS, equal("simgrid", "m1", "transfers", predicted=5, measured=4)), found.laboratory)
    assert conclusion(failed).startswith("2 of 6 checks are met, 1 not met, 3 known misses")
    assert (len(found.missed), len(failed.missed)) == (0, 1)


def test_the_data_has_every_check_with_all_its_fields(found: Verification) -> None:
    content = json.loads(json.dumps(verification_content(found), allow_nan=False))
    assert content["counts"] == {"met": 2, "not met": 0, "known miss": 3, "skipped": 1, "no bar": 1}
    assert len(content["checks"]) == len(CHECKS)
    assert content["checks"][1] == {
        "group": "published",
        "case": "Quake",
        "quantity": "pages in round 3",
        "predicted": 3.0,
        "measured": 100.0,
        "error": 0.97,
        "bar": "<= 10 %",
        "verdict": "known miss",
        "reason": CALM,
    }


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), ("words", "words"), (5.0, "5"), (2097477.4, "2,097,477"), (0.0078125, "0.0078125")]
)
def test_values_for_people(value: Value, text: str) -> None:
    assert value_text(value) == text


@pytest.mark.parametrize(("check", "text"), [(CHECKS[4], "0"), (CHECKS[1], "97 %"), (CHECKS[0], "")])
def test_errors_for_people(check: Check, text: str) -> None:
    assert error_text(check) == text
