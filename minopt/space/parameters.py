"""The twelve kinds of parameters: a label, a law, and the graph nodes made of them.

The graphs are hyperopt's, argument style included, so that they print alike. What is checked
here is what is certain now; bounds that are expressions are checked when they have values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, Signature
from typing import Any, TypeVar

from minopt.exceptions import InvalidDistribution, InvalidDistributionType
from minopt.pyll import Apply, Literal, scope
from minopt.space.checks import WholeStep, checked_whole
from minopt.space.guards import naming, plain_label, validate_label
from minopt.space.laws import check_numbers, number_or_node
from minopt.space.options import options_of, weighted_options_of

_Function = TypeVar("_Function", bound=Callable[..., Any])


@scope.define
def hyperopt_param(label: Any, obj: Any) -> Any:  # noqa: ARG001
    """Return `obj`: the node marks a random node as the parameter called `label`."""
    return obj


def _takes(*names: str, **defaults: Any) -> Callable[[_Function], _Function]:
    """Show `help` what a function with ``*args`` takes."""
    either = Parameter.POSITIONAL_OR_KEYWORD
    parameters = [Parameter(name, either) for name in ("label", *names)]
    parameters += [Parameter(name, either, default=value) for name, value in defaults.items()]

    def decorate(f: _Function) -> _Function:
        f.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
        return f

    return decorate


@_takes("p_options")
@validate_label
def hp_pchoice(label: Any, *args: Any, **kwargs: Any) -> Apply:
    """Choose one of some options, each with its own probability.

    Parameters
    ----------
    label : str
    p_options : list of (probability, option)
        The probabilities sum to 1; an option may itself hold parameters.

    Returns
    -------
    Apply
        Trials hold the index of the option.

    Raises
    ------
    InvalidLabel, InvalidDistribution
        If the label is no string, or the options are of the wrong kind, or the probabilities
        do not sum to 1.

    Examples
    --------
    >>> from minopt import hp
    >>> from minopt.pyll.stochastic import sample
    >>> sample(hp.pchoice("kernel", [(0.9, "rbf"), (0.1, "linear")]), rng=0)
    'rbf'
    """
    with naming(label):
        weights, options = weighted_options_of(_only("pchoice", "p_options", args, kwargs))
        index = scope.hyperopt_param(plain_label(label), scope.categorical(weights))
    return _switch(index, options)


@_takes("options")
@validate_label
def hp_choice(label: Any, *args: Any, **kwargs: Any) -> Apply:
    """Choose one of some options, all with the same probability.

    Parameters
    ----------
    label : str
    options : list, tuple, range or array
        An option may be anything, and may itself hold parameters.

    Returns
    -------
    Apply
        Trials hold the index of the option.

    Raises
    ------
    InvalidLabel, InvalidDistribution
        If the label is no string, or the options are empty or of the wrong kind.

    Examples
    --------
    >>> from minopt import hp
    >>> from minopt.pyll.stochastic import sample
    >>> sample(hp.choice("model", ["svc", {"k": hp.randint("k", 1, 9)}]), rng=1)
    'svc'
    """
    with naming(label):
        options = options_of(_only("choice", "options", args, kwargs))
        index = scope.hyperopt_param(plain_label(label), scope.randint(len(options)))
    return _switch(index, options)


@_takes("low", high=None)
@validate_label
def hp_randint(label: Any, *args: Any, **kwargs: Any) -> Apply:
    """Draw a whole number from [low, high), or from [0, upper) with one bound.

    Parameters
    ----------
    label : str
    upper : int
        The only bound, or else
    low, high : int

    Returns
    -------
    Apply
        The objective gets an int. Neighbours are not taken to be alike: see `hp.uniformint`.

    Raises
    ------
    InvalidLabel, InvalidDistribution
        If the label is no string, or an argument is missing, or is not what is said above.

    Examples
    --------
    >>> from minopt import hp
    >>> from minopt.pyll.stochastic import sample
    >>> sample(hp.randint("seed", 5), rng=0)
    4
    """
    if "upper" in kwargs and not args and len(kwargs) == 1:
        args, kwargs = (kwargs["upper"],), {}
    return scope.int(_parameter("randint", label, args, kwargs))


@_takes("low", "high")
@validate_label
def hp_uniform(label: Any, *args: Any, **kwargs: Any) -> Apply:
    """Draw a number from [low, high), every one alike.

    Parameters
    ----------
    label : str
    low, high : float

    Returns
    -------
    Apply
        The objective gets a float.

    Raises
    ------
    InvalidLabel, InvalidDistribution
        If the label is no string, or an argument is missing, or is not what is said above.

    Examples
    --------
    >>> from minopt import hp
    >>> from minopt.pyll.stochastic import sample
    >>> -1 <= sample(hp.uniform("x", -1, 1), rng=0) < 1
    True
    """
    return scope.float(_parameter("uniform", label, args, kwargs))


@_takes("low", "high", q=1.0)
@validate_label
def hp_uniformint(label: Any, *args: Any, **kwargs: Any) -> Apply:
    """Draw a whole number between low and high, both included: ``round(uniform / q) * q``.

    Parameters
    ----------
    label : str
    low, high : float
    q : int
        The step.

    Returns
    -------
    Apply
        The objective gets an int.

    Raises
    ------
    InvalidLabel, InvalidDistribution
        If the label is no string, or an argument is missing, or is not what is said above.

    Notes
    -----
    Where the bounds are multiples of `q` they have half the chance of the values between.

    Examples
    --------
    >>> from minopt import hp
    >>> from minopt.pyll.stochastic import sample
    >>> sample(hp.uniformint("layers", 1, 4), rng=0)
    3
    """
    numbers = list(args)
    if len(numbers) == 3 and "q" not in kwargs:
        kwargs["q"] = numbers.pop()
    with naming(label):
        kwargs["q"] = _whole_step(kwargs.get("q", 1.0))
    node = _parameter("quniform", label, numbers, kwargs, called="uniformint")
    return scope.int(scope.float(node))


@_takes("low", "high", "q")
@validate_label
def hp_quniform(label: Any, *args: Any, **kwargs: Any) -> Apply:
    """Draw ``round(uniform(low, high) / q) * q``.

    Parameters
    ----------
    label : str
    low, high : float
    q : float > 0

    Returns
    -------
    Apply
        The objective gets a float: for an int see `hp.uniformint`.

    Raises
    ------
    InvalidLabel, InvalidDistribution
        If the label is no string, or an argument is missing, or is not what is said above.

    Examples
    --------
    >>> from minopt import hp
    >>> from minopt.pyll.stochastic import sample
    >>> sample(hp.quniform("batch", 16, 128, 16), rng=0)
    80.0
    """
    return scope.float(_parameter("quniform", label, args, kwargs))


@_takes("low", "high")
@validate_label
def hp_loguniform(label: Any, *args: Any, **kwargs: Any) -> Apply:
    """Draw ``exp(uniform(low, high))``.

    Parameters
    ----------
    label : str
    low, high : float
        The natural logarithms of the smallest and the largest value.

    Returns
    -------
    Apply
        The objective gets a float between ``exp(low)`` and ``exp(high)``.

    Raises
    ------
    InvalidLabel, InvalidDistribution
        If the label is no string, or an argument is missing, or is not what is said above.

    Examples
    --------
    >>> import math
    >>> from minopt import hp
    >>> from minopt.pyll.stochastic import sample
    >>> 1e-5 <= sample(hp.loguniform("rate", math.log(1e-5), math.log(1)), rng=0) <= 1
    True
    """
    return scope.float(_parameter("loguniform", label, args, kwargs))


@_takes("low", "high", "q")
@validate_label
def hp_qloguniform(label: Any, *args: Any, **kwargs: Any) -> Apply:
    """Draw ``round(exp(uniform(low, high)) / q) * q``.

    Parameters
    ----------
    label : str
    low, high : float
        The natural logarithms of the smallest and the largest value.
    q : float > 0

    Returns
    -------
    Apply
        The objective gets a float.

    Raises
    ------
    InvalidLabel, InvalidDistribution
        If the label is no string, or an argument is missing, or is not what is said above.

    Examples
    --------
    >>> import math
    >>> from minopt import hp
    >>> from minopt.pyll.stochastic import sample
    >>> sample(hp.qloguniform("units", math.log(8), math.log(512), 8), rng=0)
    112.0
    """
    return scope.float(_parameter("qloguniform", label, args, kwargs))


@_takes("mu", "sigma")
@validate_label
def hp_normal(label: Any, *args: Any, **kwargs: Any) -> Apply:
    """Draw from the normal law.

    Parameters
    ----------
    label : str
    mu : float
        The mean.
    sigma : float > 0
        The standard deviation.

    Returns
    -------
    Apply
        The objective gets a float, without bounds.

    Raises
    ------
    InvalidLabel, InvalidDistribution
        If the label is no string, or an argument is missing, or is not what is said above.

    Examples
    --------
    >>> from minopt import hp
    >>> from minopt.pyll.stochastic import sample
    >>> isinstance(sample(hp.normal("x", 0, 1), rng=0), float)
    True
    """
    return scope.float(_parameter("normal", label, args, kwargs))


@_takes("mu", "sigma", "q")
@validate_label
def hp_qnormal(label: Any, *args: Any, **kwargs: Any) -> Apply:
    """Draw ``round(normal(mu, sigma) / q) * q``.

    Parameters
    ----------
    label : str
    mu : float
    sigma, q : float > 0

    Returns
    -------
    Apply
        The objective gets a float, without bounds.

    Raises
    ------
    InvalidLabel, InvalidDistribution
        If the label is no string, or an argument is missing, or is not what is said above.

    Examples
    --------
    >>> from minopt import hp
    >>> from minopt.pyll.stochastic import sample
    >>> sample(hp.qnormal("x", 100, 20, 5), rng=0)
    105.0
    """
    return scope.float(_parameter("qnormal", label, args, kwargs))


@_takes("mu", "sigma")
@validate_label
def hp_lognormal(label: Any, *args: Any, **kwargs: Any) -> Apply:
    """Draw ``exp(normal(mu, sigma))``.

    Parameters
    ----------
    label : str
    mu : float
        The mean of the natural logarithm.
    sigma : float > 0
        The standard deviation of the natural logarithm.

    Returns
    -------
    Apply
        The objective gets a float > 0.

    Raises
    ------
    InvalidLabel, InvalidDistribution
        If the label is no string, or an argument is missing, or is not what is said above.

    Examples
    --------
    >>> from minopt import hp
    >>> from minopt.pyll.stochastic import sample
    >>> sample(hp.lognormal("scale", 0, 1), rng=0) > 0
    True
    """
    return scope.float(_parameter("lognormal", label, args, kwargs))


@_takes("mu", "sigma", "q")
@validate_label
def hp_qlognormal(label: Any, *args: Any, **kwargs: Any) -> Apply:
    """Draw ``round(exp(normal(mu, sigma)) / q) * q``.

    Parameters
    ----------
    label : str
    mu : float
        The mean of the natural logarithm.
    sigma : float > 0
        The standard deviation of the natural logarithm.
    q : float > 0

    Returns
    -------
    Apply
        The objective gets a float >= 0.

    Raises
    ------
    InvalidLabel, InvalidDistribution
        If the label is no string, or an argument is missing, or is not what is said above.

    Examples
    --------
    >>> import math
    >>> from minopt import hp
    >>> from minopt.pyll.stochastic import sample
    >>> sample(hp.qlognormal("units", math.log(64), 1, 8), rng=0)
    72.0
    """
    return scope.float(_parameter("qlognormal", label, args, kwargs))


def holds_whole_numbers(node: Apply) -> bool:
    """Tell whether a random node comes from `hp.uniformint`, whose values are held as ints."""
    return any(
        key == "q" and isinstance(arg, Literal) and isinstance(arg.obj, WholeStep)
        for key, arg in node.named_args
    )


def _parameter(
    law: str, label: Any, args: Sequence[Any], kwargs: Mapping[str, Any], called: str = ""
) -> Apply:
    with naming(label, law, called):
        check_numbers(law, args, kwargs)
    node: Apply = scope.hyperopt_param(plain_label(label), getattr(scope, law)(*args, **kwargs))
    return node


def _switch(index: Apply, options: Sequence[Any]) -> Apply:
    node: Apply = scope.switch(index, *options)
    return node


def _only(called: str, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Return the only argument beside the label."""
    given = [*args, *kwargs.values()]
    if len(given) != 1 or any(key != name for key in kwargs):
        shown = ", ".join([*map(repr, args), *(f"{k}={v!r}" for k, v in kwargs.items())])
        raise InvalidDistributionType(
            f"{called} takes a label and {name}, got {shown or 'the label only'}"
        )
    return given[0]


def _whole_step(q: Any) -> Any:
    value = number_or_node(q)
    if isinstance(value, Apply):
        raise InvalidDistributionType(
            "uniformint needs a number as q; for a step that is an expression write "
            "scope.int(hp.quniform(...))"
        )
    if checked_whole("uniformint", "q", value) <= 0:
        raise InvalidDistribution(f"uniformint needs q > 0, got q={q!r}")
    return WholeStep(value)
