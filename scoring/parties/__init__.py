"""Who takes part: founders, lenders, keys, names in files, consents, policies."""
