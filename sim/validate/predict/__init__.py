"""Predicts migrations of a table by simulating each, with the constants of the machine that measured them."""
