"""Loan ledgers by instalment and by transaction."""
