"""The domain: a space, compiled, and the objective that scores its points."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from minopt.domain.assign import Program
from minopt.domain.carried import carried_symbols, define_carried
from minopt.domain.compile import compile_space, find_parameters
from minopt.domain.plain_space import as_data
from minopt.domain.result import clean_result
from minopt.domain.table import Table
from minopt.domain.uses import is_parameter, parameter_parts
from minopt.exceptions import BadSearchSpace, InvalidArgumentType
from minopt.pyll.evaluate import GarbageCollected, rec_eval
from minopt.pyll.nodes import Apply, Literal, as_apply
from minopt.pyll.stochastic import recursive_set_rng_kwarg
from minopt.pyll.symbols import SymbolTableEntry, scope
from minopt.pyll.walk import dfs
from minopt.trials.attachments import attach
from minopt.trials.control import Ctrl
from minopt.trials.documents import STATUS_NEW

if TYPE_CHECKING:
    from minopt.domain.vectorize_view import VectorizeHelper

Result = dict[str, Any]

_LAZY = ("plain_space", "vh", "s_idxs_vals", "table", "_program", "_ctrl_nodes")


_SYMBOLS = "minopt: the user's symbols"  # in the pickle of a domain


class Domain:
    """A search space and the function to be minimized over it. Can be pickled.

    Parameters
    ----------
    fn : callable
        The objective: takes a point, returns a loss or a dict with ``loss`` and ``status``.
    expr : Apply, or anything `as_apply` takes
        The space.
    workdir : str, optional
        Kept in the documents, for workers that change into it.
    pass_expr_memo_ctrl : bool, optional
        Call ``fn(expr=, memo=, ctrl=)`` instead, with the space and a memo in which
        `pyll.rec_eval` finds the parameters' values. None asks the function, see
        `fmin_pass_expr_memo_ctrl`.
    name : str, optional
    loss_target : float, optional
        Kept for algorithms that want to know the lowest loss there can be.

    Attributes
    ----------
    params : dict from str to Apply
        The random node of each label.
    s_new_ids, s_rng : Literal
        Where `rec_eval` of `s_idxs_vals` looks for the new ids and the generator.
    cmd : tuple
        Kept in the documents.

    Raises
    ------
    BadSearchSpace
        If the space cannot be searched.
    """

    rec_eval_print_node_on_error = False

    # A space that contains this literal receives the trial's Ctrl in its place.
    pyll_ctrl = as_apply(Ctrl)

    def __init__(
        self,
        fn: Callable[..., Any],
        expr: Any,
        workdir: str | None = None,
        pass_expr_memo_ctrl: bool | None = None,
        name: str | None = None,
        loss_target: float | None = None,
    ) -> None:
        self.fn = fn
        if pass_expr_memo_ctrl is None:
            pass_expr_memo_ctrl = bool(getattr(fn, "fmin_pass_expr_memo_ctrl", False))
        self.pass_expr_memo_ctrl = pass_expr_memo_ctrl
        self.expr = _space_node(expr)
        self.params = {
            label: parameter_parts(node)[1] for label, node in find_parameters(self.expr).items()
        }
        self.loss_target = loss_target
        self.name = name
        self.workdir = workdir
        self.s_new_ids = Literal("new_ids")
        self.s_rng = Literal("rng-placeholder")
        self.cmd = ("domain_attachment", "FMinIter_Domain")
        self.__dict__["table"] = compile_space(self.expr)  # now: a wrong space is refused at once

    def __getstate__(self) -> dict[str, Any]:
        state = {key: value for key, value in self.__dict__.items() if key not in _LAZY}
        symbols = carried_symbols(self.expr)
        return {**state, _SYMBOLS: symbols} if symbols else state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        define_carried(state.pop(_SYMBOLS, {}))
        self.__dict__.update(state)

    @cached_property
    def table(self) -> Table:
        """The compiled space."""
        return compile_space(self.expr)

    @cached_property
    def vh(self) -> VectorizeHelper:
        """The space as a graph over many trials, for algorithms that rewrite graphs."""
        from minopt.domain.vectorize_view import VectorizeHelper

        helper = VectorizeHelper(self.expr, self.s_new_ids)
        recursive_set_rng_kwarg(helper.v_expr, self.s_rng)
        return helper

    @cached_property
    def s_idxs_vals(self) -> Apply:
        """A graph that evaluates to the pair (ids by label, values by label) of prior draws."""
        by_label = scope.pos_args(self.vh.idxs_by_label(), self.vh.vals_by_label())
        return recursive_set_rng_kwarg(by_label, self.s_rng)

    @cached_property
    def _program(self) -> Program:
        return Program(self.expr)

    @cached_property
    def _ctrl_nodes(self) -> list[Apply]:
        return [n for n in dfs(self.expr) if isinstance(n, Literal) and n.obj is Ctrl]

    def memo_from_config(self, config: Mapping[str, Any]) -> dict[Apply, Any]:
        """Return a memo with the values of all parameters, those of inactive ones marked."""
        return {
            node: config.get(parameter_parts(node)[0], GarbageCollected)
            for node in dfs(self.expr)
            if is_parameter(node)
        }

    def evaluate(
        self, config: Mapping[str, Any], ctrl: Ctrl, attach_attachments: bool = True
    ) -> Result:
        """Call the objective at a point.

        Parameters
        ----------
        config : mapping from label to value
            The active parameters.
        ctrl : Ctrl
            Handed to the objective if it asks for it; receives the attachments.
        attach_attachments : bool
            Take ``attachments`` out of the result and store them.

        Returns
        -------
        dict
            The result with ``status``, and ``loss`` as a float if the status is ``ok``.

        Raises
        ------
        InvalidLoss, InvalidResultStatus
            If the objective returned something else.
        """
        if self.pass_expr_memo_ctrl:
            returned = self.fn(expr=self.expr, memo=self._memo(config, ctrl), ctrl=ctrl)
        else:
            returned = self.fn(self._point(config, ctrl))
        return self.evaluate_async2(returned, ctrl, attach_attachments)

    def evaluate_async(
        self, config: Mapping[str, Any], ctrl: Ctrl, attach_attachments: bool = True
    ) -> Any:
        """Prepare a call of the objective: return it and its point, for others to call it.

        With `pass_expr_memo_ctrl` the objective is called here, and its value returned.
        """
        if self.pass_expr_memo_ctrl:
            return self.fn(expr=self.expr, memo=self._memo(config, ctrl), ctrl=ctrl)
        return self.fn, self._point(config, ctrl)

    def evaluate_async2(self, rval: Any, ctrl: Ctrl, attach_attachments: bool = True) -> Result:
        """Turn what the objective returned into a result; the second half of `evaluate`."""
        trial = getattr(ctrl, "current_trial", None)
        who = f"trial {trial['tid']}: " if trial else ""
        result = clean_result(rval, who)
        if attach_attachments:
            attachments = result.pop("attachments", None) or {}
            if not isinstance(attachments, Mapping):
                raise InvalidArgumentType(
                    f"{who}the 'attachments' of a result must be a dict of values by name, "
                    f"got {attachments!r}"
                )
            if attachments:
                attach(ctrl.attachments, attachments, who)
        return result

    @cached_property
    def plain_space(self) -> list[Any] | None:
        """The space as plain data; None if it holds objects or functions, which are none."""
        return as_data(self.expr)

    def point(self, config: Mapping[str, Any]) -> Any:
        """Return the point that the objective receives for these values."""
        return self._point(config, None)

    def _point(self, config: Mapping[str, Any], ctrl: Ctrl | None) -> Any:
        has_ctrl = self._ctrl_nodes and ctrl is not None
        if has_ctrl or self.is_replaced("memo_from_config"):
            return rec_eval(self.expr, memo=self._memo(config, ctrl))
        return self._program(config)

    def is_replaced(self, method: str) -> bool:
        """Tell whether a class of the user's, or the user, has put another method in its place."""
        of_class = getattr(type(self), method) is not getattr(Domain, method)
        return of_class or method in self.__dict__

    def _memo(self, config: Mapping[str, Any], ctrl: Ctrl | None) -> dict[Apply, Any]:
        return {**self.memo_from_config(config), **dict.fromkeys(self._ctrl_nodes, ctrl)}

    def short_str(self) -> str:
        """Return the domain in one line."""
        return f"Domain{{{self.fn}}}"

    def loss(self, result: Result, config: Any = None) -> Any:
        """Return the loss in a result, None if there is none."""
        return result.get("loss")

    def loss_variance(self, result: Result, config: Any = None) -> Any:
        """Return the variance of the loss in a result, 0 if it is not told."""
        return result.get("loss_variance", 0.0)

    def true_loss(self, result: Result, config: Any = None) -> Any:
        """Return the true loss in a result, where the loss stands in for it."""
        return result["true_loss"] if "true_loss" in result else self.loss(result, config=config)

    def true_loss_variance(self, config: Any = None) -> Any:
        """Not known in general; for subclasses."""
        raise NotImplementedError("a Domain does not know the variance of the true loss")

    def status(self, result: Result, config: Any = None) -> Any:
        """Return the status in a result."""
        return result["status"]

    def new_result(self) -> Result:
        """Return the result of a trial that has not run yet."""
        return {"status": STATUS_NEW}


Domain.__module__ = "minopt.base"  # pickles name the path that is promised for ever


def _space_node(space: Any) -> Apply:
    """Turn a space into a node, refusing what is clearly no space."""
    wrong = None
    if space is None:
        wrong = "None"
    elif isinstance(space, (set, frozenset)):
        wrong = f"a set, {space!r}: use a list, or hp.choice for one of several values"
    elif isinstance(space, str):
        wrong = f"the string {space!r}"
    elif isinstance(space, SymbolTableEntry) or (callable(space) and not isinstance(space, Apply)):
        wrong = f"{space!r}, which is a function: call it, as in hp.uniform('x', 0, 1)"
    elif isinstance(space, (dict, list, tuple)) and not space:
        wrong = f"an empty {type(space).__name__}"
    elif not isinstance(space, (Apply, dict, list, tuple)):
        wrong = f"{reprlib.repr(space)} of type {type(space).__name__}"
    if wrong is not None:
        raise BadSearchSpace(
            "space must be made of hp expressions, such as {'x': hp.uniform('x', 0, 1)}; got "
            + wrong
        )
    return as_apply(space)
