# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""A row of the table, and what keeps rows apart: one that cannot be measured says why, the others go on."""
import dataclasses

QUICK = False  # once around, to see that it works; run.py sets it


@dataclasses.dataclass
class Result:
    name: str
    value: float            # what the budget is about; None: it could not be measured, `how` says why
    baseline: float         # the same without Lambent, or a peer's, or None
    how: str
    interval: tuple = None  # what the value may as well be, as `how` says


def reason(error):
    """Why a row is not there, for people: some errors speak for themselves, of others the type says more."""
    return str(error) if isinstance(error, (RuntimeError, OSError)) else repr(error)


def each(rows):
    """A Result of each name -> function to (value, baseline, how): each stands alone."""
    for name, measure in rows.items():
        try:
            result = Result(name, *measure())
        except Exception as error:  # pylint: disable=broad-except
            result = Result(name, None, None, reason(error))
        yield result
