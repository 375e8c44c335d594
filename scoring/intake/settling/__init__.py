"""Settled: what a file repeats, changes and gives back beside what is on file."""
