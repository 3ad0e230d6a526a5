"""The outcome of a search: its best trial, its best error, or why there is none."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np

from minopt.exceptions import AllTrialsFailed, NoUsableLoss
from minopt.trials.documents import (
    JOB_STATE_DONE,
    JOB_STATE_ERROR,
    STATUS_FAIL,
    STATUS_OK,
    Document,
    error_text,
    number,
    own_documents,
    state_name,
    usable_loss,
)
from minopt.trials.pmin import pmin_sampled


def best_trial(trials: Any) -> Document:
    """Return the first trial with the lowest loss; raise `AllTrialsFailed` if there is none."""
    best: Document | None = None
    lowest = math.inf
    for trial in trials.trials:
        loss = usable_loss(trial["result"])
        if loss is not None and (best is None or loss < lowest):
            best, lowest = trial, loss
    if best is None:
        raise AllTrialsFailed(why_none(trials))
    return best


def in_words(trials: Any) -> str:
    """Say how many trials there are, how many of them failed or wait, and the best loss."""
    docs = own_documents(trials)
    counts = Counter(state_name(doc["state"]) for doc in docs)
    told = [f"{len(docs)} trial{'s' * (len(docs) != 1)}"]
    told += [f"{count} {state}" for state, count in counts.items() if state != "done"]
    failed = sum(
        doc["state"] == JOB_STATE_DONE and doc["result"].get("status") == STATUS_FAIL
        for doc in docs
    )
    if failed:
        told.append(f"{failed} failed")
    losses = [usable_loss(doc["result"]) for doc in docs if doc["state"] == JOB_STATE_DONE]
    best = min((loss for loss in losses if loss is not None), default=None)
    if best is not None:
        told.append(f"best loss {best:.6g}")
    return ", ".join(told)


def best_loss(trials: Any) -> float | None:
    """Return the lowest usable loss of the trials that are done, None if there is none."""
    done = (doc["result"] for doc in trials.trials if doc["state"] == JOB_STATE_DONE)
    losses = [loss for loss in map(usable_loss, done) if loss is not None]
    return min(losses, default=None)


def average_best_error(trials: Any, bandit: Any = None) -> float:
    """Return the true loss of the best trial, averaged over what noise makes possible."""
    rows = sorted(row for row in map(_row_maker(bandit), trials.trials) if row is not None)
    if not rows:
        raise NoUsableLoss(why_none(trials))
    losses, variances, true_losses = np.asarray(rows).T
    if not variances.any():
        return float(true_losses[0])
    near = losses < losses[0] + 3 * math.sqrt(variances[0])
    near[0] = True  # the best itself, where its own variance is nil
    weights = pmin_sampled(losses[near], variances[near])
    return float((weights * true_losses[near]).sum())


def _row_maker(bandit: Any) -> Any:
    """Return the function from a trial to its (loss, variance, true loss), or to None."""

    def own(trial: Document) -> tuple[float, float, float] | None:
        result = trial["result"]
        loss = usable_loss(result)
        if loss is None:
            return None
        return _row(loss, result.get("loss_variance"), result.get("true_loss"))

    def asked(trial: Document) -> tuple[float, float, float] | None:
        result, spec = trial["result"], trial["spec"]
        if bandit.status(result) != STATUS_OK or number(bandit.loss(result, spec)) is None:
            return None
        loss = number(bandit.loss(result, spec)) or 0.0
        return _row(loss, bandit.loss_variance(result, spec), bandit.true_loss(result, spec))

    return own if bandit is None else asked


def _row(loss: float, variance: Any, true_loss: Any) -> tuple[float, float, float]:
    known = number(true_loss)
    return loss, number(variance) or 0.0, loss if known is None else known


def why_none(trials: Any) -> str:
    """Say in a sentence why these trials have no best one: how many, and the first failure."""
    docs = own_documents(trials)
    if not docs:
        return "no trial has a loss: there are no trials yet"
    counts = Counter(_fate(doc) for doc in docs)
    many = ", ".join(f"{count} {fate}" for fate, count in counts.items())
    first = next((told for told in map(_reason, docs) if told), None)
    tail = f"; first error: {first}" if first else ""
    return f"no trial has a usable loss ({many}){tail}"


def _fate(doc: Document) -> str:
    if doc["state"] == JOB_STATE_ERROR:
        return "raised an exception"
    if doc["state"] != JOB_STATE_DONE:
        return "not finished"
    status = doc["result"].get("status")
    return "with loss NaN or none" if status == STATUS_OK else f"with status {status!r}"


def _reason(doc: Document) -> str | None:
    """Say what a trial itself tells about its failure."""
    error = error_text(doc)
    if error:
        return f"trial {doc['tid']!r}: {error}"
    result = doc["result"]
    for key in ("status_fail", "error", "exception", "reason", "message", "traceback"):
        if isinstance(result, dict) and result.get(key):
            return f"trial {doc['tid']!r}: {key}: {str(result[key])[:500]}"
    return None
