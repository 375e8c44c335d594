"""The report on a candidate: one HTML file that needs nothing else."""

from training.report.html import ReportContent, write_report

__all__ = ["ReportContent", "write_report"]
