"""How a candidate is judged: validation, sensitivity, the report."""
