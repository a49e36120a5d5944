"""The report of a verification: one file that is whole, escaped, the same each time, and says nothing of the machine."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sim.errors import ResultsError
from sim.report.verification.page import FILE, make_ready, page, write_page
from sim.validate.checks import shown, skipped, within
from sim.validate.score.laboratory import Trial, laboratory_of
from sim.validate.verification import Verification
from validate.small_laboratory import CALIBRATING, case, laboratory, outcome, prediction

VOID = {"meta", "br", "link", "img", "hr", "input", "col"}
NASTY = "<script>alert('x')</script> & \"quotes\""


class Tags(HTMLParser):
    """Checks that every tag is closed, and collects ids and addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.seen: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.addresses += [value for name, value in attrs if name in {"href", "src", "xlink:href"} and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def verification(title: str = "case") -> Verification:
    checks = (
        within("curves", title, "pages in 24 s", predicted=90.0, measured=100.0, bar=0.2),
        within("published", "calm guest", "pages in round 9", predicted=1.0, measured=100.0, bar=0.1, known=NASTY),
        skipped("laws", "theory", "only in a source tree"),
        shown("qemu: blind, achieved rates", "2 migrations", "total time, MAPE", predicted="1 %"),
    )
    return Verification(True, checks, laboratory({"a": 1.01, "b": 0.98}, link_mbit=1000.0))


def read(text: str) -> Tags:
    tags = Tags()
    tags.feed(text)
    tags.close()
    return tags


@pytest.fixture(scope="module")
def text() -> str:
    return page(verification(NASTY))


def test_every_tag_is_closed_and_every_id_is_the_only_one(text: str) -> None:
    tags = read(text)
    assert tags.open == []
    assert len(tags.ids) == len(set(tags.ids)) > 50
    assert tags.seen >= {"svg", "table", "figure", "figcaption"}


def test_the_file_needs_nothing_else(text: str) -> None:
    tags = read(text)
    assert tags.seen & {"script", "link", "img", "iframe", "object"} == set()
    assert all(address.startswith("#") for address in tags.addresses)
    assert {address.removeprefix("#") for address in tags.addresses} <= set(tags.ids)
    assert set(re.findall(r"url\(#([^)]+)\)", text)) <= set(tags.ids)


def test_names_of_cases_and_reasons_are_escaped(text: str) -> None:
    assert "alert('x')</script>" not in text
    assert NASTY in "".join(read(text).text)


def test_the_same_verification_makes_the_same_bytes_without_dates_and_paths(text: str) -> None:
    assert page(verification(NASTY)) == text
    assert not re.search(r"\b20[2-9]\d-\d\d", text)
    assert str(Path.cwd()) not in text
    assert str(Path.home()) not in text.replace("/root-", "")
    assert "/tmp" not in text  # noqa: S108 - looked for, not used


def test_what_is_met_missed_and_skipped_is_said_in_words(text: str) -> None:
    said = " ".join("".join(read(text).text).split())
    assert "1 of 2 checks are met, 1 known miss of published migrations, 1 skipped, 1 result without a bar." in said
    assert "only in a source tree" in said
    assert f"calm guest: 1 of 1 missed (pages in round 9): {NASTY}." in said
    assert "Yes, where it could be tried" in said
    assert "1 of 1 figures from papers and logs are missed" in said
    assert "This is the quick part" in said


def test_whoever_does_not_meet_a_bar_gets_no_recommendation() -> None:
    missed = within("simgrid", "m1", "total time (s)", predicted=2.0, measured=1.0, bar=0.1)
    found = verification()
    said = " ".join("".join(read(page(replace(found, checks=(*found.checks, missed)))).text).split())
    assert "Not in everything: 1 check is not met." in said
    assert "SimGrid 4.1 on the same migrations, m1: 1 of 1 not met." in said
    assert "Rely on it for" not in said


def test_groups_without_a_bar_are_shown_too() -> None:
    cases = [case("a"), case("t", accel="tcg"), case("f", cell=CALIBRATING, group="U"), case("c", cell=CALIBRATING, group="C")]
    predictions = {each.key: prediction(each.key, factor) for each, factor in zip(cases, (1.01, 1.2, 1.0, 1.0), strict=True)}
    lab = laboratory_of(
        cases, {key: outcome(key) for key in predictions}, [Trial(calibrated=True, requested=False, predictions=predictions)]
    )
    said = " ".join(" ".join(read(page(Verification(True, (), lab))).text).split())
    assert "B one uniform set KVM 1 % 1 % 1 of 1 yes" in said
    assert "B one uniform set TCG 20 % 20 % 1 of 1 " in said
    assert "U uncapped KVM 0 % 0 % 1 of 1 " in said  # of the half that calibrates, but nothing is fitted to a group without a bar
    assert "C sequential, Zipf KVM" not in said


def test_a_page_is_written_whole_for_whoever_may_read_the_folder(tmp_path: Path) -> None:
    make_ready(tmp_path / "deep" / "er")
    file = write_page("<html>\u2264</html>\n", tmp_path / "deep" / "er")
    assert file == tmp_path / "deep" / "er" / FILE
    assert file.read_text(encoding="utf-8") == "<html>\u2264</html>\n"
    assert [each.name for each in file.parent.iterdir()] == [FILE]
    assert file.stat().st_mode & 0o044 == 0o044


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    with pytest.raises(ResultsError, match="is a file, or lies below one"):
        make_ready(tmp_path / "taken")
