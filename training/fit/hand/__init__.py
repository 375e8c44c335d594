"""The analyst's hand: what a person sets in a card, in a file with author and reason."""
