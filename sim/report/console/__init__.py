"""The operator console: one replication in scaled real time or from a file of commands, as its consoles show it."""
