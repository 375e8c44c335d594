"""Attendance as programmes keep it: a column per session, or a row per person and session."""
