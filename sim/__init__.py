"""Discrete-event simulator of VM migrations between Server Units under VM2000."""
