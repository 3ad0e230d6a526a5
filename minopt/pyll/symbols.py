"""The one `scope`: names that graphs may apply, and the Python functions behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, TypeAlias

from minopt.pyll.nodes import Apply, as_apply

# Symbols of rooms above this floor, and where they live. They are loaded at first use, so that
# `from minopt.pyll import scope` answers for all of them and yet imports none.
LATE_SYMBOLS = {
    "minopt.space.parameters": ("hyperopt_param",),
    "minopt.domain.vector_symbols": (
        "vchoice_split",
        "vchoice_merge",
        "idxs_map",
        "idxs_take",
        "uniq",
    ),
    "minopt.algo.tpe.parzen": (
        "adaptive_parzen_normal",
        "adaptive_parzen_normal_orig",
        "linear_forgetting_weights",
    ),
    "minopt.algo.tpe.mixture": (
        "GMM1",
        "GMM1_lpdf",
        "LGMM1",
        "LGMM1_lpdf",
        "lognormal_cdf",
        "lognormal_lpdf",
        "normal_cdf",
        "qlognormal_lpdf",
    ),
    "minopt.algo.tpe.discrete": (
        "categorical_lpdf",
        "randint_via_categorical_lpdf",
        "tpe_cat_pseudocounts",
    ),
    "minopt.algo.tpe.split": ("ap_split_trials", "broadcast_best"),
}


_Length: TypeAlias = int | None  # the class below has a method `int`


class PyllImportError(ImportError):
    """A symbol is asked for that the scope does not have."""


class _Implementations(dict[str, Any]):
    """Functions by symbol name; a late one is held as the name of its module until it is used."""

    def __getitem__(self, name: str) -> Any:
        found = super().__getitem__(name)
        if isinstance(found, str):
            import_module(found)
            found = super().__getitem__(name)
        return found

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def values(self) -> Any:
        return [self[name] for name in self]

    def items(self) -> Any:
        return [(name, self[name]) for name in self]

    def is_late(self, name: str, module: str) -> bool:
        """Tell whether `name` waits for exactly this module to define it."""
        return super().get(name) == module


class SymbolTable:
    """A table whose attributes make nodes and whose ``_impls`` evaluate them.

    ``scope.add(a, b)`` returns a node that applies ``add``; ``scope._impls["add"](1, 2)``
    computes 3. User code adds functions with ``@scope.define``.
    """

    def __init__(self) -> None:
        self._impls = _Implementations(
            list=list,
            dict=dict,
            range=range,
            len=len,
            int=int,
            float=float,
            map=map,
            max=max,
            min=min,
            getattr=getattr,
        )

    def __reduce_ex__(self, protocol: Any) -> Any:
        # what mentions the one scope needs it, not a copy, whatever others have defined in it
        return "scope" if self is scope else super().__reduce_ex__(protocol)

    def _new_apply(
        self,
        name: str,
        args: Any,
        kwargs: dict[str, Any],
        o_len: _Length,
        pure: bool,
    ) -> Apply:
        named = sorted(((key, as_apply(arg)) for key, arg in kwargs.items()), key=lambda kv: kv[0])
        return Apply(name, [as_apply(arg) for arg in args], named, o_len=o_len, pure=pure)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and isinstance(dict.get(self._impls, name), str):
            self._impls[name]
            return self.__dict__[name]
        raise AttributeError(
            f"scope has no symbol {name!r}; a function becomes one with @scope.define"
        )

    def __dir__(self) -> Iterator[str]:
        return iter(sorted({*super().__dir__(), *self._impls}))

    def dict(self, *args: Any, **kwargs: Any) -> Apply:
        """Make a node that builds a dict."""
        return self._new_apply("dict", args, kwargs, None, True)

    def int(self, arg: Any) -> Apply:
        """Make a node that converts to int."""
        return self._new_apply("int", [arg], {}, None, True)

    def float(self, arg: Any) -> Apply:
        """Make a node that converts to float."""
        return self._new_apply("float", [arg], {}, None, True)

    def len(self, obj: Any) -> Apply:
        """Make a node for the length of something."""
        return self._new_apply("len", [obj], {}, None, True)

    def list(self, init: Any) -> Apply:
        """Make a node that builds a list."""
        return self._new_apply("list", [init], {}, None, True)

    def map(self, fn: Any, seq: Any, pure: bool = False) -> Apply:
        """Make a node that applies `fn` along `seq`; `pure` if `fn` changes no item."""
        sequence = as_apply(seq)
        return self._new_apply("map", [fn, sequence], {}, sequence.o_len, pure)

    def range(self, *args: Any) -> Apply:
        """Make a node for a range."""
        return self._new_apply("range", args, {}, None, True)

    def max(self, *args: Any) -> Apply:
        """Make a node for the largest of the arguments."""
        return self._new_apply("max", args, {}, None, True)

    def min(self, *args: Any) -> Apply:
        """Make a node for the smallest of the arguments."""
        return self._new_apply("min", args, {}, None, True)

    def getattr(self, obj: Any, attr: Any, *args: Any) -> Apply:
        """Make a node that reads an attribute."""
        return self._new_apply("getattr", [obj, attr, *args], {}, None, True)

    def _define(self, f: Any, o_len: _Length, pure: bool, name: str | None = None) -> Any:
        name = f.__name__ if name is None else name
        self.__dict__[name] = SymbolTableEntry(self, name, o_len, pure)
        self._impls[name] = f
        return f

    def define(self, f: Any, o_len: _Length = None, pure: bool = False) -> Any:
        """Add a function as a symbol of its own name; usable as a decorator.

        Parameters
        ----------
        f : callable with a ``__name__``
        o_len : int, optional
            How many values it returns, if always the same number.
        pure : bool
            True if calling it has no side effects.

        Returns
        -------
        f

        Raises
        ------
        ValueError
            If the scope already has something of that name.
        """
        name = f.__name__
        known = name in self.__dict__ or hasattr(type(self), name) or name in self._impls
        if known and not self._impls.is_late(name, getattr(f, "__module__", "")):
            raise ValueError(
                f"scope already has a symbol {name!r}: scope.undefine({name!r}) removes it, "
                "scope.define_if_new accepts the same function again",
                name,
            )
        return self._define(f, o_len, pure)

    def define_if_new(self, f: Any, o_len: _Length = None, pure: bool = False) -> Any:
        """Like `define`, but silent if this very function is there already."""
        name = f.__name__
        if hasattr(self, name) and self._impls.get(name) is not f:
            raise ValueError(f"scope has another symbol {name!r}", name)
        return self._define(f, o_len, pure)

    def undefine(self, f: Any) -> None:
        """Remove a symbol, given as its function or its name."""
        name = f if isinstance(f, str) else f.__name__
        del self._impls[name]
        delattr(self, name)

    def define_pure(self, f: Any) -> Any:
        """Define a function that has no side effects."""
        return self.define(f, o_len=None, pure=True)

    def define_info(
        self, o_len: _Length = None, pure: bool = False
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Return a decorator that defines a function with these properties."""

        def decorate(f: Callable[..., Any]) -> Callable[..., Any]:
            self.define(f, o_len=o_len, pure=pure)
            return f

        return decorate

    def inject(self, *args: str, **kwargs: str) -> Any:
        """Return symbols by name: ``inject("add", plus="add")`` has keys ``add`` and ``plus``.

        Raises
        ------
        PyllImportError
            If the scope lacks one of them.
        """
        found = {}
        for key, name in [(name, name) for name in args] + list(kwargs.items()):
            try:
                found[key] = getattr(self, name)
            except AttributeError:
                raise PyllImportError(name) from None
        return found

    def import_(self, _globals: Any, *args: str, **kwargs: str) -> None:
        """Put symbols into a namespace, as `inject` names them."""
        _globals.update(self.inject(*args, **kwargs))


class SymbolTableEntry:
    """What ``scope.name`` is: calling it makes a node that applies the symbol."""

    def __init__(
        self, symbol_table: SymbolTable, apply_name: str, o_len: int | None, pure: bool
    ) -> None:
        self.symbol_table = symbol_table
        self.apply_name = apply_name
        self.o_len = o_len
        self.pure = pure

    def __call__(self, *args: Any, **kwargs: Any) -> Apply:
        return self.symbol_table._new_apply(self.apply_name, args, kwargs, self.o_len, self.pure)


for _class in (SymbolTable, SymbolTableEntry, PyllImportError):
    _class.__module__ = "minopt.pyll.base"
del _class

scope = SymbolTable()
for _module, _names in LATE_SYMBOLS.items():
    for _name in _names:
        dict.__setitem__(scope._impls, _name, _module)
