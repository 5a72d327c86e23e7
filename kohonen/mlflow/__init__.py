"""MLflow: trainings logged as runs, and maps as models."""
