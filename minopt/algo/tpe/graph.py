"""TPE as a rewriting of graphs, for code that builds on hyperopt's pieces.

`suggest` does not use this. Each function of `adaptive_parzen_samplers` takes the observations of
a parameter and the arguments of its law, all nodes, and returns the node of a draw from the
estimator; ``scope.<name>_lpdf`` is its log-density.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minopt.algo.tpe.mixture import EPS
from minopt.algo.tpe.parzen import DEFAULT_LF
from minopt.pyll.nodes import Apply, Literal, as_apply
from minopt.pyll.symbols import scope
from minopt.pyll.walk import dfs

Sampler = Callable[..., Apply]

adaptive_parzen_samplers: dict[str, Sampler] = {}


def adaptive_parzen_sampler(name: str) -> Callable[[Sampler], Sampler]:
    """Register the function that makes the estimator of the law `name`."""

    def register(sampler: Sampler) -> Sampler:
        if name in adaptive_parzen_samplers:
            raise ValueError(f"there is a sampler for {name!r} already")
        adaptive_parzen_samplers[name] = sampler
        return sampler

    return register


def _flat_components(obs: Any, prior_weight: Any, low: Any, high: Any) -> Any:
    mean, width = 0.5 * (high + low), 1.0 * (high - low)
    return scope.adaptive_parzen_normal(obs, prior_weight, mean, width)


@adaptive_parzen_sampler("uniform")
def ap_uniform_sampler(
    obs: Any, prior_weight: Any, low: Any, high: Any, size: Any = (), rng: Any = None
) -> Any:
    """Return a draw from the estimator of ``uniform(low, high)``."""
    weights, mus, sigmas = _flat_components(obs, prior_weight, low, high)
    return scope.GMM1(weights, mus, sigmas, low=low, high=high, q=None, size=size, rng=rng)


@adaptive_parzen_sampler("quniform")
def ap_quniform_sampler(
    obs: Any, prior_weight: Any, low: Any, high: Any, q: Any, size: Any = (), rng: Any = None
) -> Any:
    """Return a draw from the estimator of ``quniform(low, high, q)``."""
    weights, mus, sigmas = _flat_components(obs, prior_weight, low, high)
    return scope.GMM1(weights, mus, sigmas, low=low, high=high, q=q, size=size, rng=rng)


@adaptive_parzen_sampler("loguniform")
def ap_loguniform_sampler(
    obs: Any, prior_weight: Any, low: Any, high: Any, size: Any = (), rng: Any = None
) -> Any:
    """Return a draw from the estimator of ``loguniform(low, high)``."""
    weights, mus, sigmas = _flat_components(scope.log(obs), prior_weight, low, high)
    return scope.LGMM1(weights, mus, sigmas, low=low, high=high, size=size, rng=rng)


@adaptive_parzen_sampler("qloguniform")
def ap_qloguniform_sampler(
    obs: Any, prior_weight: Any, low: Any, high: Any, q: Any, size: Any = (), rng: Any = None
) -> Any:
    """Return a draw from the estimator of ``qloguniform(low, high, q)``."""
    log_obs = scope.log(scope.maximum(obs, scope.maximum(EPS, scope.exp(low))))
    weights, mus, sigmas = _flat_components(log_obs, prior_weight, low, high)
    return scope.LGMM1(weights, mus, sigmas, low, high, q=q, size=size, rng=rng)


@adaptive_parzen_sampler("normal")
def ap_normal_sampler(
    obs: Any, prior_weight: Any, mu: Any, sigma: Any, size: Any = (), rng: Any = None
) -> Any:
    """Return a draw from the estimator of ``normal(mu, sigma)``."""
    weights, mus, sigmas = scope.adaptive_parzen_normal(obs, prior_weight, mu, sigma)
    return scope.GMM1(weights, mus, sigmas, size=size, rng=rng)


@adaptive_parzen_sampler("qnormal")
def ap_qnormal_sampler(
    obs: Any, prior_weight: Any, mu: Any, sigma: Any, q: Any, size: Any = (), rng: Any = None
) -> Any:
    """Return a draw from the estimator of ``qnormal(mu, sigma, q)``."""
    weights, mus, sigmas = scope.adaptive_parzen_normal(obs, prior_weight, mu, sigma)
    return scope.GMM1(weights, mus, sigmas, q=q, size=size, rng=rng)


@adaptive_parzen_sampler("lognormal")
def ap_loglognormal_sampler(
    obs: Any, prior_weight: Any, mu: Any, sigma: Any, size: Any = (), rng: Any = None
) -> Any:
    """Return a draw from the estimator of ``lognormal(mu, sigma)``."""
    weights, mus, sigmas = scope.adaptive_parzen_normal(scope.log(obs), prior_weight, mu, sigma)
    return scope.LGMM1(weights, mus, sigmas, size=size, rng=rng)


@adaptive_parzen_sampler("qlognormal")
def ap_qlognormal_sampler(
    obs: Any, prior_weight: Any, mu: Any, sigma: Any, q: Any, size: Any = (), rng: Any = None
) -> Any:
    """Return a draw from the estimator of ``qlognormal(mu, sigma, q)``."""
    log_obs = scope.log(scope.maximum(obs, EPS))
    weights, mus, sigmas = scope.adaptive_parzen_normal(log_obs, prior_weight, mu, sigma)
    return scope.LGMM1(weights, mus, sigmas, q=q, size=size, rng=rng)


@adaptive_parzen_sampler("randint")
def ap_randint_sampler(
    obs: Any,
    prior_weight: Any,
    low: Any,
    high: Any = None,
    size: Any = (),
    rng: Any = None,
    LF: int = DEFAULT_LF,
) -> Any:
    """Return a draw from the estimator of ``randint(low, high)``, counted from 0."""
    n_values, offset = (low, Literal(0)) if high is None else (high - low, low)
    weights = scope.linear_forgetting_weights(scope.len(obs), LF=LF)
    counts = scope.bincount(obs, offset=offset, minlength=n_values, weights=weights)
    pseudocounts = counts + prior_weight
    p = pseudocounts / scope.sum(pseudocounts)
    return scope.randint_via_categorical(p, size=size, rng=rng)


@adaptive_parzen_sampler("categorical")
def ap_categorical_sampler(
    obs: Any, prior_weight: Any, p: Any, size: Any = (), rng: Any = None, LF: int = DEFAULT_LF
) -> Any:
    """Return a draw from the estimator of ``categorical(p)``."""
    weights = scope.linear_forgetting_weights(scope.len(obs), LF=LF)
    counts = scope.bincount(obs, p=p, weights=weights)
    pseudocounts = scope.tpe_cat_pseudocounts(counts, prior_weight, p, size)
    return scope.categorical(pseudocounts, size=size, rng=rng)


def build_posterior(
    specs: Any,
    prior_idxs: dict[str, Apply],
    prior_vals: dict[str, Apply],
    obs_idxs: Any,
    obs_vals: Any,
    obs_loss_idxs: Apply,
    obs_loss_vals: Apply,
    oloss_gamma: Apply,
    prior_weight: Apply,
) -> tuple[dict[str, Apply], dict[str, Apply]]:
    """Copy the graph of the prior draws with every random node replaced by the best candidate.

    Parameters
    ----------
    specs : Apply
        The vectorised space.
    prior_idxs, prior_vals : dict from label to Apply
        The trials in which a parameter is active, and its draw there.
    obs_idxs, obs_vals : Apply
        Nodes that will hold dicts from label to trial ids and observed values.
    obs_loss_idxs, obs_loss_vals : Apply
        Nodes that will hold trial ids and losses.
    oloss_gamma, prior_weight : Apply

    Returns
    -------
    post_idxs, post_vals : dict from label to Apply
    """
    observations = {}
    for label, draw in prior_vals.items():
        observations[draw] = scope.ap_split_trials(
            obs_idxs[label], obs_vals[label], obs_loss_idxs, obs_loss_vals, oloss_gamma
        )
    copies: dict[Apply, Apply] = {}
    for node in dfs(as_apply([specs, prior_idxs, prior_vals])):
        inputs = [copies[arg] for arg in node.inputs()]
        if node in observations:
            below, above = observations[node]
            copies[node] = _best_candidate(node, copies, below, above, prior_weight)
        elif isinstance(node, Literal):
            copies[node] = node
        else:
            copies[node] = node.clone_from_inputs(inputs)
    post_idxs = {label: copies[idxs] for label, idxs in prior_idxs.items()}
    post_vals = {label: copies[draw] for label, draw in prior_vals.items()}
    return post_idxs, post_vals


def _best_candidate(
    node: Apply, copies: dict[Apply, Apply], below: Apply, above: Apply, prior_weight: Apply
) -> Any:
    sampler = adaptive_parzen_samplers[node.name]
    args = [copies[arg] for arg in node.pos_args]
    kwargs = {keyword: copies[arg] for keyword, arg in node.named_args}
    good = sampler(below, prior_weight, *args, **kwargs)
    rest = sampler(above, prior_weight, *args, **kwargs)
    log_density = getattr(scope, good.name + "_lpdf")

    def density_of(estimate: Apply) -> Any:
        named = {key: arg for key, arg in estimate.named_args if key not in ("rng", "size")}
        return log_density(good, *estimate.pos_args, **named)

    return scope.broadcast_best(good, density_of(good), density_of(rest))


def build_posterior_wrapper(
    domain: Any, prior_weight: float, gamma: float
) -> tuple[dict[str, Apply], dict[str, Apply], tuple[dict[str, Apply], dict[str, Apply]]]:
    """Build the posterior of a domain over placeholders.

    Returns
    -------
    observed, observed_loss : dict with ``idxs`` and ``vals``
        The nodes to fill in through the memo of `rec_eval`.
    posterior : pair of dicts from label to Apply
    """
    observed: dict[str, Apply] = {"idxs": Literal(), "vals": Literal()}
    observed_loss: dict[str, Apply] = {"idxs": Literal(), "vals": Literal()}
    posterior = build_posterior(
        domain.vh.v_expr,
        domain.vh.idxs_by_label(),
        domain.vh.vals_by_label(),
        observed["idxs"],
        observed["vals"],
        observed_loss["idxs"],
        observed_loss["vals"],
        Literal(gamma),
        Literal(float(prior_weight)),
    )
    return observed, observed_loss, posterior
