"""A result folder: what is written into it, how, and how it is read again."""
