"""The list of entries: what each is called, which library it needs and which adapter runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module, util

from benchmarks.problems.space import Config, Space

Objective = Callable[[Config], float]
# minimise(space, objective, evaluations, seed): asks the objective that many times
Runner = Callable[[Space, Objective, int, int], None]


class Missing(Exception):
    """An entry cannot take part here; the message says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One way of searching."""

    name: str
    library: str  # the module that must be there
    adapter: str  # a module of this package with ``prepare(library, setting) -> Runner``
    setting: str = ""
    environment: str = ""  # the folder of its own environment; empty: runs where the benchmark runs
    packages: tuple[str, ...] = ()  # whose versions are noted
    seeds: int = 20  # in the full run; fewer where a trial costs much
    evaluations: int = 200

    def prepare(self) -> Runner:
        """The runner, or :class:`Missing` with the reason."""
        if util.find_spec(self.library) is None:
            raise Missing(f"the package {self.library!r} is not installed")
        try:
            return import_module(f"benchmarks.quality.entries.{self.adapter}").prepare(
                self.library, self.setting
            )
        except (ImportError, AttributeError) as reason:
            raise Missing(f"{type(reason).__name__}: {reason}") from reason


def _hyperopt(algorithm: str, **changed: int) -> Entry:
    return Entry(
        f"hyperopt-{algorithm}",
        "hyperopt",
        "hyperopt_like",
        algorithm,
        "hyperopt",
        ("hyperopt", "numpy", "scipy", "lightgbm"),
        **changed,
    )


def _optuna(name: str, setting: str, **changed: int) -> Entry:
    packages = ("optuna", "numpy", "scipy", "torch", "cmaes")
    return Entry(name, "optuna", "optuna_study", setting, "optuna", packages, **changed)


ENTRIES = {
    entry.name: entry
    for entry in (
        *(
            Entry(
                f"minopt-{algorithm}", "minopt", "hyperopt_like", algorithm, "", ("numpy", "scipy")
            )
            for algorithm in ("rand", "tpe", "anneal", "mix", "atpe")
        ),
        _hyperopt("rand"),
        _hyperopt("tpe"),
        _hyperopt("anneal"),
        _hyperopt("mix"),
        _hyperopt("atpe", seeds=3),
        _optuna("optuna", "default"),
        _optuna("optuna-random", "random"),
        _optuna("optuna-cmaes", "cmaes"),
        _optuna("optuna-gp", "gp", seeds=3, evaluations=100),
        Entry(
            "nevergrad", "nevergrad", "nevergrad_ask", "NGOpt", "nevergrad", ("nevergrad", "numpy")
        ),
        Entry(
            "smac",
            "smac",
            "smac_facade",
            "",
            "smac",
            ("smac", "ConfigSpace", "numpy"),
            seeds=3,
            evaluations=100,
        ),
        Entry(
            "skopt-gp",
            "skopt",
            "skopt_ask",
            "GP",
            "skopt",
            ("scikit-optimize", "numpy"),
            seeds=3,
            evaluations=100,
        ),
        Entry(
            "skopt-forest",
            "skopt",
            "skopt_ask",
            "ET",
            "skopt",
            ("scikit-optimize", "numpy"),
            seeds=3,
            evaluations=100,
        ),
        Entry(
            "ax",
            "ax",
            "ax_client",
            "",
            "ax",
            ("ax-platform", "botorch", "torch"),
            seeds=2,
            evaluations=50,
        ),
        Entry(
            "hebo",
            "hebo",
            "hebo_ask",
            "",
            "hebo",
            ("HEBO", "torch", "numpy"),
            seeds=2,
            evaluations=50,
        ),
    )
}
