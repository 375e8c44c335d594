"""The report on a candidate: one HTML file that needs nothing else."""
