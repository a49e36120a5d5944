"""Commands that operators type, executed in the world of a replication."""
