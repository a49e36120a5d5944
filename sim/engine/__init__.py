"""SimPy processes that read like the protocol."""
