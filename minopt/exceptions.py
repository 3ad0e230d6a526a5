"""What minopt raises when it is used wrongly, as one family.

::

    MinoptError
    ├── BadSearchSpace                  a space that cannot be searched
    │   ├── DuplicateLabel              one label, two parameters
    │   ├── InvalidLabel       (TypeError)   a label that is not a non-empty string
    │   └── InvalidDistribution (ValueError) bounds, widths, steps or weights that make no law
    │       └── InvalidDistributionType (TypeError)  … of the wrong kind, too few or too many
    ├── InvalidArgument        (ValueError)  an argument of `fmin`, an algorithm or a store
    │   ├── InvalidArgumentType (TypeError)  … of the wrong kind altogether
    │   ├── MissingValue   (AssertionError)  a graph needs a parameter that has no value
    │   └── UntrustedPickle (UnpicklingError)  a pickle that could run code when it is read
    ├── InvalidTrial           (ValueError)  a document that is no trial; has ``.obj``
    ├── InvalidResultStatus    (ValueError)  the objective returned no known status; ``.result``
    ├── InvalidLoss            (ValueError)  the objective returned no usable loss; ``.result``
    ├── InvalidAnnotatedParameter (ValueError)  ``space="annotated"`` without spaces; ``.result``
    ├── UnstorableValue        (TypeError)   a value that JSON cannot hold; ``.path``, ``.value``
    ├── StoreError             (OSError)     a durable store of trials that cannot be used
    │   ├── DamagedStore                what it holds is not, or no longer, a store of trials
    │   │   └── DamagedFile (InvalidArgument)  … a file that was given as an argument
    │   ├── FileInUse  (InvalidArgument)  a file that another search holds
    │   └── StoreTooNew                 written by a later version
    ├── TrialError             (RuntimeError) a trial raised, in another process
    └── AllTrialsFailed                 a search that has no best trial
        └── NoUsableLoss (ValueError)   no average best error either

Every class keeps the builtin base class and the attributes that it has in
hyperopt, so that existing ``except`` clauses go on working.
"""

from __future__ import annotations

import pickle
from typing import Any

__all__ = [
    "AllTrialsFailed",
    "BadSearchSpace",
    "DamagedFile",
    "DamagedStore",
    "DuplicateLabel",
    "FileInUse",
    "InvalidAnnotatedParameter",
    "InvalidArgument",
    "InvalidArgumentType",
    "InvalidDistribution",
    "InvalidDistributionType",
    "InvalidLabel",
    "InvalidLoss",
    "InvalidResultStatus",
    "InvalidTrial",
    "MinoptError",
    "MissingValue",
    "NoUsableLoss",
    "StoreError",
    "StoreTooNew",
    "TrialError",
    "UnstorableValue",
    "UntrustedPickle",
]


class MinoptError(Exception):
    """The root of the family: ``except MinoptError`` catches every wrong use."""


class BadSearchSpace(MinoptError):
    """The description of the search space is wrong."""


class DuplicateLabel(BadSearchSpace):
    """Two different parameters of one space carry the same label."""


class InvalidLabel(BadSearchSpace, TypeError):
    """A parameter's label is not a non-empty string."""


class InvalidDistribution(BadSearchSpace, ValueError):
    """The numbers given to a parameter do not make a distribution."""


class InvalidDistributionType(InvalidDistribution, TypeError):
    """A parameter is given things of the wrong kind, too few or too many of them."""


class InvalidArgument(MinoptError, ValueError):
    """An argument has a value that cannot work."""


class InvalidArgumentType(InvalidArgument, TypeError):
    """An argument is of a kind that cannot work."""


class MissingValue(InvalidArgument, AssertionError):
    """A graph is evaluated, and a parameter that it needs has no value."""


class UntrustedPickle(InvalidArgument, pickle.UnpicklingError):
    """A pickle names something that could run code, and nobody said that it can be trusted."""


class InvalidTrial(MinoptError, ValueError):
    """An object used as a trial document is none.

    Attributes
    ----------
    obj : object
        The offending document, or the part of it that is wrong.
    """

    def __init__(self, msg: str, obj: object) -> None:
        super().__init__(msg, obj)
        self.obj = obj

    def __str__(self) -> str:
        return f"{self.args[0]} {self.args[1]}"


class _RefusedResult(MinoptError, ValueError):
    """Common part of the errors that carry what the objective returned."""

    def __init__(self, result: Any, message: str | None = None) -> None:
        super().__init__(result, message)
        self.result = result

    def __str__(self) -> str:
        return self.args[1] or f"the objective returned {self.result!r}"


class InvalidResultStatus(_RefusedResult):
    """The objective's ``status`` is missing or is not one of `STATUS_STRINGS`."""


class InvalidLoss(_RefusedResult):
    """The objective's ``loss`` is missing or is not a number."""


class InvalidAnnotatedParameter(_RefusedResult):
    """``space="annotated"``, and an argument of the objective is not annotated with a space."""

    def __str__(self) -> str:
        return str(self.args[1] or self.args[0])


class UnstorableValue(MinoptError, TypeError):
    """A value cannot be written as JSON.

    Attributes
    ----------
    path : str
        Where it stands, such as ``result.model``.
    value : object
        The value.
    """

    def __init__(self, message: str, path: str = "", value: Any = None) -> None:
        super().__init__(message, path, value)
        self.path = path
        self.value = value

    def __str__(self) -> str:
        return str(self.args[0])


class StoreError(MinoptError, OSError):
    """A durable store of trials cannot be used: it says which one, why, and what to do."""


class DamagedStore(StoreError):
    """What is found in a store is not, or no longer, what was written there."""


class DamagedFile(DamagedStore, InvalidArgument):
    """A file holds no trials, or does no longer; it is left as it is."""


class FileInUse(StoreError, InvalidArgument):
    """Another search holds the file: it says which process."""


class StoreTooNew(StoreError):
    """The store was written by a later version of minopt."""


class TrialError(MinoptError, RuntimeError):
    """What a trial raised in another process, where the exception itself could not be brought."""


class AllTrialsFailed(MinoptError):
    """No trial finished with status ``ok`` and a usable loss, so there is no best one."""


class NoUsableLoss(AllTrialsFailed, ValueError):
    """`Trials.average_best_error` was asked of trials none of which has a usable loss."""
