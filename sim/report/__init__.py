"""What people read: the summary and the traces as text."""
