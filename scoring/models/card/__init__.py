"""The card that is served: bins, log-odds, points, and how sure they are."""
