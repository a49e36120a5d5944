"""The section about how long guests stand still."""
