"""The section about networks and monitor systems."""
