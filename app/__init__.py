"""The service: HTTP in front of the library, storage behind it."""
