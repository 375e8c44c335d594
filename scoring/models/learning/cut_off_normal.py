"""A normal cut off at 0: what is believed of a coefficient that lies at its bound."""

import numpy as np
from scipy.special import erfcx

from scoring.models.card.binning import Floats


def cut_off_normal(gradient: Floats, curvature: Floats) -> tuple[Floats, Floats]:
    """Return mean and variance of density exp(-g x - h x^2 / 2) on x >= 0.

    Args:
        gradient: g, 0 or more.
        curvature: h, positive.
    """
    root = np.sqrt(curvature)
    t = gradient / root
    hazard = np.sqrt(2.0 / np.pi) / erfcx(t / np.sqrt(2.0))
    far = t > 30.0
    safe = np.where(far, t, 1.0)
    mean = np.where(far, 1.0 / safe - 2.0 / safe**3, hazard - t)
    variance = np.where(far, 1.0 / safe**2 - 6.0 / safe**4, 1.0 + t * hazard - hazard**2)
    return mean / root, np.maximum(variance, 0.0) / curvature
