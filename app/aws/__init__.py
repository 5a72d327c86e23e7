"""The service on AWS Lambda: one module for each function."""
