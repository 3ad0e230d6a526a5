"""hyperas: a model template with its parameters in double braces, written out and minimised."""

import sys
import types

# hyperas 0.4.1 asks Keras for a function that Keras no longer has, and uses it nowhere here
keras, models = types.ModuleType("keras"), types.ModuleType("keras.models")
models.model_from_yaml = None
keras.models = models
sys.modules.update({"keras": keras, "keras.models": models})

import hyperopt  # noqa: E402
from hyperas import optim  # noqa: E402
from hyperas.distributions import choice, uniform  # noqa: E402
from hyperopt import STATUS_OK, Trials, tpe  # noqa: E402


def data():
    import numpy as np

    x = np.arange(10.0)
    y = 3 * x
    return x, y


def create_model(x, y):
    from hyperopt import STATUS_OK

    slope = {{uniform(-5, 5)}}
    kind = {{choice(["a", "b"])}}
    loss = float(((slope * x - y) ** 2).mean()) + (kind == "b")
    return {"loss": loss, "status": STATUS_OK, "model": slope}


if __name__ == "__main__":
    trials = Trials()
    best, model = optim.minimize(
        model=create_model, data=data, algo=tpe.suggest, max_evals=30, trials=trials, verbose=False
    )
    assert trials.statuses() == [STATUS_OK] * 30
    assert best["slope"] == model
    print(hyperopt.__name__, len(trials))
