"""Every objective of the grammar is read as written, and everything else says how far it was understood."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.columns import OUTCOMES
from sim.scenario.objectives import COMPARISONS, Metric, Objective, ObjectiveError, parse_objective

GIB = 1024**3
VALUES = {  # metric -> what can be written, what it means in seconds, seconds since midnight, bytes, rounds
    "makespan": [("4 h", 14_400.0), ("90 min", 5_400.0)],
    "end": [("23:30", 84_600.0), ('"02:00"', 7_200.0), ("'02:00:05'", 7_205.0)],
    "total": [("40 s", 40.0)],
    "downtime": [("300 ms", 0.3), ("5 s", 5.0)],
    "rounds": [("5", 5.0), ("30", 30.0)],
    "sent": [("20 GiB", 20.0 * GIB)],
}
SHARES = [("95 %", 0.95), ("99.9 %", 0.999), ("0 %", 0.0), ("100%", 1.0)]
NAMES = ["out", "VM12PROD", "step one", "B#1", "of", "p99"]


def message(text: object) -> str:
    with pytest.raises(ObjectiveError) as caught:
        parse_objective(text)
    return str(caught.value)


def test_a_probability() -> None:
    text = "P(makespan of out <= 4 h) >= 95 %"
    expected = Objective(
        text,
        "probability",
        metric=Metric("makespan", "out"),
        cmp="<=",
        value=14_400.0,
        share_cmp=">=",
        share=0.95,
        quantile=None,
        outcome="",
    )
    assert expected == parse_objective(text)


def test_a_quantile() -> None:
    text = "p99(downtime of VM12PROD) <= 5 s"
    expected = Objective(text, "quantile", quantile=0.99, metric=Metric("downtime", "VM12PROD"), cmp="<=", value=5.0)
    assert expected == parse_objective(text)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_share(outcome: str) -> None:
    text = f"share({outcome}) > 0.5 %"
    assert Objective(text, "share", outcome=outcome, share_cmp=">", share=0.005) == parse_objective(text)


@pytest.mark.parametrize(("percent", "q"), [("50", 0.5), ("99", 0.99), ("99.9", 0.999), ("99.99", 0.9999), ("0.1", 0.001), ("05", 0.05)])
def test_a_quantile_is_the_float_nearest_to_its_decimals(percent: str, q: float) -> None:
    """Mutant: 99.9 / 100 in floats is 0.9990000000000001, another rank in 10,000 replications."""
    assert q == parse_objective(f"p{percent}(total) <= 5 s").quantile


@st.composite
def objectives(draw: st.DrawFn) -> tuple[str, Objective]:
    """A text out of the grammar, with or without blanks, and what it means."""
    cmp, share_cmp = draw(st.sampled_from(COMPARISONS)), draw(st.sampled_from(COMPARISONS))
    share_text, share = draw(st.sampled_from(SHARES))
    blank = draw(st.sampled_from(["", " ", "  "]))
    kind = draw(st.sampled_from(["probability", "quantile", "share"]))
    if kind == "share":
        outcome = draw(st.sampled_from(OUTCOMES))
        text = f"share({blank}{outcome}{blank}){blank}{share_cmp}{blank}{share_text}"
        return text, Objective(text, "share", outcome=outcome, share_cmp=share_cmp, share=share)
    name = draw(st.sampled_from(sorted(VALUES)))
    of = draw(st.sampled_from(NAMES if name == "end" else ["", *NAMES]))
    written, value = draw(st.sampled_from(VALUES[name]))
    metric = f"{blank}{name} of {of}{blank}" if of else f"{blank}{name}{blank}"
    if kind == "quantile":
        text = f"p90({metric}){blank}{cmp}{blank}{written}"
        return text, Objective(text, "quantile", quantile=0.9, metric=Metric(name, of), cmp=cmp, value=value)
    text = f"P({metric}{cmp}{blank}{written}{blank}){blank}{share_cmp}{blank}{share_text}"
    return text, Objective(text, "probability", metric=Metric(name, of), cmp=cmp, value=value, share_cmp=share_cmp, share=share)


@given(objectives())
def test_all_of_the_grammar_is_read(written: tuple[str, Objective]) -> None:
    text, expected = written
    assert expected == parse_objective(text)


@given(objectives(), st.data())
def test_a_text_that_breaks_off_says_what_comes_next(written: tuple[str, Objective], data: st.DataObject) -> None:
    """Up to the last comparison nothing is complete; what counts as understood is the beginning of the text."""
    text, _ = written
    broken = text[: data.draw(st.integers(min_value=0, max_value=max(text.rfind("<"), text.rfind(">"))))]
    found = message(broken)
    assert found.startswith(f"{broken!r}: understood ")
    assert "for example " in found
    understood = re.match(r"'(.*?)',", found.removeprefix(f"{broken!r}: understood "))
    assert broken.startswith(understood[1] if understood else "")


@given(st.text(alphabet="Pp(99.9)<>= share completed makespan of 5 s%:\u2264", max_size=40))
def test_no_text_raises_anything_but_an_objective_error(text: str) -> None:
    try:
        objective: Objective | ObjectiveError = parse_objective(text)
    except ObjectiveError as refused:
        objective = refused
    if isinstance(objective, ObjectiveError):
        assert str(objective).startswith(repr(text))
    else:
        assert text == objective.text


@pytest.mark.parametrize(
    ("text", "understood", "parts"),
    [
        ("", "nothing", ["then it ends", "'P(metric <= value) >= share'", "'pNN(metric) <= value'", "'share(outcome) <= share'"]),
        ("p(makespan <= 4 h) >= 95 %", "nothing", ["then comes 'p(makespan", "'P(metric <= value) >= share'"]),
        ("p99 total <= 5 s", "nothing", ["'pNN(metric) <= value'"]),
        ("p100(total) <= 5 s", "nothing", ["between p0 and p100", "p99.9"]),
        ("p0(total) <= 5 s", "nothing", ["between p0 and p100"]),
        ("P(stop <= 5 s) >= 95 %", "'P('", ["then comes 'stop <= 5 s", "makespan, end, total, downtime, rounds or sent"]),
        ("P(makespans <= 5 s) >= 95 %", "'P('", ["makespan, end, total"]),
        ("P(makespan out <= 4 h) >= 95 %", "'P(makespan'", ["'of' and a name, or <=, <, >= or >"]),
        ("p99(total VM1) <= 4 h", "'p99(total'", ["'of' and a name, or ')'"]),
        ("P(downtime of <= 5 s) >= 95 %", "'P(downtime of'", ["the name of a VM or a step"]),
        ("P(makespan of <= 5 s) >= 95 %", "'P(makespan of'", ["the name of a step"]),
        ("P(end <= 22:00) >= 95 %", "'P(end'", ["'of' and the name of a step"]),
        ("P(makespan = 4 h) >= 95 %", "'P(makespan'", ["<=, <, >= or >"]),
        ("p99(total) \u2264 5 s", "'p99(total)'", ["<=, <, >= or >"]),
        ("P(makespan <= 4) >= 95 %", "'P(makespan <='", ["'4' has no unit", "h"]),
        ("P(makespan <= 4 h >= 95 %", "'P(makespan <= 4 h'", ["write ')' there"]),
        ("P(makespan <= 4 h) >= 0.95", "'P(makespan <= 4 h) >='", ["'0.95' has no unit", "'95 %'"]),
        ("P(makespan <= 4 h)", "'P(makespan <= 4 h)'", ["then it ends", "<=, <, >= or >"]),
        ("P(makespan <= 4 h) >= 95 % )", "'P(makespan <= 4 h) >= 95 %'", ["then comes ')'", "nothing more"]),
        ("P(makespan <= 4 h) >= 120 %", "'P(makespan <= 4 h) >='", ["'120 %'", "'100 %'"]),
        ("p99(total <= 5 s)", "'p99(total'", ["write ')' there"]),
        ("p99(total) <= ", "'p99(total) <='", ["then it ends", "'5 s' or '4 h'"]),
        ("p99(total) <= 5 s)", "'p99(total) <= 5 s'", ["then comes ')'", "nothing more"]),
        ("share(completed) >= 99 % (", "'share(completed) >= 99 %'", ["then comes '('", "nothing more"]),
        ("p99(rounds) <= 5 s", "'p99(rounds) <='", ["'5 s' is not a number of rounds", "such as 5"]),
        ("p99(sent) <= 5 GB", "'p99(sent) <='", ["'5 GB' is a decimal size", "'5 GiB'"]),
        ("p99(end of out) <= 24:00", "'p99(end of out) <='", ["'24:00' is not a clock time", '"00:00"']),
        ("p99(end of out) <= 4 h", "'p99(end of out) <='", ["'4 h' is not a clock time"]),
        ("p99(makespan) <= 1:30", "'p99(makespan) <='", ["'90 min'"]),
        ("share(done) >= 99 %", "'share('", ["completed, completed-with-warnings, rejected, aborted, not-started or lost"]),
        ("share(completed-with) >= 99 %", "'share('", ["completed-with-warnings"]),
        ("share(completed) >= 99", "'share(completed) >='", ["'99' has no unit", "'99 %'"]),
    ],
)
def test_says_how_far_it_understood_and_what_is_allowed_there(text: str, understood: str, parts: list[str]) -> None:
    found = message(text)
    assert found.startswith(f"{text!r}: understood {understood}, then ")
    assert all(part in found for part in parts), found


@pytest.mark.parametrize("text", ["", "P(", "p99(", "share(", "P(makespan <= 4) >= 95 %"])
def test_the_example_in_a_message_is_an_objective(text: str) -> None:
    examples = re.findall(r"'([^']+)'", message(text).split("for example ")[1])
    assert examples
    assert [parse_objective(example).text for example in examples] == examples


@pytest.mark.parametrize("value", [5, None, True, ["P(makespan <= 4 h) >= 95 %"], {"P": 1}])
def test_what_is_no_text_is_refused(value: object) -> None:
    assert message(value).startswith(f"{value!r} is no objective; write text such as 'P(")
