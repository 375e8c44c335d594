"""Attendance in the invented programmes: who came, who was late, who handed in."""

from typing import Final

import numpy as np
import pandas as pd

from sample.simulate.people import Floats, People, programme_start

SESSIONS: Final = 34
"""Two sessions a week for seventeen weeks."""
_HOURS: Final = {"class": 3.0, "mentoring": 1.0, "assignment": 2.0, "pitch": 3.0}


def attend(rng: np.random.Generator, people: People) -> pd.DataFrame:
    """Return one row per founder and session held by day 0, in the plain form of attendance.

    Beside the plain columns stand `who`, the founder's number, and `held_on` as a whole day.
    Commitment moves the chance to come by 1.0 in log-odds per standard deviation. Excused
    sessions are drawn alike for everybody: being ill says nothing about repaying.
    """
    joined = np.flatnonzero(people.programme >= 0)
    who = np.repeat(joined, SESSIONS)
    number = np.tile(np.arange(SESSIONS), joined.size)
    held_on = programme_start(people.programme[who]) + 7 * (number // 2) + 2 * (number % 2)
    kind = _kinds()[number]

    keenness = 1.9 + 1.0 * people.commitment + 0.5 * rng.standard_normal(len(people))
    comes = rng.random(who.size) < _sigmoid(keenness[who] - 0.012 * number)
    excused = rng.random(who.size) < 0.04
    late = rng.random(who.size) < 0.08
    status = np.select([excused, ~comes, late], ["excused", "absent", "late"], default="present")

    diligence = 1.1 + 0.9 * people.commitment + 0.5 * rng.standard_normal(len(people))
    on_time = rng.random(who.size) < _sigmoid(diligence[who])
    handed_late = rng.random(who.size) < 0.55
    handed = np.select([on_time, handed_late], ["on_time", "late"], default="missing")
    set_work = (kind == "assignment") & ~excused

    programme = np.array([f"P-{p + 1:02d}" for p in range(people.programme.max(initial=0) + 1)])
    session = np.array([f"S-{n + 1:02d}" for n in range(SESSIONS)])
    rows = pd.DataFrame(
        {
            "who": who,
            "founder": people.reference[who],
            "programme": programme[people.programme[who]],
            "session": session[number],
            "held_on": held_on,
            "hours": pd.Series(kind).map(_HOURS),
            "session_kind": kind,
            "status": status,
            "minutes_late": pd.Series(rng.integers(5, 41, who.size), dtype="Int64").where(
                status == "late"
            ),
            "assignment": pd.Series(handed, dtype="object").where(set_work),
        }
    )
    return rows[rows["held_on"] <= 0].reset_index(drop=True)


def _kinds() -> "np.ndarray[tuple[int], np.dtype[np.str_]]":
    kinds = np.full(SESSIONS, "class", dtype="<U10")
    kinds[3::4] = "assignment"
    kinds[6::8] = "mentoring"
    kinds[-1] = "pitch"
    return kinds


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)), dtype=np.float64)
