"""The cold start of the Lambda function, beside its largest imports alone and an empty handler."""
