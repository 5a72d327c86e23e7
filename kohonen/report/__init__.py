"""The HTML report about a trained map."""
