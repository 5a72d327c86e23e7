"""HTTP for every route: middleware, error handlers and parts of answers."""
