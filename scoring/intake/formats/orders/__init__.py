"""Order lists, claims and settlements of marketplaces and web shops."""
