"""Scoring everybody who consents: one by one into the store, or all at once into a file."""

from scoring.portfolio.one_by_one import PortfolioSummary, score_portfolio

__all__ = ["PortfolioSummary", "score_portfolio"]
