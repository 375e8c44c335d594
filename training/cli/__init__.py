"""Commands for the analyst."""
