"""The section about how far the results can be trusted."""
