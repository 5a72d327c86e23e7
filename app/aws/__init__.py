"""The service on AWS Lambda, with a module per function."""
