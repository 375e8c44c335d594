"""How a card is learned: bins, prior, posterior, the average of members, compression.

`fitting.fit_card` is the way in; `MonotoneScorecard` is its only user.
"""
