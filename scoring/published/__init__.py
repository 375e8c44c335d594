"""The scorecard as others read it: a table for people, and forms that score without Foothold."""
