"""Stored: new records appended, changed ones superseded, waiting rows released."""
