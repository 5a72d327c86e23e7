"""The process that the service runs in: its start, and how threads share it."""
