"""The tutorials that hyperopt's users learn from, and what is mended in them before they run.

Their texts are not part of the repository: where they lie beside it, in ``../shared/seeds``, their
own statements run; where they do not, these tests are skipped.
"""

from __future__ import annotations

from pathlib import Path

import pytest

SEEDS = Path(__file__).resolve().parents[3] / "shared" / "seeds"


@pytest.fixture
def tutorial(monkeypatch):
    """Run lines of a tutorial in one namespace, with the import changed and its slips mended."""
    pyplot = pytest.importorskip("matplotlib.pyplot")
    monkeypatch.setattr(pyplot, "show", lambda: pyplot.close("all"))

    class Tutorial:
        def __init__(self, number, mended=None, indents=None):
            path = next(iter(SEEDS.glob(f"{number}_*.txt")), None)
            if path is None:
                pytest.skip(f"tutorial {number} is not in {SEEDS}")
            self.lines = path.read_text(encoding="utf-8").splitlines()
            self.mended = {"hyperopt": "minopt", "minopt_": "hyperopt_", **(mended or {})}
            self.indents = indents or {}
            self.names = {}

        def run(self, first, last=None, before="", after=""):
            """Run the lines `first` to `last`, counted from 1, both included."""
            numbers = range(first, (last or first) + 1)
            text = "\n".join(
                "    " * self.indents.get(number, 0) + self.lines[number - 1].removeprefix(">>> ")
                for number in numbers
            )
            for slip, right in self.mended.items():
                text = text.replace(slip, right)
            code = compile(before + text + after, "tutorial", "exec")
            exec(code, self.names)  # noqa: S102 (running the text is the test)

    return Tutorial
