"""Foothold's domain: records, features, the scorecard, reasons and the one path to a score."""
