"""HTTP for all routes: middleware, error handlers and parts of answers."""
