"""The writers of the page oracles against what their names promise."""

from __future__ import annotations

import math

import numpy as np
from page_writers import Among, Sequential, Uniform, Zipf
from scipy.stats import chisquare, norm

Z = float(norm.isf(0.5e-4))  # two-sided 99.99 %


def test_uniform_writes_are_poisson_and_hit_all_pages_alike() -> None:
    """Mean and variance of the number are rate x time; pages by chi-squared. Mutant: a fixed number of writes (variance 0)."""
    writer = Uniform(10, 50, 40.0, np.random.default_rng(1))
    intervals = [writer.write(0.5) for _ in range(4000)]
    numbers = np.array([len(written) for written in intervals], dtype=float)
    assert abs(numbers.mean() - 20.0) <= Z * math.sqrt(20.0 / 4000)
    assert abs(numbers.var(ddof=1) / 20.0 - 1.0) <= Z * math.sqrt((2.0 + 1.0 / 20.0) / 4000)
    pages = np.concatenate(intervals)
    assert (pages.min(), pages.max()) == (10, 59)
    assert chisquare(np.bincount(pages - 10)).pvalue > 1e-4


def test_sequential_writer_goes_on_where_it_was() -> None:
    """Ten pages a second through 7 pages from page 100: whole pages, in order, round the end; mutant: from the start each time."""
    writer = Sequential(100, 7, 10.0)
    assert writer.write(0.35).tolist() == [100, 101, 102]
    assert writer.write(0.35).tolist() == [103, 104, 105, 106]
    assert writer.write(0.2).tolist() == [100, 101]
    assert writer.write(0.05).tolist() == []
    assert writer.write(0.05).tolist() == [102]


def test_zipf_writer_follows_its_ranks() -> None:
    """Rank k gets a share k^-theta / sum: chi-squared over all ranks. Mutants: theta of another sign, ranks from 0."""
    pages, theta = 30, 0.9
    writer = Zipf(5, pages, 1000.0, theta, np.random.default_rng(2))
    written = np.bincount(writer.write(100.0) - 5, minlength=pages)[writer.page_of_rank]
    share = np.arange(1, pages + 1) ** -theta
    assert chisquare(written, share / share.sum() * written.sum()).pvalue > 1e-4


def test_ranks_of_a_zipf_writer_lie_scattered() -> None:
    """Ranks and addresses are uncorrelated: |r| < Z / sqrt(n). Mutant: rank = address (r = 1)."""
    writer = Zipf(0, 2000, 1.0, 1.0, np.random.default_rng(3))
    assert sorted(writer.page_of_rank.tolist()) == list(range(2000))
    correlation = float(np.corrcoef(np.arange(2000), writer.page_of_rank)[0, 1])
    assert abs(correlation) <= Z / math.sqrt(2000)


def test_writes_among_scattered_pages_stay_there() -> None:
    """Three pages get a third of 40 x 100 writes each; no other page gets any."""
    written = Among(np.array([3, 70, 8]), 40.0, np.random.default_rng(4)).write(100.0)
    pages, numbers = np.unique(written, return_counts=True)
    assert pages.tolist() == [3, 8, 70]
    assert abs(numbers.sum() - 4000.0) <= Z * math.sqrt(4000.0)
    assert chisquare(numbers).pvalue > 1e-4
