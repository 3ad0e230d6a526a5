"""The wine data, scaled and parted, and the scoring of a network: for the two Keras examples."""

from __future__ import annotations

from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder

wine = load_wine()
X = MinMaxScaler().fit_transform(wine.data)
y = OneHotEncoder(sparse_output=False).fit_transform(wine.target.reshape(-1, 1))

X_rest, X_test, y_rest, y_test = train_test_split(X, y, stratify=y, random_state=0)
X_train, X_valid, y_train, y_valid = train_test_split(
    X_rest, y_rest, stratify=y_rest, random_state=0
)


def accuracy_of(model, features, labels):
    """Return the share of right answers."""
    return model.evaluate(features, labels, verbose=0)[1]
