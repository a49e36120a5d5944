"""One replication for people: what its consoles show, and what it leaves in writing."""
