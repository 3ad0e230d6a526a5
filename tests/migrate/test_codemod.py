"""The codemod: only what must change is changed, and what is not sure is told."""

from __future__ import annotations

import os
import sys

import pytest

from minopt.integrations.codemod import rewrite
from minopt.integrations.sources import changes_of

CASES = {
    "import hyperopt": "import minopt",
    "import hyperopt\nhyperopt.fmin(hyperopt.hp.uniform)": (
        "import minopt\nminopt.fmin(minopt.hp.uniform)"
    ),
    "import hyperopt as ho\nho.fmin": "import minopt as ho\nho.fmin",
    "import hyperopt.pyll.stochastic\nhyperopt.pyll.stochastic.sample(s)": (
        "import minopt.pyll.stochastic\nminopt.pyll.stochastic.sample(s)"
    ),
    "import hyperopt.pyll.stochastic as st": "import minopt.pyll.stochastic as st",
    "import os, hyperopt, sys": "import os, minopt, sys",
    "import hyperopt;hyperopt.hp": "import minopt;minopt.hp",
    "from hyperopt import fmin, tpe, hp": "from minopt import fmin, tpe, hp",
    "from hyperopt import (fmin,\n    tpe as t,  # hyperopt\n)": (
        "from minopt import (fmin,\n    tpe as t,  # hyperopt\n)"
    ),
    "from   hyperopt\timport hp": "from   minopt\timport hp",
    "from \\\n  hyperopt import hp": "from \\\n  minopt import hp",
    "from hyperopt.pyll.base import scope": "from minopt.pyll.base import scope",
    "from hyperopt.fmin import fmin as f": "from minopt.fmin import fmin as f",
    "def f():\n\timport hyperopt\n\treturn hyperopt": "def f():\n\timport minopt\n\treturn minopt",
    "try:\n    import hyperopt\nexcept ImportError:\n    hyper = None": (
        "try:\n    import minopt\nexcept ImportError:\n    hyper = None"
    ),
    "é = 'ü'; import hyperopt; ä = hyperopt.hp": "é = 'ü'; import minopt; ä = minopt.hp",
    "import hyperopt\r\nhyperopt.hp\r\n": "import minopt\r\nminopt.hp\r\n",
    "import hyperopt\rhyperopt.hp\r": "import minopt\rminopt.hp\r",
    "import hyperopt\n\x0cdef f(): return hyperopt.hp": (
        "import minopt\n\x0cdef f(): return minopt.hp"
    ),
    "import hyperopt\nf(hyperopt=1)\nx.y": "import minopt\nf(hyperopt=1)\nx.y",
    "import hyperopt\ndel hyperopt": "import minopt\ndel minopt",
    "import hyperopt\n@hyperopt.pyll.scope.define\ndef f(x: hyperopt.Trials): pass": (
        "import minopt\n@minopt.pyll.scope.define\ndef f(x: minopt.Trials): pass"
    ),
    # nothing to do
    "import numpy": "import numpy",
    "import hyperopt_like": "import hyperopt_like",
    "from .hyperopt import x": "from .hyperopt import x",
    "from . import hyperopt": "from . import hyperopt",
    "x = 'import hyperopt'": "x = 'import hyperopt'",
    "# import hyperopt": "# import hyperopt",
    "": "",
}
# the name is used otherwise, or in a place that older Pythons do not tell: it is kept
KEPT = {
    "import hyperopt\nhyperopt = 3": "import minopt as hyperopt\nhyperopt = 3",
    "import hyperopt\ndef f(hyperopt): pass": "import minopt as hyperopt\ndef f(hyperopt): pass",
    "import hyperopt\nminopt = 1": "import minopt as hyperopt\nminopt = 1",
    "import hyperopt\nimport other as hyperopt": (
        "import minopt as hyperopt\nimport other as hyperopt"
    ),
    "def f():\n  global hyperopt\n  import hyperopt": (
        "def f():\n  global hyperopt\n  import minopt as hyperopt"
    ),
    "import hyperopt.pyll\ndef hyperopt(): pass": (
        "import minopt.pyll, minopt as hyperopt\ndef hyperopt(): pass"
    ),
    "import hyperopt\n__all__ = ['hyperopt']": (
        "import minopt as hyperopt\n__all__ = ['hyperopt']"
    ),
}


@pytest.mark.parametrize("before, after", (CASES | KEPT).items())
def test_imports_are_rewritten_token_by_token(before, after):
    assert rewrite(before).text == after


@pytest.mark.parametrize("before, after", (CASES | KEPT).items())
def test_what_was_rewritten_is_rewritten_no_further(before, after):
    assert rewrite(after).text == after


def test_an_f_string_is_right_either_way():
    text = rewrite('import hyperopt\nx = f"{hyperopt.__name__} {1}"\n').text
    names = {}
    exec(text, names)  # noqa: S102
    assert names["x"] == "minopt 1"
    assert ("as hyperopt" in text) == (sys.version_info < (3, 12))


