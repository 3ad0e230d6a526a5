"""What a script defines in `scope` reaches the processes that run its trials."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import cloudpickle
import pytest

import minopt
from minopt import Domain, fmin, hp, rand
from minopt.pyll import rec_eval, scope

ROOT = Path(minopt.__file__).resolve().parent.parent


def in_fresh_python(tmp_path, code):
    """Run a script that has not looked into `scope` before, and return what it prints."""
    script = tmp_path / "script.py"
    script.write_text("from minopt import fmin, hp, rand\nfrom minopt.pyll import scope\n" + code)
    done = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    "copied",
    ["pickle.loads(pickle.dumps(scope))", "copy.deepcopy(scope)", "copy.copy(scope)"],
)
def test_there_is_one_scope_however_it_is_copied(tmp_path, copied):
    code = f"import copy, pickle\nprint({copied} is scope)"
    assert in_fresh_python(tmp_path, code) == "True"


@pytest.mark.parametrize(
    "first", ["", "import threading\nlock = threading.Lock()\nscope.define(lambda x: lock and x)\n"]
)
def test_an_objective_may_mention_the_scope_even_if_it_holds_what_cannot_travel(tmp_path, first):
    code = """
def objective(x):
    return x if scope.int else None
if __name__ == "__main__":
    best = fmin(objective, hp.uniform("x", 1, 2), rand.suggest, 2, n_jobs=2, verbose=False)
    print(1 <= best["x"] < 2)
"""
    assert in_fresh_python(tmp_path, first + code) == "True"


def test_symbols_of_a_script_are_known_to_its_workers(tmp_path):
    code = """
@scope.define_info(o_len=2)
def twice(x):
    return x, x
@scope.define
def third(x):
    return x / 3
def objective(pair):
    return sum(pair) + 1
if __name__ == "__main__":
    space = [scope.third(part) for part in scope.twice(hp.uniform("x", 3, 6))]
    space[0] = scope.partial("third")(space[0])
    best = fmin(objective, space, rand.suggest, 3, n_jobs=2, verbose=False)
    print(3 <= best["x"] < 6)
"""
    assert in_fresh_python(tmp_path, code) == "True"


@pytest.fixture
def tripled():
    @scope.define
    def tripled(x):
        return 3 * x

    yield tripled
    scope.undefine("tripled")


def test_a_domain_brings_its_symbols_where_they_are_not_there(tripled):
    data = cloudpickle.dumps(Domain(lambda x: x, scope.tripled(hp.uniform("x", 0, 1))))
    scope.undefine("tripled")
    domain = pickle.loads(data)
    assert domain.point({"x": 2.0}) == 6.0
    assert rec_eval(scope.tripled(3)) == 9


def test_symbols_that_are_there_stay_as_they_are(tripled):
    domain = copy.deepcopy(Domain(abs, scope.tripled(hp.uniform("x", 0, 1))))
    assert scope._impls["tripled"] is tripled
    assert domain.point({"x": 2.0}) == 6.0


def test_a_symbol_that_came_with_an_older_domain_is_replaced(tripled):
    older = cloudpickle.dumps(Domain(abs, scope.tripled(hp.uniform("x", 0, 1))))
    scope.undefine("tripled")

    @scope.define
    def tripled(x):
        return 30 * x

    newer = cloudpickle.dumps(Domain(abs, scope.tripled(hp.uniform("x", 0, 1))))
    scope.undefine("tripled")
    factors = [pickle.loads(data).point({"x": 1.0}) for data in (older, newer, older)]
    assert factors == [3.0, 30.0, 3.0]


def test_a_symbol_travels_under_its_name_in_the_scope(tripled):
    tripled.__name__ = "add"
    data = cloudpickle.dumps(Domain(abs, scope.tripled(hp.uniform("x", 0, 1))))
    tripled.__name__ = "tripled"
    scope.undefine("tripled")
    assert pickle.loads(data).point({"x": 1.0}) == 3.0
    assert scope._impls["add"](1, 2) == 3


def test_a_symbol_that_cannot_travel_is_named_where_it_is_missing():
    lock = threading.Lock()

    @scope.define
    def locked(x):
        return lock and x

    try:
        with pytest.raises(NameError, match=r"applies 'locked'.* in this process; define it in a"):
            fmin(
                lambda x: x,
                scope.locked(hp.uniform("x", 0, 1)),
                rand.suggest,
                1,
                executor="processes",
                verbose=False,
            )
    finally:
        scope.undefine("locked")
