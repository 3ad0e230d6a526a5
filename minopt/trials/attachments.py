"""The attachments of one trial, as a mapping from name to value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from minopt._warn import warn
from minopt.exceptions import StoreError
from minopt.trials.told import told

QUEUED_OBJECTIVE = (
    "FMinIter_Domain"  # as hyperopt calls the pickle that a search leaves for workers
)


def attach(names: Any, attachments: Mapping[Any, Any], who: str) -> None:
    """Keep the attachments of a result; one that cannot be kept does not cost it its loss."""
    for name, value in attachments.items():
        try:
            names[name] = value
        except StoreError:
            raise
        except Exception as wrong:  # noqa: BLE001 - pickling runs the code of users' objects
            warn(
                f"{who}the attachment {name!r} cannot be kept and is left out: {told(wrong)}",
                RuntimeWarning,
            )


class TrialAttachments(MutableMapping[str, Any]):
    """A window on the attachments of a store through which one trial's are seen.

    Parameters
    ----------
    trials : Trials
        Whose ``attachments`` are read and written, under the keys that ``aname`` makes.
    trial : dict
        The trial's document.
    """

    def __init__(self, trials: Any, trial: Any) -> None:
        self._trials = trials
        self._trial = trial

    def _key(self, name: str) -> str:
        return str(self._trials.aname(self._trial, name))

    def __contains__(self, name: object) -> bool:
        return self._key(str(name)) in self._trials.attachments

    def __getitem__(self, name: str) -> Any:
        try:
            return self._trials.attachments[self._key(name)]
        except KeyError:
            raise KeyError(
                f"trial {self._trial['tid']!r} has no attachment {name!r} (it has: {list(self)})"
            ) from None

    def __setitem__(self, name: str, value: Any) -> None:
        self._trials.attachments[self._key(name)] = value

    def __delitem__(self, name: str) -> None:
        if name not in self:
            self[name]
        del self._trials.attachments[self._key(name)]

    def __iter__(self) -> Iterator[str]:
        prefix = self._key("")
        keys = list(self._trials.attachments)  # a copy: others may attach meanwhile
        return iter([key[len(prefix) :] for key in keys if str(key).startswith(prefix)])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<attachments of trial {self._trial['tid']!r}: {list(self)}>"
