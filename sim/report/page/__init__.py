"""The report of a run as one HTML file: `source` is what it is made of, `sections` say it, `assembly` writes it."""
