"""Scripts and styles of the documentation pages."""
