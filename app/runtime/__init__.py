"""The process of the service: its start, and the scheduling of its threads."""
