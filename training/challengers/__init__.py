"""Challengers: other ways of learning, trained on the same loans and judged beside the scorecard.

The scorecard is fitted anew to those loans and calibrated, without anchor and the analyst's hand;
it is not the champion. Challengers are compared, and explain a founder's file with the same reason
codes; they are never promoted.
"""
