"""What the objective returned, checked and put into the form that documents keep."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from minopt.exceptions import InvalidLoss, InvalidResultStatus
from minopt.trials.documents import STATUS_OK, STATUS_STRINGS
from minopt.trials.values import only_item

_RIGHT = (
    "return a float, or a dict with 'loss' and 'status' such as {'loss': 0.5, 'status': STATUS_OK}"
)


def clean_result(returned: Any, who: str) -> dict[str, Any]:
    """Turn what the objective returned into a result.

    Parameters
    ----------
    returned : number, array of one number, object with ``__float__``, or what ``dict`` takes
    who : str
        Start of an error's sentence, such as ``"trial 12: "``.

    Returns
    -------
    dict
        With ``status``, and with ``loss`` as a float if the status is ``ok``. Other keys as
        the objective gave them.

    Raises
    ------
    InvalidLoss
        If there is no loss, or it is not a number.
    InvalidResultStatus
        If there is no status, or it is not one of `STATUS_STRINGS`.
    """
    result = _as_dict(returned)
    if result is None:
        return {"loss": _loss_of_value(returned, who), "status": STATUS_OK}
    keys = ", ".join(map(str, result)) or "none"
    if "status" not in result:
        raise InvalidResultStatus(
            result,
            f"{who}the objective returned no 'status' (its keys: {keys}); add "
            "'status': STATUS_OK, or STATUS_FAIL to record a failed trial",
        )
    status = result["status"]
    if not isinstance(status, str) or status not in STATUS_STRINGS:
        raise InvalidResultStatus(
            result,
            f"{who}the objective returned the status {status!r}; it must be one of "
            f"{', '.join(map(repr, STATUS_STRINGS))}",
        )
    if status == STATUS_OK:
        result["loss"] = _loss_of_dict(result, keys, who)
    return result


def _as_dict(returned: Any) -> dict[str, Any] | None:
    """Return a mapping, what looks like one, or a list of pairs as a dict; None for the rest."""
    if isinstance(returned, Mapping):
        return dict(returned)
    is_pairs = isinstance(returned, (list, tuple)) and bool(returned)
    if is_pairs and not all(isinstance(pair, tuple) and len(pair) == 2 for pair in returned):
        return None
    try:
        return dict(returned) if is_pairs or callable(getattr(returned, "keys", None)) else None
    except (TypeError, ValueError):
        return None


def _loss_of_dict(result: dict[str, Any], keys: str, who: str) -> float:
    remedy = "return a float as 'loss', or {'status': STATUS_FAIL} to record a failed trial"
    if "loss" not in result:
        raise InvalidLoss(
            result, f"{who}the objective returned no 'loss' (its keys: {keys}); {remedy}"
        )
    try:
        return as_loss(result["loss"])
    except (TypeError, ValueError, OverflowError):
        raise InvalidLoss(
            result, f"{who}the objective returned the 'loss' {_short(result['loss'])}; {remedy}"
        ) from None


def _loss_of_value(returned: Any, who: str) -> float:
    if not isinstance(returned, (str, bytes)):
        try:
            return as_loss(returned)
        except (TypeError, ValueError, OverflowError):
            pass
    raise InvalidLoss(returned, f"{who}the objective returned {_short(returned)}; {_RIGHT}")


def as_loss(value: Any) -> float:
    """Convert a number, an array of one number or an object with ``__float__`` to float.

    Raises
    ------
    TypeError, ValueError, OverflowError
        If it is no such thing, or too large.
    """
    if isinstance(value, float):
        return float(value)
    if isinstance(value, np.ndarray):
        return float(only_item(value))
    if isinstance(value, numbers.Complex) and not isinstance(value, numbers.Real):
        raise TypeError(f"a complex number is no loss: {value!r}")
    return float(value)


def _short(value: Any) -> str:
    text = repr(value)
    return f"{text[:80]}… ({type(value).__name__})" if len(text) > 80 else text
