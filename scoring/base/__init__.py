"""What knows nothing of the domain: errors, days, canonical bytes, settings, lines of text."""
