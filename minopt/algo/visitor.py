"""Algorithms written as a visit to every parameter, in an evaluation of the space's graph.

For users' own algorithms: subclass `SuggestAlgo` and say, in `on_node_hyperparameter`, which
values a parameter gets. Bergstra, Yamins and Cox, "Making a science of model search", ICML 2013.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from minopt.algo.shared import Document, stream_of
from minopt.domain.domain import Domain
from minopt.pyll.evaluate import DEFAULT_MAX_PROGRAM_LEN, GarbageCollected, switch_index
from minopt.pyll.nodes import Apply, Literal, as_apply
from minopt.pyll.symbols import scope
from minopt.pyll.walk import dfs
from minopt.trials.documents import miscs_update_idxs_vals, plain

Memo = dict[Apply, Any]


class ExprEvaluator:
    """Evaluates a graph; a subclass may step in at every node.

    Parameters
    ----------
    expr : Apply, or anything `as_apply` takes
    deepcopy_inputs : bool
        Give every function copies of its arguments, to find out whether one changes them.
    max_program_len : int, default 100 000
        Give up when more nodes than this wait for their inputs.
    memo_gc : bool
        Let go of a value as soon as all nodes that use it have theirs.
    """

    def __init__(
        self,
        expr: Any,
        deepcopy_inputs: bool = False,
        max_program_len: int | None = None,
        memo_gc: bool = True,
    ) -> None:
        if deepcopy_inputs not in (0, 1, False, True):
            raise ValueError(
                f"deepcopy_inputs should be a bool, got {deepcopy_inputs!r}; is it meant as a memo?"
            )
        self.expr = as_apply(expr)
        self.deepcopy_inputs = deepcopy_inputs
        self.max_program_len = (
            DEFAULT_MAX_PROGRAM_LEN if max_program_len is None else max_program_len
        )
        self.memo_gc = memo_gc
        self.clients: dict[Apply, set[Apply]] = {}

    def eval_nodes(self, memo: Memo | None = None) -> Memo:
        """Evaluate the graph.

        Parameters
        ----------
        memo : dict from Apply to object, optional
            Known values of nodes; not changed.

        Returns
        -------
        dict from Apply to object
            The values of all nodes that were needed, that of `expr` among them; in place of a
            value that was let go stands `GarbageCollected`.

        Raises
        ------
        RuntimeError
            If the program is longer than `max_program_len`.
        """
        memo = {} if memo is None else dict(memo)
        self.clients = _users_of_nodes(self.expr) if self.memo_gc else {}
        expansions: dict[Apply, Apply] = {}  # a node -> the node that its symbol returned
        todo = [self.expr]
        while todo:
            if len(todo) > self.max_program_len:
                raise RuntimeError(
                    f"more than {self.max_program_len} nodes wait for their inputs: "
                    "probably an infinite loop"
                )
            node = todo.pop()
            if node not in memo:
                todo.extend(self._visit(memo, node, expansions))
        return memo

    def _visit(self, memo: Memo, node: Apply, expansions: dict[Apply, Apply]) -> list[Apply]:
        """Evaluate a node, or return what is to be visited for that: it, and what it needs."""
        if isinstance(node, Literal):
            self.set_in_memo(memo, node, node.obj)
            return []
        if node in expansions:
            inner = expansions[node]
            if inner not in memo:
                return [node, inner]
            self.set_in_memo(memo, node, memo[inner])
            return []
        if node.name == "switch":
            needed = self.on_switch(memo, node)
            return [] if needed is None else [node, *needed]
        missing = [arg for arg in node.inputs() if arg not in memo]
        if missing:
            return [node, *missing]
        value = self.on_node(memo, node)
        if isinstance(value, Apply):
            expansions[node] = value
            self.clients.clear()  # the new graph may use values that nothing else does: keep all
            return [node]
        self.set_in_memo(memo, node, value)
        return []

    def set_in_memo(self, memo: Memo, k: Apply, v: Any) -> None:
        """Note the value `v` of node `k`, and let go of values that nobody waits for."""
        memo[k] = v
        for arg in k.inputs():
            users = self.clients.get(arg)
            if users:
                users.discard(k)
                if not users and arg in memo:
                    memo[arg] = GarbageCollected

    def on_switch(self, memo: Memo, node: Apply) -> list[Apply] | None:
        """Evaluate a switch as far as it goes.

        Returns
        -------
        list of Apply or None
            The node needed next: the selector, then the option that it selects; None when the
            value of the switch is in the memo.
        """
        selector = node.pos_args[0]
        if selector not in memo:
            return [selector]
        option = node.pos_args[1 + switch_index(node, memo[selector])]
        if option not in memo:
            return [option]
        self.set_in_memo(memo, node, memo[option])
        return None

    def on_node(self, memo: Memo, node: Apply) -> Any:
        """Return the value of a node whose inputs have theirs; of a switch, see `on_switch`."""
        args = [memo[arg] for arg in node.pos_args]
        kwargs = {keyword: memo[arg] for keyword, arg in node.named_args}
        if any(value is GarbageCollected for value in [*args, *kwargs.values()]):
            raise ValueError(f"{node.name!r} needs a value that has been let go already")
        if self.deepcopy_inputs:
            args, kwargs = copy.deepcopy((args, kwargs))
        return scope._impls[node.name](*args, **kwargs)


class SuggestAlgo(ExprEvaluator):
    """An algorithm that is asked for the values of one parameter after the other.

    Parameters
    ----------
    domain : Domain
    trials : Trials
        What was tried.
    seed : int

    Attributes
    ----------
    label_by_node : dict from Apply to str
        The label of each random node of ``domain.s_idxs_vals``.
    rng : Generator
        The stream of the trial that is being made.

    Examples
    --------
    An algorithm that draws every parameter from its prior, and could do otherwise:

    >>> class Plain(SuggestAlgo):
    ...     def on_node_hyperparameter(self, memo, node, label):
    ...         return ExprEvaluator.on_node(self, memo, node)
    >>> def suggest(new_ids, domain, trials, seed):
    ...     algo = Plain(domain, trials, seed)
    ...     return [document for new_id in new_ids for document in algo(new_id)]
    """

    def __init__(self, domain: Domain, trials: Any, seed: Any) -> None:
        super().__init__(domain.s_idxs_vals)
        self.domain = domain
        self.trials = trials
        self.label_by_node = {node: label for label, node in domain.vh.vals_by_label().items()}
        self._seed = seed
        self.rng = np.random.default_rng(seed)

    def on_node_hyperparameter(self, memo: Memo, node: Apply, label: str) -> Any:
        """Return the values of a parameter, one for each trial that needs it.

        Parameters
        ----------
        memo : dict from Apply to object
            The values of the nodes so far; ``memo[node.arg["size"]]`` is the number wanted.
        node : Apply
            The random node, such as ``uniform(low, high, rng=, size=)``.
        label : str
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define on_node_hyperparameter(memo, node, label), "
            f"which returns the values of parameter {label!r}"
        )

    def on_node(self, memo: Memo, node: Apply) -> Any:
        """Return the value of a node; a parameter's is what `on_node_hyperparameter` says."""
        label = self.label_by_node.get(node)
        if label is None:
            return super().on_node(memo, node)
        return self.on_node_hyperparameter(memo, node, label)

    def __call__(self, new_id: Any) -> list[Document]:
        """Return a list with the document of one new trial."""
        idxs, vals = self._evaluate([new_id], stream_of(self._seed, new_id))
        misc = {"tid": new_id, "cmd": self.domain.cmd, "workdir": self.domain.workdir}
        miscs_update_idxs_vals([misc], idxs, vals)
        misc["vals"] = {label: self._plain(label, held) for label, held in misc["vals"].items()}
        documents: list[Document] = self.trials.new_trial_docs(
            [new_id], [None], [self.domain.new_result()], [misc]
        )
        return documents

    def batch(self, new_ids: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the parameters of several new trials: ids by label, and values by label."""
        new_ids = list(new_ids)
        idxs, vals = self._evaluate(new_ids, np.random.default_rng([self._seed, *new_ids]))
        return idxs, vals

    def _evaluate(self, new_ids: list[Any], rng: np.random.Generator) -> Any:
        self.rng = rng
        memo = self.eval_nodes({self.domain.s_new_ids: new_ids, self.domain.s_rng: rng})
        return memo[self.expr]

    def _plain(self, label: str, values: Sequence[Any]) -> list[Any]:
        drawn = self.domain.table.by_label.get(label)
        whole = drawn is not None and drawn.whole
        return [int(value) if whole else plain(value) for value in values]


def _users_of_nodes(expr: Apply) -> dict[Apply, set[Apply]]:
    users: dict[Apply, set[Apply]] = {}
    for node in dfs(expr):
        for arg in node.inputs():
            users.setdefault(arg, set()).add(node)
    return users
