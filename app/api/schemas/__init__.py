"""Request bodies, queries and responses of the API."""
