"""Matched: whose each row is, and what it refers to; rows of nobody known wait."""
