"""From a training set to a card: fit, calibration, caps, the analyst's hand."""
