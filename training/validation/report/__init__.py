"""The report on a candidate: one HTML file that needs nothing else."""

import os

from training.validation.report.html import ReportContent, write_report

__all__ = ["ReportContent", "write_report"]

# A report runs so little of shap's kernels that compiling them takes a hundred times as long; shap
# is loaded where it is used, after this.
os.environ.setdefault("NUMBA_DISABLE_JIT", "1")
