"""Trials as JSON lines: a line about the search, then one for every trial and every attachment."""

from __future__ import annotations

import base64
import os
import pickle
from collections.abc import Callable, Hashable, Iterable
from typing import Any

from minopt._warn import warn
from minopt.exceptions import DamagedFile, InvalidTrial, MinoptError, StoreError
from minopt.trials import peek, tagged_json
from minopt.trials.documents import Document, make_plain
from minopt.trials.files import dumps, write_whole
from minopt.trials.given import checked_flag, checked_path
from minopt.trials.memory import Trials
from minopt.trials.reading import ReadableTrials
from minopt.trials.streams import are_streams, check_read
from minopt.trials.tagged_json import Withheld
from minopt.trials.told import told
from minopt.trials.withheld import Carrier, PickleOf, carried_attachments

__all__ = ["lines_of", "read_jsonl", "to_jsonl", "trials_of_lines"]

_VERSION = 1


def to_jsonl(trials: Any, path: str | os.PathLike[str]) -> None:
    """Write trials as JSON lines; see `Trials.to_jsonl`."""
    place = os.path.realpath(checked_path(path, "to_jsonl"))  # the file itself: a link to it stays
    text = "".join(f"{line}\n" for line in lines_of(trials))
    write_whole(place, text.encode("utf-8", "surrogatepass"), f"to_jsonl: {str(path)!r}")


def lines_of(trials: Any) -> Iterable[str]:
    """Yield the lines."""
    head = {
        "minopt": "trials",
        "version": _VERSION,
        "exp_key": trials._exp_key,
        "streams": list(getattr(trials, "_streams", ())),
    }
    pickle_of = trials._pickle_of if isinstance(trials, ReadableTrials) else _nothing
    yield tagged_json.dumps(head, "exp_key", _Keeper("the search", pickle_of))
    key = trials._exp_key
    for doc in trials._dynamic_trials:
        if key is None or doc["exp_key"] == key:
            yield tagged_json.dumps({"trial": doc}, "", _Keeper(f"trial {doc['tid']!r}", pickle_of))
    for name, fetch in carried_attachments(trials.attachments):
        line = {"attachment": name, "value": fetch()}
        yield tagged_json.dumps(line, "", _Keeper(f"attachment {name!r}", pickle_of))


def _nothing(_value: Withheld) -> None:
    return None


class _Keeper:
    """Pickles what JSON cannot hold, to be read only with trust, or leaves it out and says so."""

    def __init__(self, whose: str, pickle_of: PickleOf) -> None:
        self._whose, self._pickle_of = whose, pickle_of

    def __call__(self, path: str, value: Any) -> Any:
        if isinstance(value, Withheld):
            return Carrier(self._pickle_of)(value).told
        try:
            data = dumps(value)
        except Exception as wrong:  # noqa: BLE001 - pickling runs the code of users' objects
            warn(
                f"{self._whose}: {path} is left out; it can neither be written as JSON nor be "
                f"pickled ({type(wrong).__name__})",
                UserWarning,
            )
            return tagged_json.LEFT_OUT
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        return {"$": "kept", "type": kind, "pickle": base64.b64encode(data).decode("ascii")}


def read_jsonl(path: str | os.PathLike[str], *, trusted: bool = False) -> Trials:
    """Read trials that `Trials.to_jsonl` wrote.

    Parameters
    ----------
    path : path
    trusted : bool
        Read values that JSON could not hold and that were pickled, which can run code: only if
        you trust who wrote the file. False puts a stand-in that names the value's type.

    Returns
    -------
    Trials
        In memory.

    Raises
    ------
    DamagedFile
        If a line is no trial: says which. A last line that was cut off is left out, with a
        warning.
    StoreError
        If the file cannot be read.
    """
    trusted = checked_flag("trusted", trusted)
    source = f"read_jsonl: {checked_path(path, 'read_jsonl')!r}"
    try:
        data = peek.read(path)
    except OSError as wrong:
        error = StoreError(f"{source} cannot be read ({wrong.strerror or wrong})")
        error.errno = wrong.errno
        raise error from wrong

    if data.startswith(b"SQLite format 3\0"):
        raise DamagedFile(f"{source}: this is a database, not JSON lines: use minopt.load_trials")

    def refuse(number: int, is_torn: bool, why: str) -> None:
        if not is_torn:
            raise DamagedFile(
                f"{source}, line {number}: {why}; the file was left as it is: `minopt recover` "
                "gets the other lines out of it"
            )
        warn(f"{source}: the last line was cut off and is left out", RuntimeWarning)

    return trials_of_lines(data, trusted, refuse)


def trials_of_lines(data: bytes, trusted: bool, refuse: Callable[[int, bool, str], None]) -> Trials:
    """Make trials of the lines; `refuse` is told number, whether it is a torn end, and why."""
    *whole, last = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    lines = [(number, False, line) for number, line in enumerate(whole, 1)]
    lines.append((len(lines) + 1, True, last))
    trials = Trials(refresh=False)
    docs: list[Document] = []
    has_head = False  # or it was said that there is none
    for number, is_last, line in lines:
        if not line.strip():
            continue
        try:
            read = tagged_json.loads(line, lambda kept: _fetched(kept, trusted))
            is_head = _take(read, trials, docs)
        except (MinoptError, ValueError) as wrong:  # an array cannot be compared with a key
            refuse(number, is_last, str(wrong))
            continue
        if not is_head and not has_head:
            refuse(number, False, "no line before it says that these are minopt's trials")
        has_head = True
    if not has_head:
        refuse(1, False, "there are no trials of minopt in it")
    trials._insert_trial_docs(docs)
    trials.refresh()
    return trials


def _fetched(kept: dict[str, Any], trusted: bool) -> Any:
    if not trusted or "pickle" not in kept:
        return tagged_json.Withheld(kept)
    try:
        return pickle.loads(base64.b64decode(kept["pickle"]))  # noqa: S301 - only if trusted
    except Exception as wrong:
        raise DamagedFile(f"a {kept.get('type')} cannot be read ({told(wrong)})") from wrong


def _take(read: Any, trials: Trials, docs: list[Document]) -> bool:
    """Take a line in; True if it is the one about the search."""
    if not isinstance(read, dict):
        raise DamagedFile(f"it is no line of trials: {str(read)[:80]!r}")
    kind, version = read.get("minopt"), read.get("version")
    if isinstance(kind, str) and kind == "trials":
        if not isinstance(version, int) or version != _VERSION:
            raise DamagedFile(f"it is of version {version!r}, later than this minopt")
        streams = read.get("streams") or []
        if not are_streams(streams):
            raise DamagedFile(f"its random streams are none: {str(streams)[:80]}")
        if not isinstance(read.get("exp_key"), Hashable):
            raise DamagedFile(f"its exp_key is no name: {str(read['exp_key'])[:80]}")
        trials._exp_key, trials._streams = read.get("exp_key"), streams
        return True
    if "attachment" in read and "value" in read:
        try:
            trials.attachments[read["attachment"]] = read["value"]
        except TypeError as wrong:
            raise DamagedFile(f"an attachment has no name ({wrong})") from wrong
        return False
    if "trial" not in read:
        raise DamagedFile(f"it is no line of trials: its keys are {sorted(map(str, read))}")
    try:
        check_read(read["trial"])
        make_plain(read["trial"])
    except (InvalidTrial, TypeError, KeyError, AttributeError) as wrong:
        raise DamagedFile(f"it holds no trial ({wrong})") from wrong
    docs.append(read["trial"])
    return False
