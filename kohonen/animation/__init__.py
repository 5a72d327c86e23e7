"""Animations of a training: captured frames, and their encoding as GIF, APNG and WebP."""
