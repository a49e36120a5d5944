"""Tables, statistics, summary."""
