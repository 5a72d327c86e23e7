"""Inputs of a training: arrays, colours and tables, converted to samples."""
