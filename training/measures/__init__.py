"""How a model is measured: figures with intervals, folds."""
