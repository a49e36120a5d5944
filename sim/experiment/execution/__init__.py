"""An experiment cut into parts, and who computes them: this process, processes of this machine, a cluster."""
