"""The section that sets variants or runs side by side."""
