"""A small Keras network for the wine data: the size of its layer and its learning rate.

Run it with ``python docs/examples/wine_keras.py`` (needs Keras 3, PyTorch, scikit-learn and
matplotlib).
"""

from __future__ import annotations

import os
from timeit import default_timer as timer

os.environ.setdefault("KERAS_BACKEND", "torch")  # Keras reads it when it is imported

import keras
import numpy as np
from keras.layers import Dense, Input
from keras.models import Sequential
from keras.optimizers import Adam
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

LAYER_SIZES = np.arange(5, 26, 5)

SPACE = {
    "layer_size": hp.choice("layer_size", LAYER_SIZES),
    "learning_rate": hp.loguniform("learning_rate", -10, 0),
}


def train(features, labels, params, epochs):
    """Train a network with one hidden layer."""
    keras.utils.set_random_seed(0)
    model = Sequential(
        [
            Input((13,)),
            Dense(units=params["layer_size"], activation="relu"),
            Dense(units=3, activation="softmax"),
        ]
    )
    model.compile(
        loss="categorical_crossentropy",
        optimizer=Adam(learning_rate=params["learning_rate"]),
        metrics=["accuracy"],
    )
    model.fit(features, labels, epochs=epochs, batch_size=32, verbose=0)
    return model


def main():
    options = options_of(__doc__)
    epochs = 3 if options.short else 50

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
        rstate=np.random.default_rng(0),
    )
    params = space_eval(SPACE, best)
    print("best, by label:", best)
    print("as the objective got it:", params)
    print("the first two results:", trials.results[:2])
    print("the first trial:", trials.trials[0])

    model = train(X_rest, y_rest, params, epochs)
    print("accuracy on the test data:", accuracy_of(model, X_test, y_test))

    save(
        accuracy_by_iteration(trials, "Wine, one layer"),
        options.pictures / "wine_keras_iterations.png",
    )
    figure = accuracy_by_parameter(
        trials, "Wine, one layer", {"layer_size": LAYER_SIZES}, log=["learning_rate"]
    )
    save(figure, options.pictures / "wine_keras_parameters.png")


if __name__ == "__main__":
    main()
