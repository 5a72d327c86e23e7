"""Training that outlives a request: records, a queue port with two adapters, and the worker."""
