"""The section about what operators see."""
