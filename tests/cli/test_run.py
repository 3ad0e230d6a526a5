"""``minopt run``: an unchanged script of hyperopt's, in a Python of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import minopt
from minopt.cli import main

ROOT = Path(minopt.__file__).resolve().parent.parent


@pytest.fixture
def run(tmp_path):
    """Run a script with ``minopt run``, from a folder without minopt."""

    def start(code, *args, options=(), **more):
        script = tmp_path / "script.py"
        script.write_text(code, encoding="utf-8")
        command = [sys.executable, "-m", "minopt", "run", *options]
        return subprocess.run(
            [*command, *(["script.py"] if not options else []), *args],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            **more,
        )

    return start


def test_a_script_runs_on_minopts_own_modules(run):
    done = run(
        "import hyperopt, hyperopt.pyll.stochastic, hyperopt.fmin, minopt\n"
        "from hyperopt import fmin, hp, tpe, Trials\n"
        "from hyperopt.pyll.base import scope\n"
        "print(hyperopt is minopt, scope is minopt.pyll.scope, fmin is minopt.fmin)\n"
        "trials = Trials()\n"
        "fmin(lambda x: x, hp.uniform('x', 0, 1), tpe.suggest, 5, trials=trials, verbose=False)\n"
        "print(isinstance(trials, minopt.Trials), len(trials))\n"
    )
    assert (done.stdout, done.stderr) == ("True True True\nTrue 5\n", "")


def test_arguments_name_file_and_path_are_as_with_python(run, tmp_path):
    code = "import sys\nprint(sys.argv, __name__, __file__, __spec__, sys.path[0])\n"
    args = ["a", "-m", "--help", "-h", "--", "x y"]
    done = run(code, *args)
    with_python = subprocess.run(
        [sys.executable, "script.py", *args], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == with_python.stdout


def test_a_module_runs_as_with_python(run, tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__main__.py").write_text(
        "import sys, hyperopt\nprint(hyperopt.__name__, __package__, sys.argv[1:])"
    )
    assert run("", "-x", options=["-m", "package"]).stdout == "minopt package ['-x']\n"


CHILD = """
import subprocess, sys, multiprocessing

def ask(queue):
    import hyperopt, hyperopt.tpe
    queue.put((hyperopt.__name__, hyperopt.tpe.__name__))

if __name__ == "__main__":
    for method in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context(method)
        queue = context.Queue()
        process = context.Process(target=ask, args=(queue,))
        process.start()
        print(queue.get())
        process.join()
    ask = "import hyperopt.tpe, os; print(hyperopt.__name__, hyperopt.tpe.__name__)"
    subprocess.run([sys.executable, "-c", ask], cwd="/")
"""


@pytest.mark.skipif(os.name != "posix", reason="the folder is POSIX's")
def test_child_processes_are_reached_however_they_are_started(run):
    done = run(CHILD)
    *of_pools, of_subprocess = done.stdout.splitlines()
    assert of_pools == ["('minopt', 'minopt.tpe')"] * len(of_pools)
    assert len(of_pools) >= 2
    assert of_subprocess == "minopt minopt.tpe"


@pytest.mark.parametrize(
    "end, status",
    [("sys.exit(7)", 7), ("sys.exit('no')", 1), ("1/0", 1), ("os._exit(3)", 3), ("pass", 0)],
)
def test_the_exit_status_is_the_scripts(run, end, status):
    assert run(f"import sys, os\n{end}\n").returncode == status


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_a_signal_ends_it_as_it_ends_python(run):
    done = run("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n")
    assert done.returncode == -signal.SIGTERM


def test_a_traceback_shows_the_script_alone(run):
    trace = run("import hyperopt\ndef f():\n    1/0\nf()\n").stderr
    assert trace.startswith("Traceback (most recent call last):\n  File ")
    assert trace.count("  File ") == 2
    assert "minopt" not in trace


def test_a_missing_module_is_said_to_be_missing_in_minopt(run):
    done = run("import hyperopt.nope\n")
    assert done.returncode == 1
    assert "minopt, which stands in for hyperopt here, has no module 'minopt.nope'" in done.stderr


def test_nothing_is_written_to_disk(run, tmp_path):
    run("import hyperopt\n")
    assert [path.name for path in tmp_path.iterdir()] == ["script.py"]


def test_the_users_own_python_path_stays(run, tmp_path, monkeypatch):
    (tmp_path / "extra").mkdir()
    (tmp_path / "extra" / "their_tool.py").write_text("x = 1")
    (tmp_path / "script.py").write_text("import their_tool, hyperopt\nprint(their_tool.x)")
    done = subprocess.run(
        [sys.executable, "-m", "minopt", "run", str(tmp_path / "script.py")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path / "extra")])},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "1\n"


def test_a_missing_script_is_named(run):
    done = run("", options=["nope.py"])
    assert done.returncode == 2
    assert "nope.py" in done.stderr


@pytest.mark.parametrize("command", [["run"], ["run", "-m"]])
def test_without_a_script_the_usage_is_shown(command, capsys):
    with pytest.raises(SystemExit) as leaving:
        main(command)
    assert leaving.value.code == 2
    assert "name a script" in capsys.readouterr().err


def test_it_can_be_called_from_python(tmp_path, capfd):
    script = tmp_path / "script.py"
    script.write_text("import hyperopt, sys\nprint(hyperopt.__name__)\nsys.exit(5)")
    assert main(["run", str(script)]) == 5
    assert capfd.readouterr().out == "minopt\n"
