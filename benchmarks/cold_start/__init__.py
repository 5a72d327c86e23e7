"""How long the Lambda function takes to start, beside what nobody could start without."""
