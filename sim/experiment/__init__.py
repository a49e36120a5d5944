"""Points x replications, computed in parts and stored."""
