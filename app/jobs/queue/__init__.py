"""The queue of the jobs: its port, and adapters to the store and to SQS."""
