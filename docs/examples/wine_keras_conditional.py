"""A conditional space for a Keras network: which optimizer, one layer or two, how large a batch.

Every optimizer has parameters of its own, and the second layer has a size only where there is a
second layer. The size of a batch is a power of two, through a function of our own in the space.
Run it with ``python docs/examples/wine_keras_conditional.py`` (needs Keras 3, PyTorch,
scikit-learn and matplotlib).
"""

from __future__ import annotations

import os
from timeit import default_timer as timer

os.environ.setdefault("KERAS_BACKEND", "torch")  # Keras reads it when it is imported

import keras
import numpy as np
from keras.layers import Dense, Input
from keras.models import Sequential
from keras.optimizers import SGD, Adam
from showing import accuracy_by_iteration, accuracy_by_parameter, options_of, save
from wine_data import (
    X_rest,
    X_test,
    X_train,
    X_valid,
    accuracy_of,
    y_rest,
    y_test,
    y_train,
    y_valid,
)

from minopt import STATUS_OK, Trials, fmin, hp, space_eval, tpe
from minopt.pyll import scope
from minopt.pyll.stochastic import sample

LAYER_SIZES = np.arange(5, 26, 5)


@scope.define
def power_of_two(a):
    """Return two to the power of `a`."""
    return 2.0**a


OPTIMIZER = hp.choice(
    "name",
    [
        {
            "name": "adam",
            "learning_rate": hp.loguniform("learning_rate_adam", -10, 0),
        },
        {
            "name": "sgd",
            "learning_rate": hp.loguniform("learning_rate_sgd", -15, 1),
            "momentum": hp.uniform("momentum", 0, 1.0),
        },
    ],
)

SECOND_LAYER = hp.choice(
    "second_layer",
    [
        {"include": False},
        {"include": True, "layer_size": hp.choice("layer_size", LAYER_SIZES)},
    ],
)

SPACE = {
    "optimizer": OPTIMIZER,
    "second_layer": SECOND_LAYER,
    "layer_1_size": hp.choice("layer_1_size", LAYER_SIZES),
    "batch_size": scope.power_of_two(hp.quniform("batch_size", 0, 8, q=1)),
}


def optimizer_of(params):
    """Make the optimizer that the point names."""
    if params["name"] == "adam":
        return Adam(learning_rate=params["learning_rate"])
    return SGD(learning_rate=params["learning_rate"], momentum=params["momentum"])


def train(features, labels, params, epochs):
    """Train the network that the point describes."""
    keras.utils.set_random_seed(0)
    model = Sequential()
    model.add(Input((13,)))
    model.add(Dense(units=params["layer_1_size"], activation="relu"))
    if params["second_layer"]["include"]:
        model.add(Dense(units=params["second_layer"]["layer_size"], activation="relu"))
    model.add(Dense(units=3, activation="softmax"))
    model.compile(
        loss="categorical_crossentropy",
        optimizer=optimizer_of(params["optimizer"]),
        metrics=["accuracy"],
    )
    batch_size = int(params["batch_size"])
    model.fit(features, labels, epochs=epochs, batch_size=batch_size, verbose=0)
    return model


def main():
    options = options_of(__doc__)
    epochs = 2 if options.short else 30

    print("Three points drawn from the space:")
    rng = np.random.default_rng(0)
    for _ in range(3):
        print("   ", sample(SPACE, rng))

    def objective(params):
        start = timer()
        model = train(X_train, y_train, params, epochs)
        train_time = timer() - start
        accuracy = accuracy_of(model, X_valid, y_valid)
        keras.backend.clear_session()
        return {"loss": -accuracy, "status": STATUS_OK, "train_time": train_time}

    trials = Trials()
    best = fmin(
        objective,
        SPACE,
        algo=tpe.suggest,
        max_evals=4 if options.short else 50,
        trials=trials,
        rstate=rng,
    )
    params = space_eval(SPACE, best)
    print("best, by label:", best)
    print("as the objective got it:", params)

    model = train(X_rest, y_rest, params, epochs)
    print("accuracy on the test data:", accuracy_of(model, X_test, y_test))

    save(
        accuracy_by_iteration(trials, "Wine, conditional space"),
        options.pictures / "wine_conditional_iterations.png",
    )
    figure = accuracy_by_parameter(
        trials,
        "Wine, conditional space",
        {
            "name": ["adam", "sgd"],
            "second_layer": ["no", "yes"],
            "layer_1_size": LAYER_SIZES,
            "layer_size": LAYER_SIZES,
        },
        log=["learning_rate_adam", "learning_rate_sgd"],
    )
    save(figure, options.pictures / "wine_conditional_parameters.png")


if __name__ == "__main__":
    main()
