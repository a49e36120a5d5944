"""How well the predictions agree with what was measured: cases, rivals, scores."""
