"""What `import minopt` offers, and what it loads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from pathlib import Path

import hyperopt
import pytest

import minopt

ROOT = Path(minopt.__file__).parent.parent
GUESTS = (
    *("scipy", "networkx", "tqdm", "cloudpickle", "pandas", "polars", "matplotlib", "sklearn"),
    *("torch", "pymongo", "bson", "hyperopt", "optuna", "importlib.metadata", "asyncio"),
    *("concurrent.futures", "multiprocessing", "unittest", "sqlite3", "sqlalchemy"),
)


def in_fresh_python(program):
    """Run a program in a new process, and return what it prints as JSON."""
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
    )
    assert done.stderr == ""
    return json.loads(done.stdout)


def loaded_by(statement):
    return in_fresh_python(
        f"import json, sys; import numpy.random; before = set(sys.modules); {statement}\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )


@pytest.mark.parametrize(
    "statement", ["import minopt", "from minopt import fmin, hp, rand, Trials, STATUS_OK"]
)
def test_importing_loads_numpy_and_little_else(statement):
    loaded = loaded_by(statement)
    guests = [name for name in loaded if name.startswith(GUESTS)]
    assert guests == []
    assert {name.partition(".")[0] for name in loaded} <= {
        "minopt",
        "numpy",
        *sys.stdlib_module_names,
    }


def test_importing_loads_few_modules():
    assert len(loaded_by("import minopt")) < 120


def test_importing_tpe_does_not_load_scipy_yet():
    assert [n for n in loaded_by("from minopt import tpe") if n.startswith("scipy")] == []


def test_importing_takes_at_most_45_megabytes():
    peak = in_fresh_python(
        "import minopt, json, re, pathlib\n"
        "status = pathlib.Path('/proc/self/status')\n"
        "text = status.read_text() if status.exists() else 'VmHWM: 0'\n"
        "print(json.dumps(int(re.search(r'VmHWM:\\s+(\\d+)', text)[1])))"
    )
    assert peak <= 45 * 1024


def test_importing_adds_no_handlers_and_draws_nothing_from_the_global_stream():
    assert in_fresh_python(
        "import json, logging, random, numpy\n"
        "states = random.getstate(), repr(numpy.random.get_state(legacy=False))\n"
        "import minopt, minopt.base, minopt.tpe, minopt.utils, minopt.progress\n"
        "loggers = [logging.root, *map(logging.getLogger, logging.root.manager.loggerDict)]\n"
        "again = random.getstate(), repr(numpy.random.get_state(legacy=False))\n"
        "print(json.dumps([sum(len(l.handlers) for l in loggers), states == again]))"
    ) == [0, True]


def test_fmin_is_the_function_and_the_module_stays_importable():
    assert in_fresh_python(
        "import minopt, minopt.fmin, sys, json\n"
        "from minopt.fmin import FMinIter, fmin\n"
        "import minopt.fmin as again\n"
        "print(json.dumps([callable(minopt.fmin), minopt.fmin is fmin, again is fmin, "
        "type(sys.modules['minopt.fmin']).__name__, FMinIter.__module__]))"
    ) == [True, True, True, "module", "minopt.fmin"]


def public(module):
    return {name for name in vars(module) if not name.startswith("_")}


# Modules of hyperopt that come with later issues.
LATER = {"atpe", "atpe_models", "spark", "SparkTrials", "mongoexp", "ipy", "main"}
NOT_PUBLIC = {"PackageNotFoundError", "version"}


def test_every_public_name_of_hyperopt_is_there():
    missing = {n for n in public(hyperopt) - NOT_PUBLIC if not hasattr(minopt, n)}
    assert missing <= LATER


def test_functions_are_functions_and_modules_are_modules():
    for name in public(hyperopt) - NOT_PUBLIC - LATER:
        theirs, ours = getattr(hyperopt, name), getattr(minopt, name)
        assert isinstance(ours, types.ModuleType) == isinstance(theirs, types.ModuleType), name


def test_the_list_of_public_names_is_what_is_visible():
    assert [name for name in dir(minopt) if not name.startswith("_")] == sorted(
        set(minopt.__all__) - {"__version__"}
    )
    assert all(hasattr(minopt, name) for name in minopt.__all__)


def test_every_import_path_is_listed():
    """Files at the root are paths that users type; a new one is to be listed in `__all__`."""
    files = {path.stem for path in Path(minopt.__file__).parent.glob("[a-z]*.py")}
    assert files <= {*minopt.__all__, *minopt._WITH_GUESTS}


def test_a_star_import_brings_all_of_them():
    names = in_fresh_python(
        "import json\nfrom minopt import *\n"
        "import minopt\nprint(json.dumps([n for n in minopt.__all__ if n not in globals()]))"
    )
    assert names == []


def test_late_names_are_listed_before_they_are_loaded():
    listed, loaded = in_fresh_python(
        "import minopt, sys, json\nprint(json.dumps([dir(minopt), 'minopt.tpe' in sys.modules]))"
    )
    assert {"tpe", "Trials", "hp", "fmin"} <= set(listed)
    assert not loaded


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'minopt' has no attribute 'fmni'"):
        _ = minopt.fmni


def test_a_name_always_gives_the_same_object():
    from minopt.base import Trials

    assert minopt.Trials is Trials
    assert minopt.hp is sys.modules["minopt.hp"]


def test_the_version_is_a_string():
    assert minopt.__version__.count(".") == 2
