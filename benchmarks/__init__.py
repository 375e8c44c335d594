"""Benchmarks: ours against a stated baseline, as ratios of one run."""
