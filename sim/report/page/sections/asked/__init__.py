"""The section that shows what was asked."""
