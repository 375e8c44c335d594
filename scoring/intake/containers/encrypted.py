"""Workbooks with a password, as marketplaces insist on one; opened in memory alone."""

from __future__ import annotations

import io

import msoffcrypto  # type: ignore[import-untyped]
from msoffcrypto.exceptions import (  # type: ignore[import-untyped]
    DecryptionError,
    InvalidKeyError,
)

from scoring.base.errors import FileError
from scoring.intake.containers.limits import MOST_PASSWORD_ROUNDS
from scoring.intake.containers.refusing import SAVE_AGAIN

_UNOPENED = "can't be opened: its encryption is damaged or of an unknown kind"


def decrypt(name: str, content: bytes, password: str | None) -> bytes:
    """The workbook inside an encrypted one; nothing of it touches the disk.

    Raises:
        FileError: there is no password, it is wrong, or the encryption can't be read. The
            password is in no message, and in no cause of one.
    """
    if not password:
        raise FileError(
            name,
            "is protected with a password",
            remedy="Put the password in an environment variable and name it: "
            "`--password-env NAME`.",
        )
    plain = io.BytesIO()
    try:
        office = msoffcrypto.OfficeFile(io.BytesIO(content))
        rounds = getattr(office, "info", {}).get("spinValue", 0)
        if rounds > MOST_PASSWORD_ROUNDS:
            raise DecryptionError
        office.load_key(password=password, verify_password=True)
        office.decrypt(plain)
    except InvalidKeyError:
        raise FileError(
            name,
            "does not open with this password",
            remedy="Check the variable named by `--password-env`; the password is the one set "
            "when the file was downloaded.",
        ) from None
    except Exception:
        raise FileError(name, _UNOPENED, remedy=SAVE_AGAIN) from None
    return plain.getvalue()
