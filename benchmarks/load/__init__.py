"""A load test of the service: clients with mixed requests, and the latency of /health beside them."""
