"""Tables of measured migrations: their inputs read, their outcomes read apart, predictions written."""
