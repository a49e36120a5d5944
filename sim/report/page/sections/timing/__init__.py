"""The section about time: makespans, and two replications in full."""
