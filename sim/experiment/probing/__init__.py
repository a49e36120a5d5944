"""Small simulations beside a run: replications repeated, assumed numbers varied, other loads and other networks."""
