"""The service: an HTTP API on the library, with storage and background jobs."""
