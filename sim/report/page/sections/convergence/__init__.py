"""The section about who converges and who does not."""
