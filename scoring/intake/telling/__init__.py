"""Told: receipts, previews, and the question about a file of somebody else."""
