"""A verification for people: the page with its figures, and the lines of the terminal."""
