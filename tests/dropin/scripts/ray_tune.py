"""Ray Tune's HyperOptSearch: converts a space, suggests, learns, saves and restores."""

import sys
import tempfile
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

import hyperopt  # noqa: E402
from ray import tune  # noqa: E402
from ray.tune.search.hyperopt import HyperOptSearch  # noqa: E402

SPACE = {
    "rate": tune.loguniform(1e-5, 1e-1),
    "whole": tune.randint(1, 10),
    "kind": tune.choice(["a", "b", {"inner": tune.uniform(0, 1)}]),
    "stepped": tune.quniform(0, 10, 0.5),
    "stepped_rate": tune.qloguniform(2, 100, 2),
    "bell": tune.randn(0, 1),
    "stepped_bell": tune.qrandn(0, 1, 0.5),
    "log_whole": tune.lograndint(1, 100),
}
FIRST = {
    "rate": 1e-3,
    "whole": 3,
    "kind": "a",
    "stepped": 2.0,
    "stepped_rate": 10,
    "bell": 0.0,
    "stepped_bell": 0.5,
    "log_whole": 5,
}


def searcher(**settings):
    return HyperOptSearch(
        HyperOptSearch.convert_search_space(SPACE),
        metric="loss",
        mode="min",
        n_initial_points=5,
        random_state_seed=1,
        **settings,
    )


search = searcher(points_to_evaluate=[FIRST])
for number in range(40):
    trial = f"trial{number}"
    config = search.suggest(trial)
    if number == 0:
        assert config["rate"] == 1e-3, config
    assert type(config["whole"]) is int, config
    loss = abs(config["rate"] - 0.01) + abs(config["whole"] - 4)
    search.on_trial_result(trial, {"loss": loss, "training_iteration": 1})
    search.on_trial_complete(trial, {"loss": loss}, error=number % 13 == 12)

path = str(Path(tempfile.mkdtemp()) / "search.pkl")
search.save(path)
expected = search.suggest("next")
again = searcher()
again.restore(path)
assert again.suggest("next") == expected
print(hyperopt.__name__, len(search._hpopt_trials.trials), file=sys.stdout)
