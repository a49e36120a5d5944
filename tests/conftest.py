"""Settings of all tests."""

from __future__ import annotations

from hypothesis import settings

# Machines are shared: no deadline on an example. The same examples in every run: a red main is the change's fault.
settings.register_profile("migr", deadline=None, derandomize=True)
settings.load_profile("migr")
