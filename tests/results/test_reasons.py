"""Every reason has its words, and nothing else has."""

from __future__ import annotations

from sim.columns import REASONS
from sim.results.reasons import WORDS


def test_every_reason_has_words_of_its_own_in_the_order_of_the_list() -> None:
    assert tuple(WORDS) == REASONS
    assert len(set(WORDS.values())) == len(REASONS)


def test_words_end_a_sentence_and_do_not_repeat_the_reason() -> None:
    assert [reason for reason, words in WORDS.items() if reason in words or words != words.strip(" .")] == []
