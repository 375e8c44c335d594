"""Where challengers are kept: joblib files, whose digests stand in the audit chain.

A joblib file runs what is in it when it is read, so its digest is compared first.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib
from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.errors import IntegrityError, ModelError, NotFoundError
from scoring.base.settings import DeploymentProfile
from scoring.features import all_features
from scoring.models.card.points import PointsScale
from scoring.store.audit import append_event, verify_event
from scoring.store.ledger import Ledger
from scoring.store.tables import AuditEvent
from training.challengers.challenger import Challenger, Learner
from training.lineage import feature_set_digest

_ACTION = "challenger.trained"
_LIBRARIES = ("numpy", "pandas", "scikit-learn")


@dataclass(frozen=True)
class KeptChallenger:
    """A challenger with what its values need.

    Attributes:
        challenger: fitted.
        currency: of all amounts.
        deployment_profile: for which it was trained.
        blocks_off: blocks (kinds of records) that it does without.
        constants: to what ratios are shrunk.
        scale: of points.
    """

    challenger: Challenger
    currency: str
    deployment_profile: DeploymentProfile
    blocks_off: tuple[str, ...]
    constants: Mapping[str, float]
    scale: PointsScale = PointsScale()


def keep(
    ledger: Ledger, data_dir: Path, kept: KeptChallenger, *, figures: Mapping[str, Any], by: str
) -> str:
    """Write a challenger's file and note its digest; return its reference.

    Args:
        ledger: the open transaction.
        data_dir: of the installation.
        kept: the challenger.
        figures: of its validation, plain data.
        by: who trained it.
    """
    buffer = io.BytesIO()
    joblib.dump(kept, buffer)
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    reference = f"C-{digest[:12]}"
    _write(_path(data_dir, reference), content)
    learner = kept.challenger.learner
    append_event(
        ledger,
        actor=by,
        action=_ACTION,
        details={
            "challenger": reference,
            "digest": digest,
            "learner": learner.value,
            "figures": dict(figures),
            "packages": _versions(learner),
            "feature_set_digest": feature_set_digest(kept.challenger.columns),
        },
    )
    return reference


def list_challengers(session: Session) -> list[dict[str, Any]]:
    """All challengers as noted when they were trained, newest first."""
    return [
        {**noted, "trained_by": event.actor, "trained_at": event.at.isoformat()}
        for event, noted in _trainings(session)
    ]


def load_challenger(session: Session, data_dir: Path, reference: str) -> KeptChallenger:
    """Read a challenger's file after comparing its digest with the audit chain's.

    Raises:
        NotFoundError: none was trained under this reference, or its file is gone.
        IntegrityError: its file, or what the audit chain notes of it, was changed.
        InputError: the learner's package is not installed any more.
        ModelError: it was trained with other versions of the libraries, of Python or of features.
    """
    found = next((e for e in _trainings(session) if e[1]["challenger"] == reference), None)
    if found is None:
        raise NotFoundError(
            f'There is no challenger "{reference}". `foothold challengers list` shows them.'
        )
    event, noted = found
    verify_event(event)
    path = _path(data_dir, reference)
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise NotFoundError(
            f"{path} is gone. Train it again: `foothold challengers train`."
        ) from error
    if hashlib.sha256(content).hexdigest() != noted["digest"]:
        raise IntegrityError(f"{path} does not match the audit chain's digest; it was not read.")
    learner = Learner(noted["learner"])
    learner.require()
    changed = [
        f"{name} {noted['packages'].get(name, 'unknown')} (here {here})"
        for name, here in _versions(learner).items()
        if noted["packages"].get(name) != here
    ]
    if changed:
        raise ModelError(
            f"{reference} was trained with {', '.join(changed)}. "
            "Train it again: `foothold challengers train`."
        )
    kept: KeptChallenger = joblib.load(io.BytesIO(content))
    columns = kept.challenger.columns
    known = columns if set(columns) <= set(all_features()) else ()
    if noted["feature_set_digest"] != feature_set_digest(known):
        raise ModelError(
            f"{reference} was trained on features that are defined otherwise now. "
            "Train it again: `foothold challengers train`."
        )
    return kept


def _trainings(session: Session) -> Iterator[tuple[AuditEvent, dict[str, Any]]]:
    """Events of training with what they note, newest first."""
    events = session.scalars(
        select(AuditEvent).where(AuditEvent.action == _ACTION).order_by(AuditEvent.sequence.desc())
    )
    return ((event, json.loads(event.details)) for event in events)


def _versions(learner: Learner) -> dict[str, str]:
    """What a file can be read with: other versions may read it otherwise."""
    names = (*_LIBRARIES, learner.distribution)
    return {"python": platform.python_version()} | {name: version(name) for name in names}


def _path(data_dir: Path, reference: str) -> Path:
    return data_dir / "challengers" / f"{reference}.joblib"


def _write(path: Path, content: bytes) -> None:
    """Write the whole file or nothing; only the installation's user may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
