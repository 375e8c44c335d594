"""What operators and lenders send: records, as files or JSON."""
