"""The section about what nobody has published."""
