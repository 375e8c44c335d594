"""Decisions of people about records: corrections, disputes, suspects, waiting rows, withdrawals."""
