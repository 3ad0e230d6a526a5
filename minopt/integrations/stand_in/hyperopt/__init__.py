"""What `import hyperopt` finds under ``minopt run``: it puts minopt in its own place."""

from __future__ import annotations

if __name__ == "hyperopt":  # and not when it is looked at as a part of minopt
    import sys
    from importlib.util import find_spec
    from pathlib import Path

    if find_spec("minopt") is None:  # a child process in another folder
        sys.path.append(str(Path(__file__).resolve().parents[4]))

    from minopt.integrations.alias import as_hyperopt

    as_hyperopt()
