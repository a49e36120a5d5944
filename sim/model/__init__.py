"""Pure formulas: NumPy in and out, no SimPy, no files."""
