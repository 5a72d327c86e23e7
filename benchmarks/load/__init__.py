"""What the service bears: clients that mix what can be asked, and how long /health takes meanwhile."""
