"""Delimited files such as CSV: dialects, encodings, rows in chunks, and what their cells are."""
