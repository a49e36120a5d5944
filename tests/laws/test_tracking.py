"""The cost of tracking: the activity that is left when every newly dirtied page costs the guest a fault."""

from __future__ import annotations

import mpmath
