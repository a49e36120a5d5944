"""Points x replications, computed in parts and stored."""

import os

# Row groups are small, and Arrow's own allocator takes memory and gives it back again for each of them: with that of the system a run takes
# less processor time and 50 MB less. Arrow reads this when it is imported; worker processes inherit it.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