REMARKS = {
    "from hyperopt import nope": "minopt lacks `minopt.nope`",
    "from hyperopt import SparkTrials": "minopt lacks `minopt.SparkTrials`: see fmin(..., n_jobs=",
    "from hyperopt.mongoexp import MongoTrials": "`minopt.mongoexp`: see minopt.SQLTrials",
    "import hyperopt.nope": "minopt lacks the module `minopt.nope`",
    "from hyperopt.nope import x": "minopt lacks the module `minopt.nope`",
    "import hyperopt\nhyperopt.pyll.nope.x": "minopt lacks `minopt.pyll.nope`",
    "import hyperopt as ho\nho.nope": "minopt lacks `minopt.nope`",
    "from hyperopt import hp\nhp.nope": "minopt lacks `minopt.hp.nope`",
    "from hyperopt import *": "may bring other names",
    "import importlib\nimportlib.import_module('hyperopt.tpe')": "'hyperopt.tpe'",
    "__import__('hyperopt')": "'hyperopt'",
    "import logging\nlogging.getLogger('hyperopt')": "'hyperopt'",
    "x: 'hyperopt.Trials'": "'hyperopt.Trials'",
    "import hyperopt\nprint(hyperopt.__version__)": "the version is minopt's own",
    "import hyperopt, pickle\npickle.load(f)": "minopt.load_trials(path)",
    "from ray.tune.search.hyperopt import HyperOptSearch": "minopt.as_hyperopt()",
    "import hpsklearn": "minopt.as_hyperopt()",
    "import tools\ntools.hyperopt.fmin": "`.hyperopt` is not changed",
    "print 'Python 2'\nimport hyperopt": "no Python 3",
}


@pytest.mark.parametrize("source, remark", REMARKS.items())
def test_what_is_not_sure_is_told(source, remark):
    remarks = rewrite(source).remarks
    assert any(remark in one.text for one in remarks), remarks


def test_a_remark_names_its_line():
    (remark,) = rewrite("import os\n\nfrom hyperopt import nope\n").remarks
    assert remark.line == 3


@pytest.mark.parametrize("source", [*CASES][:20])
def test_what_is_sure_is_not_remarked_upon(source):
    assert rewrite(source).remarks == []


def test_text_in_docstrings_and_comments_is_nobodys_business():
    assert rewrite('"""Uses hyperopt."""\nimport hyperopt  # hyperopt\n').remarks == []


# ---- files


@pytest.fixture
def folder(tmp_path):
    """Write files into a folder, and return it."""

    def write(**files):
        for name, content in files.items():
            path = tmp_path.joinpath(*name.split("__"))
            path = path.with_suffix("." + path.name.rpartition("_")[2]) if "_" in name else path
            path = path.with_name(path.name.rpartition("_")[0] + path.suffix)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return write


def written(folder):
    for change in changes_of(folder):
        if change.is_one:
            change.write()
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize(
    "before",
    [
        b"\xef\xbb\xbfimport hyperopt\n",
        b"# -*- coding: latin-1 -*-\nx = '\xe9'; import hyperopt; hyperopt.hp\n",
        b"#!/usr/bin/env python\r\nimport hyperopt\r\n",
        "x = 'é'\nimport hyperopt".encode(),
        b"import hyperopt\n\n\n",
    ],
)
def test_encoding_and_line_ends_stay(folder, before):
    after = written(folder(script_py=before))["script.py"]
    assert after == before.replace(b"import hyperopt", b"import minopt").replace(
        b"hyperopt.hp", b"minopt.hp"
    )


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_mode_of_a_script_stays(folder):
    place = folder(script_py="#!/usr/bin/env python\nimport hyperopt\n")
    (place / "script.py").chmod(0o755)
    written(place)
    assert (place / "script.py").stat().st_mode & 0o777 == 0o755


def test_a_folder_is_rewritten_but_for_what_is_not_its_own(folder):
    source = "import hyperopt\n"
    place = folder(
        a_py=source, sub__b_py=source, sub__c_txt=source, build__d_py=source, env__e_py=source
    )
    (place / "env" / "pyvenv.cfg").touch()
    (place / ".hidden").mkdir()
    (place / ".hidden" / "f.py").write_text(source)
    after = written(place)
    assert sorted(name for name, text in after.items() if b"minopt" in text) == [
        "a.py",
        "sub/b.py",
    ]


def test_a_name_that_another_file_asks_for_is_kept(folder):
    place = folder(
        tools_py="import hyperopt\n", user_py="from tools import hyperopt\nhyperopt.hp\n"
    )
    after = written(place)
    assert after["tools.py"] == b"import minopt as hyperopt\n"
    assert after["user.py"] == b"from tools import hyperopt\nhyperopt.hp\n"


def test_requirements_and_notebooks_are_told_of_and_not_changed(folder):
    place = folder(requirements_txt="numpy\nhyperopt==0.2.7\n", book_ipynb='{"a": "hyperopt"}')
    remarks = {change.path.name: change.remarks for change in changes_of(place)}
    assert remarks["requirements.txt"][0].line == 2
    assert "hyperopt==0.2.7" in remarks["requirements.txt"][0].text
    assert "a notebook is not changed" in remarks["book.ipynb"][0].text
    assert written(place)["requirements.txt"] == b"numpy\nhyperopt==0.2.7\n"


def test_a_file_that_cannot_be_decoded_is_left_alone(folder):
    place = folder(script_py=b"import hyperopt\n'\xff'\n")
    (change,) = changes_of(place)
    assert not change.is_one
    assert "cannot be decoded" in change.remarks[0].text


def test_the_diff_can_be_applied(folder, tmp_path):
    import shutil
    import subprocess

    if shutil.which("patch") is None:
        pytest.skip("there is no patch here")
    place = folder(script_py="import hyperopt\nx = 1\nhyperopt.hp", other_py="import hyperopt\r\n")
    diff = "".join(change.diff() for change in changes_of(place))
    subprocess.run(
        ["patch", "-p0", "--binary"], input=diff.encode(), cwd="/", check=True, capture_output=True
    )
    assert (place / "script.py").read_text() == "import minopt\nx = 1\nminopt.hp"
    assert (place / "other.py").read_bytes() == b"import minopt\r\n"
