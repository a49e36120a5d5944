"""The section about what was varied."""
