"""Sets predictions of this program and of its rivals beside what was measured."""
