"""Lending on a score: loans kept here, decisions, affordability, the figures of a book."""
