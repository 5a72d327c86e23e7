"""Jobs, which are trainings that outlive a request: their records, files and queue."""
