"""The nodes of a lazy expression graph: what is applied to what, evaluated later."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import IO, Any

import numpy as np

from minopt.exceptions import BadSearchSpace
from minopt.pyll import copying, misuse
from minopt.pyll.nesting import Visit, run_nested


class MissingArgument:
    """Stands in `Apply.arg` for a parameter that the node gives no value."""


class UndefinedValue:
    """What the parameters of a `Lambda` hold until they are bound."""


class Apply(misuse.Unevaluated):
    """The application of a named symbol to argument nodes, not yet evaluated.

    Parameters
    ----------
    name : str
        Name of the symbol in `scope`.
    pos_args : sequence of Apply
        Positional arguments.
    named_args : sequence of (str, Apply)
        Keyword arguments, in the order in which they are passed.
    o_len : int, optional
        How many values the symbol returns, if that is certain; makes the node unpackable.
    pure : bool
        True if evaluating the node has no side effects.
    define_params : dict, optional
        Keyword arguments of `SymbolTable.define_if_new`, applied when the node is unpickled
        where the symbol may not be known yet.

    Raises
    ------
    TypeError
        If an argument is not a node or a keyword is not a string.
    """

    def __init__(
        self,
        name: str,
        pos_args: Iterable[Apply],
        named_args: Iterable[Sequence[Any]] | Mapping[str, Apply],
        o_len: int | None = None,
        pure: bool = False,
        define_params: dict[str, Any] | None = None,
    ) -> None:
        pairs = named_args.items() if isinstance(named_args, Mapping) else named_args
        self.name = name
        self.pos_args: list[Apply] = list(pos_args)
        self.named_args: list[list[Any]] = [list(pair) for pair in pairs]
        self.o_len = o_len
        self.pure = pure
        self.define_params = define_params
        for arg in self.inputs():
            if not isinstance(arg, Apply):
                raise TypeError(f"arguments of {name!r} must be nodes, got {arg!r}; see as_apply")
        for keyword, _ in self.named_args:
            if not isinstance(keyword, str):
                raise TypeError(f"keywords of {name!r} must be strings, got {keyword!r}")

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if self.define_params:
            from minopt.pyll.symbols import scope

            scope.define_if_new(**self.define_params)

    def __copy__(self) -> Apply:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Apply:
        return copying.deep_copy(self, memo)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return copying.reduced(self, protocol)

    def eval(self, memo: dict[int, Any] | None = None) -> Any:
        """Evaluate every node below this one, each once, and return this node's value.

        Unlike `rec_eval` this expands no Lambdas and evaluates all branches of a switch.

        Parameters
        ----------
        memo : dict, optional
            Known values by ``id(node)``; grows by what is computed.
        """
        from minopt.pyll.symbols import scope
        from minopt.pyll.walk import dfs

        known = {} if memo is None else memo
        for node in dfs(self):
            if id(node) in known:
                continue
            if isinstance(node, Literal):
                known[id(node)] = node.obj
                continue
            args = [known[id(arg)] for arg in node.pos_args]
            kwargs = {keyword: known[id(arg)] for keyword, arg in node.named_args}
            known[id(node)] = scope._impls[node.name](*args, **kwargs)
        return known[id(self)]

    def inputs(self) -> list[Apply]:
        """Return the argument nodes: positional ones, then keyword ones."""
        if self.named_args:
            return self.pos_args + [arg for _, arg in self.named_args]
        return self.pos_args

    @property
    def arg(self) -> dict[str, Any]:
        """The arguments by the parameter names of the symbol's implementation.

        A parameter without a value maps to `MissingArgument`; ``*args`` map to a list of
        nodes and ``**kwargs`` to a dict of nodes.
        """
        from minopt.pyll.symbols import scope

        return _bind(self, _parameters_of(scope._impls[self.name]))

    def set_kwarg(self, name: str, value: Any) -> None:
        """Set or add a keyword argument, keeping the keywords sorted.

        Raises
        ------
        NotImplementedError
            If the argument is already given by position.
        """
        for pair in self.named_args:
            if pair[0] == name:
                pair[1] = as_apply(value)
                return
        if self.arg.get(name, MissingArgument) is not MissingArgument:
            raise NotImplementedError(
                f"argument {name!r} of {self.name!r} is given by position; set it there"
            )
        self.named_args.append([name, as_apply(value)])
        self.named_args.sort(key=lambda pair: pair[0])

    def clone_from_inputs(self, inputs: Sequence[Apply], o_len: Any = "same") -> Apply:
        """Return a node like this one that is applied to other inputs."""
        if len(inputs) != len(self.inputs()):
            raise TypeError(
                f"{self.name!r} has {len(self.inputs())} inputs, got {len(inputs)} to clone it with"
            )
        n_positional = len(self.pos_args)
        keywords = [keyword for keyword, _ in self.named_args]
        return self.__class__(
            self.name,
            inputs[:n_positional],
            list(zip(keywords, inputs[n_positional:], strict=True)),
            self.o_len if o_len == "same" else o_len,
            self.pure,
            self.define_params,
        )

    def replace_input(self, old_node: Apply, new_node: Apply) -> list[int]:
        """Put `new_node` wherever `old_node` is an input; return the positions changed."""
        changed = []
        for position, arg in enumerate(self.pos_args):
            if arg is old_node:
                self.pos_args[position] = new_node
                changed.append(position)
        for offset, pair in enumerate(self.named_args):
            if pair[1] is old_node:
                pair[1] = new_node
                changed.append(offset + len(self.pos_args))
        return changed

    def pprint(
        self,
        ofile: IO[str],
        lineno: list[int] | None = None,
        indent: int = 0,
        memo: dict[Apply, str] | None = None,
    ) -> None:
        """Print the graph below this node, one numbered line per node or keyword."""
        counter = [0] if lineno is None else lineno
        for line in _lines(self, indent, counter, {} if memo is None else memo):
            print(line, file=ofile)

    def _headline(self) -> str:
        return self.name

    def __str__(self) -> str:
        return "\n".join(_lines(self, 0, [0], {}))

    def __add__(self, other: Any) -> Apply:
        return _call("add", self, other)

    def __radd__(self, other: Any) -> Apply:
        return _call("add", other, self)

    def __sub__(self, other: Any) -> Apply:
        return _call("sub", self, other)

    def __rsub__(self, other: Any) -> Apply:
        return _call("sub", other, self)

    def __neg__(self) -> Apply:
        return _call("neg", self)

    def __mul__(self, other: Any) -> Apply:
        return _call("mul", self, other)

    def __rmul__(self, other: Any) -> Apply:
        return _call("mul", other, self)

    def __truediv__(self, other: Any) -> Apply:
        return _call("truediv", self, other)

    def __rtruediv__(self, other: Any) -> Apply:
        return _call("truediv", other, self)

    def __floordiv__(self, other: Any) -> Apply:
        return _call("floordiv", self, other)

    def __rfloordiv__(self, other: Any) -> Apply:
        return _call("floordiv", other, self)

    def __pow__(self, other: Any) -> Apply:
        return _call("pow", self, other)

    def __rpow__(self, other: Any) -> Apply:
        return _call("pow", other, self)

    def __gt__(self, other: Any) -> Apply:
        return _call("gt", self, other)

    def __ge__(self, other: Any) -> Apply:
        return _call("ge", self, other)

    def __lt__(self, other: Any) -> Apply:
        return _call("lt", self, other)

    def __le__(self, other: Any) -> Apply:
        return _call("le", self, other)

    def __getitem__(self, idx: Any) -> Apply:
        if self.o_len is not None and isinstance(idx, int) and idx >= self.o_len:
            raise IndexError(f"{self.name!r} has {self.o_len} values, got index {idx}")
        return _call("getitem", self, idx)

    def __iter__(self) -> Iterator[Apply]:
        if self.o_len is None:
            raise misuse.no_items(self)
        return (self[position] for position in range(self.o_len))

    def __len__(self) -> int:
        if self.o_len is None:
            raise misuse.no_length(self)
        return self.o_len

    def __call__(self, *args: Any, **kwargs: Any) -> Apply:
        return _call("call", self, args, kwargs)


class Literal(Apply):
    """A constant in the graph."""

    def __init__(self, obj: Any = None) -> None:
        try:
            o_len: int | None = len(obj)
        except (AttributeError, TypeError):  # unfitted scikit-learn ensembles raise AttributeError
            o_len = None
        super().__init__("literal", [], [], o_len, pure=True)
        self._obj = obj

    @property
    def obj(self) -> Any:
        """The constant."""
        return self._obj

    @property
    def arg(self) -> dict[str, Any]:
        """A constant has no arguments."""
        return {}

    def eval(self, memo: dict[int, Any] | None = None) -> Any:
        """Return the constant, or what `memo` holds in its place."""
        return self._obj if memo is None else memo.setdefault(id(self), self._obj)

    def replace_input(self, old_node: Apply, new_node: Apply) -> list[int]:
        """Do nothing: a constant has no inputs."""
        return []

    def clone_from_inputs(self, inputs: Sequence[Apply], o_len: Any = "same") -> Literal:
        """Return another node for the same constant."""
        return self.__class__(self._obj)

    def _headline(self) -> str:
        obj = self._obj
        if isinstance(obj, np.ndarray) and obj.ndim and obj.dtype.kind in "fiu":
            bounds = f"min={obj.min():f},max={obj.max():f}" if obj.size else "empty"
            return f"Literal{{np.ndarray,shape={obj.shape},{bounds}}}"
        return f"Literal{{{obj}}}"


class Lambda:
    """A function whose body is a graph; calling it returns the body with the arguments put in.

    Parameters
    ----------
    name : str
        Its name as a symbol, see `SymbolTable.define`.
    params : list of (str, Apply)
        The parameters and the nodes that stand for them in `expr`.
    expr : Apply
        The body.
    """

    def __init__(self, name: str, params: Sequence[Sequence[Any]], expr: Apply) -> None:
        self.__name__ = name
        self.params = params
        self.expr = expr

    def __call__(self, *args: Any, **kwargs: Any) -> Apply:
        """Return the body applied to `args`; as many as there are parameters, none by name."""
        from minopt.pyll.walk import clone

        if len(args) > len(self.params):
            raise TypeError(f"{self.__name__} takes {len(self.params)} arguments, got {len(args)}")
        if len(args) != len(self.params) or kwargs:
            raise NotImplementedError(
                f"{self.__name__} needs all of its {len(self.params)} arguments by position"
            )
        bound = {param[1]: as_apply(arg) for param, arg in zip(self.params, args, strict=True)}
        return clone(self.expr, bound)


def as_apply(obj: Any) -> Apply:
    """Turn an object into a node: containers into nodes of their items, the rest into literals.

    Raises
    ------
    BadSearchSpace
        If a container holds itself.
    """
    if isinstance(obj, Apply):
        return obj
    if isinstance(obj, (tuple, list, dict)):
        return _container_node(obj)
    return Literal(obj)


def apply(name: str, *args: Any, **kwargs: Any) -> Apply:
    """Apply the symbol `name`, which need not be defined yet."""
    named = sorted((keyword, as_apply(arg)) for keyword, arg in kwargs.items())
    return Apply(name, [as_apply(arg) for arg in args], named)


def _call(name: str, *args: Any) -> Apply:
    """Apply an operator or `call`, with the length and purity that its symbol declares."""
    from minopt.pyll.symbols import scope

    node: Apply = getattr(scope, name)(*args)
    return node


def _container_node(container: Any) -> Apply:
    above: set[int] = set()

    def visit(item: Any) -> Visit:
        if not isinstance(item, (tuple, list, dict)):
            return as_apply(item)
        if id(item) in above:
            kind = type(item).__name__
            raise BadSearchSpace(f"the space contains itself: a {kind} that holds itself")
        above.add(id(item))
        node = yield from _dict_node(item) if isinstance(item, dict) else _sequence_node(item)
        above.discard(id(item))
        return node

    node: Apply = run_nested(visit, container)
    return node


def _sequence_node(items: Sequence[Any]) -> Visit:
    nodes = []
    for item in items:
        nodes.append((yield item))
    return Apply("pos_args", nodes, [], len(items) if isinstance(items, tuple) else None)


def _dict_node(mapping: Mapping[Any, Any]) -> Visit:
    keys, nodes = [], []
    for key, value in _sorted_items(mapping):
        keys.append(key)
        nodes.append((yield value))
    if all(isinstance(key, str) for key in keys):
        return Apply("dict", [], list(zip(keys, nodes, strict=True)), len(keys))
    pairs = [Apply("pos_args", [as_apply(k), n], [], 2) for k, n in zip(keys, nodes, strict=True)]
    return Apply("dict", [Apply("pos_args", pairs, [], None)], [], None)


def _sorted_items(mapping: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    try:
        return sorted(mapping.items(), key=lambda item: item[0])
    except TypeError:  # keys of several kinds have no order: keep theirs
        return list(mapping.items())


@lru_cache(maxsize=1024)
def _parameters_of(function: Callable[..., Any]) -> tuple[inspect.Parameter, ...]:
    if isinstance(function, Lambda):
        positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return tuple(inspect.Parameter(param[0], positional) for param in function.params)
    return tuple(inspect.signature(function).parameters.values())


def _bind(node: Apply, parameters: tuple[inspect.Parameter, ...]) -> dict[str, Any]:
    by_position = [
        p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None)
    others = next((p.name for p in parameters if p.kind is p.VAR_KEYWORD), None)
    named = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    binding: dict[str, Any] = dict(zip(by_position, node.pos_args))
    surplus = node.pos_args[len(by_position) :]
    if rest is not None:
        binding[rest] = surplus
    elif surplus:
        raise TypeError(
            f"{node.name!r} takes {len(by_position)} positional arguments, got {len(node.pos_args)}"
        )
    if others is not None:
        binding[others] = {}
    for keyword, arg in node.named_args:
        if keyword in named:
            if keyword in binding:
                raise TypeError(f"{node.name!r} got two values for argument {keyword!r}")
            binding[keyword] = arg
        elif others is not None:
            binding[others][keyword] = arg
        else:
            raise TypeError(f"{node.name!r} has no argument {keyword!r}")
    for parameter in parameters:
        binding.setdefault(parameter.name, MissingArgument)
    return binding


def _lines(top: Apply, indent: int, counter: list[int], memo: dict[Apply, str]) -> Iterator[str]:
    """Yield the numbered lines of the printed graph; a node's second place refers to its first."""
    todo: list[tuple[Apply | str, int]] = [(top, indent)]
    while todo:
        item, depth = todo.pop()
        if isinstance(item, str):
            text = item
        elif item in memo:
            text = memo[item]
        else:
            text = item._headline()
            memo[item] = f"{text}  [line:{counter[0]}]"
            inner: list[tuple[Apply | str, int]] = [(arg, depth + 2) for arg in item.pos_args]
            for keyword, arg in item.named_args:
                inner += [(f" {keyword} =", depth), (arg, depth + 2)]
            todo.extend(reversed(inner))
        yield f"{counter[0]} {' ' * depth}{text}"
        counter[0] += 1


# What the parameters of a Lambda are called in its body.
p0, p1, p2, p3, p4 = (Literal(UndefinedValue) for _ in range(5))

# Pickles name the path that is promised for ever, not the room.
for _class in (Apply, Literal, Lambda, MissingArgument, UndefinedValue):
    _class.__module__ = "minopt.pyll.base"
del _class
