"""The guide beside the sample exports: what is what, and how to import each."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from textwrap import wrap
from typing import Final

from sample.exports.people import MAPPING
from sample.exports.written import Written

_HEAD: Final = """\
Sample exports for trying imports out: everything in them is invented.

Nobody in these files exists: not the founders, not the buyers or the people that parcels go to,
no telephone, address, shop, product, bank or remark. They are drawn from the sample portfolio of
`foothold sample` with the same seed, and written as shops, banks, programmes and lenders write
theirs, with the dirt that such files have. Text that a spreadsheet would take for a formula has
an apostrophe in front.

Seed        {seed}
Last day    {last_day}

Before importing, make a store and put the founders on file:

    foothold init
    foothold founder add {founders}
    foothold founder add --file {mapping}

Attendance sheets and loan ledgers name their people. Who is who is told once:

    foothold people map {mapping} --by "Operator One"

Each file can be shown first with --dry-run. A file that stands here in several encodings and
containers tells the same in each; importing it again stores nothing new. Where orders stand in
an early and a later list, their statuses have changed in between.
"""
_FLAGS: Final = {
    "programme": "--programme",
    "lender": "--lender",
    "year": "--year",
    "session_hours": "--session-hours",
}


def guide(written: Sequence[Written], *, folder: Path, seed: int, last_day: date) -> str:
    """The text of the guide."""
    founders = dict.fromkeys(one.founder for one in written if one.founder)
    head = _HEAD.format(seed=seed, last_day=last_day, founders=" ".join(founders), mapping=MAPPING)
    parts = groupby(written, key=lambda one: one.format_name)
    return "\n".join([head, *(_part(name.value, files, folder) for name, files in parts)])


def _part(name: str, files: Iterable[Written], folder: Path) -> str:
    lines = [name, "-" * len(name), ""]
    for one in files:
        lines += [str(one.path.relative_to(folder))]
        lines += wrap(one.about, 96, initial_indent="    ", subsequent_indent="    ")
        if one.follows:
            lines.append(f"    Import {one.follows} before it.")
        lines += [f"    {command(one, folder)}", ""]
    return "\n".join(lines)


def command(one: Written, folder: Path) -> str:
    """How to import a file, from inside the folder."""
    words = ["foothold", "import", str(one.path.relative_to(folder))]
    if one.founder:
        words += ["--founder", one.founder]
    for name, flag in _FLAGS.items():
        if one.options.get(name) is not None:
            words += [flag, str(one.options[name])]
    password = one.options.get("password")
    if password is None:
        return shlex.join(words)
    return f"FILE_PASSWORD={password} {shlex.join([*words, '--password-env', 'FILE_PASSWORD'])}"
