"""Challengers: other ways of learning, trained on the same loans and judged beside the champion.

They are compared, and explain a founder's file with the same reason codes; they are never promoted.
"""
