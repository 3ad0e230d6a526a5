"""Annealing as a visit to the parameters of the space's graph: for subclasses and batches."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minopt.algo.anneal.neighbourhood import NEAR
from minopt.algo.visitor import ExprEvaluator, Memo, SuggestAlgo
from minopt.domain.domain import Domain
from minopt.exceptions import InvalidArgument
from minopt.pyll.nodes import Apply, MissingArgument
from minopt.trials.columns import learnable_documents, usable_loss
from minopt.trials.documents import Document, miscs_to_idxs_vals, number

DEFAULT_AVG_BEST_IDX = 2.0
DEFAULT_SHRINK_COEF = 0.1


def fraction_left(n_observations: int, shrink_coef: float) -> float:
    """Return the fraction of a law's width that is left after so many observations."""
    return 1 / (1 + n_observations * shrink_coef)


def check_settings(avg_best_idx: Any, shrink_coef: Any) -> None:
    """Refuse settings that annealing cannot work with.

    Raises
    ------
    InvalidArgument
    """
    for name, value, least in (("avg_best_idx", avg_best_idx, 1), ("shrink_coef", shrink_coef, 0)):
        if not isinstance(value, (int, float, np.number)) or not least <= value < float("inf"):
            raise InvalidArgument(
                f"anneal: {name} must be a number of {least} or more, got {value!r}"
            )


def _loss(domain: Domain, doc: Document) -> float:
    """Return the loss of a trial as its domain sees it; ``inf`` if it is not usable."""
    loss = usable_loss(doc)
    if math.isinf(loss) or not domain.is_replaced("loss"):
        return loss
    own = number(domain.loss(doc["result"], doc["spec"]))
    return math.inf if own is None else own


class AnnealingAlgo(SuggestAlgo):
    """Draws every parameter near its value in a good trial, nearer the more has been seen.

    A good trial is drawn by its rank and serves all parameters that it has; where none of those
    drawn so far has a parameter, another one is drawn among the trials that have it.

    Parameters
    ----------
    domain : Domain
    trials : Trials
    seed : int
    avg_best_idx : float >= 1
        The mean rank of a good trial, 1 for the best.
    shrink_coef : float >= 0
        How fast the laws are narrowed, see `shrinking`.

    Attributes
    ----------
    tids, losses : array
        One per trial that was tried, in the order of ids; ``inf`` where there is no usable loss.
    node_tids, node_vals : dict from str to list
        For each label the trials that have it, and its values there.
    best_tids : list
        The good trials drawn for the new one so far.
    """

    def __init__(
        self,
        domain: Domain,
        trials: Any,
        seed: Any,
        avg_best_idx: float = DEFAULT_AVG_BEST_IDX,
        shrink_coef: float = DEFAULT_SHRINK_COEF,
    ) -> None:
        check_settings(avg_best_idx, shrink_coef)
        super().__init__(domain, trials, seed)
        self.avg_best_idx = avg_best_idx
        self.shrink_coef = shrink_coef
        loss_of = {doc["tid"]: (doc, _loss(domain, doc)) for doc in learnable_documents(trials)}
        self.tid_docs_losses = sorted(loss_of.items(), key=lambda item: item[0])
        self.tids = np.asarray([tid for tid, _ in self.tid_docs_losses])
        self.losses = np.asarray([loss for _, (_, loss) in self.tid_docs_losses])
        self.tid_losses_dct = dict(zip(self.tids.tolist(), self.losses.tolist(), strict=True))
        self.node_tids, self.node_vals = miscs_to_idxs_vals(
            [doc["misc"] for _, (doc, _) in self.tid_docs_losses], keys=list(domain.params)
        )
        self.best_tids: list[Any] = []

    def __call__(self, new_id: Any) -> Any:
        """Return a list with the document of one new trial."""
        self.best_tids = []
        return super().__call__(new_id)

    def shrinking(self, label: str) -> float:
        """Return the fraction of a parameter's original width that is left."""
        return fraction_left(len(self.node_vals[label]), self.shrink_coef)

    def choose_ltv(self, label: str, size: int) -> tuple[Any, Any, Any]:
        """Return loss, id and value of a good trial that has the parameter, or arrays of `size`."""
        tids, vals = self.node_tids[label], self.node_vals[label]
        losses = [self.tid_losses_dct[tid] for tid in tids]
        if size == 1:
            for tid in self.best_tids:
                if tid in tids:
                    place = tids.index(tid)
                    return losses[place], tid, vals[place]
        ranks = self.rng.geometric(1 / self.avg_best_idx, size=size)
        order = np.argsort(losses)  # plain: equal losses must fall as hyperopt's do
        picks = order[np.minimum(ranks, len(tids)) - 1]
        if size == 1:
            self.best_tids.append(tids[picks[0]])
        return np.asarray(losses)[picks], np.asarray(tids)[picks], np.asarray(vals)[picks]

    def on_node_hyperparameter(self, memo: Memo, node: Apply, label: str) -> Any:
        """Return values near good ones, or from the prior if there are no observations."""
        if not self.node_vals[label]:
            return ExprEvaluator.on_node(self, memo, node)
        _, tid, val = self.choose_ltv(label, size=memo[node.arg["size"]])
        handler = getattr(self, f"hp_{node.name}", None)
        if handler is None:
            raise NotImplementedError(f"parameter {label!r}: annealing does not know {node.name!r}")
        return handler(memo, node, label, tid, val)

    def _near(self, memo: Memo, node: Apply, label: str, tid: Any, val: Any) -> Any:
        """Return values near `val`, the value of the parameter in the good trial `tid`."""
        named = {
            name: memo[arg]
            for name, arg in node.arg.items()
            if name not in ("rng", "size") and arg is not MissingArgument
        }
        if node.name == "randint" and named.get("high") is None:
            named = {"low": 0, "high": named["low"]}
        size = memo[node.arg["size"]]
        return NEAR[node.name](val, self.shrinking(label), **named, rng=self.rng, size=size)

    hp_uniform = hp_quniform = hp_loguniform = hp_qloguniform = _near
    hp_normal = hp_qnormal = hp_lognormal = hp_qlognormal = _near
    hp_randint = hp_categorical = _near
