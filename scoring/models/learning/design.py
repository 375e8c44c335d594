"""The fit's view of the data: each row as one state per feature, and step functions over states.

A row is in exactly one state of each feature: one of its bins, or missing. Sums over rows are
therefore histograms over states, whatever the number of bins, and the design matrix is never
written out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.models.card.binning import Floats
from scoring.models.learning.coding import Codes

KEPT_PAIRS = 8_000_000
"""Most places in joint tables to keep between Newton steps; beyond, they are computed again."""

ROWS_AT_ONCE = 8_192


@dataclass(frozen=True)
class Block:
    """One feature's part of the states and of the coefficients.

    Attributes:
        states: its bins, then missing.
        coefficients: what its basis has columns for: its steps or one slope, then missing.
        basis: shape (states, coefficients); mean 0 over the background.
    """

    states: slice
    coefficients: slice
    basis: Floats


class Design:
    """Rows as states, with the maps between coefficients, states and rows.

    The last state and the last coefficient are the intercept's.
    """

    def __init__(
        self,
        codes: Codes,
        cuts: Sequence[Floats],
        signs: Sequence[int],
        shares: Sequence[Floats],
        offset: Floats | None = None,
    ) -> None:
        """Lay out states and coefficients.

        Args:
            codes: shape (features, rows): each row's bin, len(cuts) + 1 where missing.
            cuts: one array of cut points per feature.
            signs: +1 or -1 per feature; turns the steps so that up is riskier.
            shares: per feature, background share of each bin and of missing; each sums to 1.
            offset: shape (rows,): log-odds that are given and not learned; None for none.
        """
        self.cuts = tuple(cuts)
        self.shares = tuple(shares)
        self.offset = offset
        self._lay_out(
            [
                _basis(cut.size, sign, share)
                for cut, sign, share in zip(cuts, signs, shares, strict=True)
            ]
        )
        starts = np.array([block.states.start for block in self.blocks], dtype=np.uint16)
        self.codes: Codes = np.vstack([codes, np.zeros(codes.shape[1], dtype=np.uint16)])
        self.codes += starts[:, None]
        self._kept_pairs: dict[int, NDArray[np.intp]] = {}

    def _lay_out(self, bases: Sequence[Floats]) -> None:
        blocks: list[Block] = []
        state = coefficient = 0
        for basis in bases:
            blocks.append(
                Block(
                    slice(state, state + basis.shape[0]),
                    slice(coefficient, coefficient + basis.shape[1]),
                    basis,
                )
            )
            state += basis.shape[0]
            coefficient += basis.shape[1]
        self.intercept = coefficient
        blocks.append(
            Block(slice(state, state + 1), slice(coefficient, coefficient + 1), np.ones((1, 1)))
        )
        self.blocks = tuple(blocks)
        self.n_states = state + 1
        self.n_coefficients = coefficient + 1

    @property
    def n_rows(self) -> int:
        """How many rows."""
        return int(self.codes.shape[1])

    def rows(self, which: NDArray[np.intp]) -> "Design":
        """Return the same design for a part of the rows."""
        part = object.__new__(Design)
        part.__dict__.update(self.__dict__)
        part.codes = self.codes[:, which]
        part.offset = None if self.offset is None else self.offset[which]
        part._kept_pairs = {}
        return part

    def on_bases(self, bases: Sequence[Floats]) -> "Design":
        """Return the same rows with other functions of the states; cuts stay those of the states.

        Args:
            bases: per feature, shape (its states, its coefficients), that of missing last.
        """
        other = object.__new__(Design)
        other.__dict__.update(self.__dict__)
        other._lay_out(bases)
        return other

    def matrix(self) -> Floats:
        """Return the design written out, shape (rows, coefficients); for few rows."""
        return np.hstack(
            [
                block.basis[code - block.states.start]
                for block, code in zip(self.blocks, self.codes, strict=True)
            ]
        )

    def state_values(self, coefficients: Floats) -> Floats:
        """Return the log-odds of each state, shape (states,)."""
        values = np.empty(self.n_states)
        for block in self.blocks:
            values[block.states] = block.basis @ coefficients[block.coefficients]
        return values

    def log_odds(self, coefficients: Floats) -> Floats:
        """Return the log-odds of each row, shape (rows,)."""
        values = self.state_values(coefficients)
        found = np.empty(self.n_rows)
        for part in self._parts():
            found[part] = values[self.codes[:, part]].sum(axis=0)
        return found if self.offset is None else found + self.offset

    def gradient(self, residuals: Floats) -> Floats:
        """Sum residuals over rows for each coefficient, shape (coefficients,)."""
        summed = np.zeros(self.n_states)
        for part in self._parts():
            summed += np.bincount(
                self.codes[:, part].ravel(),
                weights=np.tile(residuals[part], self.codes.shape[0]),
                minlength=self.n_states,
            )
        return np.concatenate([block.basis.T @ summed[block.states] for block in self.blocks])

    def gram(self, weights: Floats) -> Floats:
        """Return X' diag(weights) X, shape (coefficients, coefficients)."""
        half = np.zeros((self.n_coefficients, self.n_states))
        parts = [slice(None)] if self._keeps_pairs else self._parts()
        repeated = [np.tile(weights[part], self.codes.shape[0]) for part in parts]
        for j, block in enumerate(self.blocks):
            start = block.states.start
            half[block.coefficients, start:] = block.basis.T @ self._joint(j, parts, repeated)
        full = np.empty((self.n_coefficients, self.n_coefficients))
        for block in self.blocks:
            full[:, block.coefficients] = half[:, block.states] @ block.basis
        full += full.T
        for block in self.blocks:
            full[block.coefficients, block.coefficients] *= 0.5
        return full

    @property
    def _keeps_pairs(self) -> bool:
        return bool(self.codes.size * self.codes.shape[0] <= KEPT_PAIRS)

    def _joint(self, j: int, parts: Sequence[slice], repeated: Sequence[Floats]) -> Floats:
        """Sum weights over rows by state of feature j and of those not before it.

        Args:
            j: which feature.
            parts: runs of rows.
            repeated: per run, its rows' weights over and over, once for each feature.
        """
        height = self.blocks[j].states.stop - self.blocks[j].states.start
        width = self.n_states - self.blocks[j].states.start
        joint: Floats = np.zeros(height * width)
        for part, weights in zip(parts, repeated, strict=True):
            places = self._pairs(j, part)
            joint += np.bincount(places, weights=weights[: places.size], minlength=joint.size)
        return np.asarray(joint.reshape(height, width), dtype=np.float64)

    def _pairs(self, j: int, part: slice) -> NDArray[np.intp]:
        """Return each row's place in the joint table of feature j and those not before it."""
        if j in self._kept_pairs:
            return self._kept_pairs[j]
        start = self.blocks[j].states.start
        width = self.n_states - start
        codes: NDArray[np.intp] = self.codes[j:, part].astype(np.intp) - start
        placed: NDArray[np.intp] = (codes + codes[0] * width).ravel()
        if self._keeps_pairs:
            self._kept_pairs[j] = placed
        return placed

    def _parts(self) -> list[slice]:
        """Return runs of rows, few enough for what is made of them to stay in the cache."""
        rows = self.n_rows
        return [slice(at, at + ROWS_AT_ONCE) for at in range(0, rows, ROWS_AT_ONCE)]

    def variances(self, covariance: Floats) -> Floats:
        """Return the variance of each row's log-odds, shape (rows,).

        Args:
            covariance: of the coefficients, shape (coefficients, coefficients).
        """
        half = np.concatenate([b.basis @ covariance[b.coefficients] for b in self.blocks])
        over = np.concatenate([half[:, b.coefficients] @ b.basis.T for b in self.blocks], axis=1)
        total = np.zeros(self.n_rows)
        for j, code in enumerate(self.codes):
            total += over[code, code]
            total += 2.0 * over[code, self.codes[j + 1 :]].sum(axis=0)
        return total


def uniform_shares(cuts: Floats) -> Floats:
    """Return equal shares of all bins and none missing: an expert's reference."""
    shares = np.full(cuts.size + 2, 1.0 / (cuts.size + 1))
    shares[-1] = 0.0
    return shares


def _basis(steps: int, sign: int, shares: Floats) -> Floats:
    """Return one feature's basis, shape (steps + 2, steps + 1), with mean 0 over the background."""
    missing = float(shares[-1])
    observed = shares[:-1].sum()
    # Where nobody's value was seen, a missing one counts as an average of all bins.
    shares_seen = shares[:-1] / observed if observed > 0 else np.full(steps + 1, 1 / (steps + 1))
    above = np.tril(np.ones((steps + 1, steps)), -1)
    basis = np.zeros((steps + 2, steps + 1))
    basis[:-1, :-1] = sign * (above - shares_seen @ above)
    basis[:-1, -1] = -missing
    basis[-1, -1] = 1.0 - missing
    return basis
