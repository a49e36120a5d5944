"""The section that answers: verdicts, why, and what to try."""
