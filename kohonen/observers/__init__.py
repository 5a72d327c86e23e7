"""Observers of a training: progress, history, early stopping and time left."""
