"""The section about what went wrong."""
