"""What operators type: the formats of the commands, how they are read, and what a migration forbids."""
