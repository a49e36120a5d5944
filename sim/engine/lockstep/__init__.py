"""Blocks of replications walked through the same protocol as arrays, for the timings; no messages."""
