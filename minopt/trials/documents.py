"""Trial documents: their states, their shape, and the ways in and out of ``misc``."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from minopt.exceptions import InvalidArgument, InvalidTrial
from minopt.trials.values import PLAIN, SONify, copied, number, plain, usable_loss

__all__ = [
    "JOB_STATES",
    "JOB_STATE_CANCEL",
    "JOB_STATE_DONE",
    "JOB_STATE_ERROR",
    "JOB_STATE_NEW",
    "JOB_STATE_RUNNING",
    "JOB_VALID_STATES",
    "STATUS_FAIL",
    "STATUS_NEW",
    "STATUS_OK",
    "STATUS_RUNNING",
    "STATUS_STRINGS",
    "STATUS_SUSPENDED",
    "TRIAL_KEYS",
    "TRIAL_MISC_KEYS",
    "Document",
    "SONify",
    "all_documents",
    "check_document",
    "check_list",
    "copied",
    "error_text",
    "make_plain",
    "miscs_to_idxs_vals",
    "miscs_update_idxs_vals",
    "new_document",
    "number",
    "own_documents",
    "plain",
    "spec_from_misc",
    "state_name",
    "usable_loss",
]

Document: TypeAlias = dict[str, Any]

# What an objective says about its own result.
STATUS_NEW = "new"
STATUS_RUNNING = "running"
STATUS_SUSPENDED = "suspended"
STATUS_OK = "ok"
STATUS_FAIL = "fail"
STATUS_STRINGS = (STATUS_NEW, STATUS_RUNNING, STATUS_SUSPENDED, STATUS_OK, STATUS_FAIL)

# How far a trial has come.
JOB_STATE_NEW = 0
JOB_STATE_RUNNING = 1
JOB_STATE_DONE = 2
JOB_STATE_ERROR = 3
JOB_STATE_CANCEL = 4
JOB_STATES = [
    JOB_STATE_NEW,
    JOB_STATE_RUNNING,
    JOB_STATE_DONE,
    JOB_STATE_ERROR,
    JOB_STATE_CANCEL,
]
JOB_VALID_STATES = {JOB_STATE_NEW, JOB_STATE_RUNNING, JOB_STATE_DONE}
_STATE_NAMES = ("new", "running", "done", "error", "cancelled")

TRIAL_KEYS = [
    "tid",
    "spec",
    "result",
    "misc",
    "state",
    "owner",
    "book_time",
    "refresh_time",
    "exp_key",
]
TRIAL_MISC_KEYS = ["tid", "cmd", "idxs", "vals"]


def error_text(trial: Mapping[str, Any]) -> str | None:
    """Say the exception that a trial ended with: ``"ValueError: too big"``; None without one."""
    error = trial["misc"].get("error")
    if not error:
        return None
    kind, *message = error if isinstance(error, (list, tuple)) else (error,)
    name = str(kind).removeprefix("<class '").removesuffix("'>")
    return ": ".join([name, *map(str, message)])


def all_documents(trials: Any) -> list[Document]:
    """Return the documents of any Trials, also those that its ``trials`` does not show."""
    documents: list[Document] = getattr(trials, "_dynamic_trials", trials.trials)
    return documents


def own_documents(trials: Any) -> list[Document]:
    """Return `all_documents` but for those of other searches."""
    key = getattr(trials, "_exp_key", None)
    return [doc for doc in all_documents(trials) if key is None or doc["exp_key"] == key]


def state_name(state: Any) -> str:
    """Say a job state as a word: ``"done"`` for `JOB_STATE_DONE`."""
    return _STATE_NAMES[state] if state in JOB_STATES else repr(state)


def new_document(tid: Any, spec: Any, result: Any, misc: Any, exp_key: Any = None) -> Document:
    """Make the document of a trial that nobody has begun; the parts are kept, not copied."""
    return {
        "state": JOB_STATE_NEW,
        "tid": tid,
        "spec": spec,
        "result": result,
        "misc": misc,
        "exp_key": exp_key,
        "owner": None,
        "version": 0,
        "book_time": None,
        "refresh_time": None,
    }


def check_document(trial: Any) -> None:
    """Refuse what is no trial document.

    Raises
    ------
    InvalidTrial
        Naming the trial and the key that is missing or wrong.
    """
    if not (hasattr(trial, "keys") and hasattr(trial, "values")):
        raise InvalidTrial("a trial must be a dict with the keys of TRIAL_KEYS, got", trial)
    for key in TRIAL_KEYS:
        if key not in trial:
            raise InvalidTrial(f"{_who(trial)} lacks the key", key)
    misc = trial["misc"]
    if not hasattr(misc, "keys"):
        raise InvalidTrial(f"{_who(trial)}: its 'misc' must be a dict, got", misc)
    for key in TRIAL_MISC_KEYS:
        if key not in misc:
            raise InvalidTrial(f"{_who(trial)}: its 'misc' lacks the key", key)
    if not isinstance(trial["tid"], Hashable):
        raise InvalidTrial("a trial's 'tid' must be hashable, such as an int; got", trial["tid"])
    if isinstance(trial["tid"], float) and not math.isfinite(trial["tid"]):
        raise InvalidTrial(
            "a trial's 'tid' must be finite, as the next one is above it; got", trial["tid"]
        )
    if trial["tid"] != misc["tid"]:
        raise InvalidTrial(
            f"{_who(trial)}: its misc['tid'] is {misc['tid']!r}; both must be the same in", trial
        )
    if trial["state"] not in JOB_STATES:
        raise InvalidTrial(
            f"{_who(trial)}: its 'state' must be one of JOB_STATES {JOB_STATES}, got",
            trial["state"],
        )
    parts = (("'result'", trial["result"]), ("misc['idxs']", misc["idxs"]))
    for name, part in (*parts, ("misc['vals']", misc["vals"])):
        if not hasattr(part, "keys"):
            raise InvalidTrial(f"{_who(trial)}: its {name} must be a dict, got", part)


def _who(trial: Mapping[str, Any]) -> str:
    return f"trial {trial['tid']!r}" if "tid" in trial else "a trial"


def make_plain(trial: Document) -> None:
    """Turn numpy scalars in a document's ids, parameter values and loss into Python numbers.

    Its state becomes an int, also where it came by way of a table of floats.

    The document, its ``misc`` and its ``result`` stay the same objects; nothing is
    written where all is plain already.

    Raises
    ------
    InvalidTrial
        If the ids or values of a parameter are no list, nor anything like one.
    """
    if type(trial["state"]) is not int and trial["state"] in JOB_STATES:
        trial["state"] = int(trial["state"])
    for holder in (trial, trial["misc"]):
        _replace(holder, "tid")
    for name in ("idxs", "vals"):
        lists, seen = trial["misc"][name], None
        for label, held in lists.items():
            if held is seen:  # the ids of a trial are one list, as we make them
                continue
            if type(held) is list and len(held) == 1 and type(held[0]) in PLAIN:
                seen = held
                continue  # as good as always, so the quick way
            if not _is_plain(held):
                check_list(trial, name, label)
                lists[label] = [plain(value) for value in held]
    result = trial["result"]
    if isinstance(result, dict) and "loss" in result:
        _replace(result, "loss")


def _replace(holder: Any, key: str) -> None:
    value = plain(holder[key])
    if value is not holder[key]:
        holder[key] = value


def check_list(trial: Document, name: str, label: Any) -> None:
    """Refuse ids or values of a parameter that cannot be read one by one.

    A range is none: it may be of any length, and takes no room until it is read.

    Raises
    ------
    InvalidTrial
    """
    held = trial["misc"][name][label]
    if (
        isinstance(held, (str, bytes, bytearray, range, Mapping))
        or not isinstance(held, Iterable)
        or getattr(held, "ndim", 1) == 0
    ):
        raise InvalidTrial(f"{_who(trial)}: misc[{name!r}][{label!r}] must be a list, got", held)


def _is_plain(held: Any) -> bool:
    if type(held) is not list:
        return False
    return all(plain(value) is value for value in held)


def spec_from_misc(misc: Mapping[str, Any]) -> dict[str, Any]:
    """Return the active parameters of a trial by label.

    Raises
    ------
    NotImplementedError
        If a parameter has more than one value.

    Examples
    --------
    >>> spec_from_misc({"vals": {"x": [0.5], "idle": []}})
    {'x': 0.5}
    """
    spec = {}
    for label, held in misc["vals"].items():
        if len(held) > 1:
            raise NotImplementedError(
                f"trial {misc.get('tid')!r}: parameter {label!r} must have one value, got {held!r}"
            )
        if len(held):
            spec[label] = held[0]
    return spec


def miscs_to_idxs_vals(
    miscs: Sequence[Mapping[str, Any]], keys: Iterable[str] | None = None
) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """Gather the parameters of several trials by label.

    Parameters
    ----------
    miscs : sequence of dict
        The ``misc`` parts of trial documents.
    keys : iterable of str, optional
        Labels wanted; all that occur if None.

    Returns
    -------
    idxs, vals : dict of list
        For each label the ids of the trials in which it was active, and its values there.
        A trial that lacks a label altogether counts as one where it was not active.

    Raises
    ------
    InvalidArgument
        If there is no trial to take the labels from.
    """
    if keys is None:
        if len(miscs) == 0:
            raise InvalidArgument(
                "miscs_to_idxs_vals cannot infer keys from empty miscs; pass keys="
            )
        keys = dict.fromkeys(label for misc in miscs for label in misc["vals"])
    idxs: dict[str, list[Any]] = {label: [] for label in keys}
    vals: dict[str, list[Any]] = {label: [] for label in idxs}
    for misc in miscs:
        of_trial = misc["vals"]
        for label in idxs:
            held = of_trial.get(label, ())
            # the ids come from the trial, not from its idxs: those say the same, or are stale
            # in a document that a user renumbered
            idxs[label].extend([misc["tid"]] * len(held))
            vals[label].extend(held)
    return idxs, vals


def miscs_update_idxs_vals(
    miscs: Sequence[dict[str, Any]],
    idxs: Mapping[str, Sequence[Any]],
    vals: Mapping[str, Sequence[Any]],
    assert_all_vals_used: bool = True,
    idxs_map: Mapping[Any, Any] | None = None,
) -> Sequence[dict[str, Any]]:
    """Deal parameters gathered by label out to the trials that they belong to.

    Parameters
    ----------
    miscs : sequence of dict
        The ``misc`` parts of the trials; their ``idxs`` and ``vals`` are written anew.
    idxs, vals : dict of sequence
        Trial ids and values for each label, as `miscs_to_idxs_vals` returns them.
    assert_all_vals_used : bool
        False: values of trials that are not among `miscs` are left out.
    idxs_map : dict, optional
        New ids for the ids in `idxs`.

    Returns
    -------
    sequence of dict
        `miscs`.

    Raises
    ------
    InvalidArgument
        If `idxs` and `vals` do not match, or name a trial that is not among `miscs`.
    """
    if set(idxs) != set(vals):
        raise InvalidArgument(
            f"idxs and vals must have the same labels, got {sorted(idxs)} and {sorted(vals)}"
        )
    renamed = idxs_map or {}
    by_tid = {misc["tid"]: misc for misc in miscs}
    for misc in miscs:
        misc["idxs"] = {label: [] for label in idxs}
        misc["vals"] = {label: [] for label in idxs}
    for label, tids in idxs.items():
        if len(tids) != len(vals[label]):
            raise InvalidArgument(
                f"parameter {label!r}: {len(tids)} ids but {len(vals[label])} values"
            )
        for tid, value in zip(tids, vals[label], strict=True):
            tid = plain(renamed.get(tid, tid))
            if tid in by_tid:
                by_tid[tid]["idxs"][label] = [tid]
                by_tid[tid]["vals"][label] = [plain(value)]
            elif assert_all_vals_used:
                raise InvalidArgument(
                    f"parameter {label!r} has a value for trial {tid!r}, which is not among the "
                    f"trials {list(by_tid)}"
                )
    return miscs
