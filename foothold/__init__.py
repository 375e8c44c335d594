"""The face of Foothold: one command over records, training and serving."""
