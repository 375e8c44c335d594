"""Notices to lenders: scores that they were given rested on records that were wrong."""
