"""Statements of a bank account."""
