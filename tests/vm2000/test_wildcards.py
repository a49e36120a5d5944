"""BS2000's wildcards in names."""

from __future__ import annotations

import pytest

from sim.vm2000.wildcards import matches


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("VM12PROD", "VM12PROD", True),
        ("VM12PROD", "VM12PROD1", False),
        ("VM*", "VM", True),
        ("VM*D", "VM12PROD", True),
        ("VM*D", "VM12TEST", False),
        ("VM//PROD", "VM12PROD", True),
        ("VM/PROD", "VM12PROD", False),
        ("VM<11:13>*", "VM12PROD", True),
        ("VM<13:15>*", "VM12PROD", False),
        ("<A:C>X", "BX", True),
        ("<A:C>X", "BBX", False),  # as long as the bounds
        ("VM<12,14>*", "VM14PROD", True),
        ("VM<12,14>*", "VM13PROD", False),
        ("-VM*", "BATCH1", True),
        ("-VM*", "VM12PROD", False),
        ("A$B*", "A$B1", True),  # signs of names that are none of regular expressions
        ("A$B*", "AB1", False),
    ],
)
def test_names_with_wildcards(pattern: str, name: str, fits: bool) -> None:
    assert matches(pattern, name) is fits
