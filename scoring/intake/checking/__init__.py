"""Checked: every cell of a file, once, and kept for what comes after."""
