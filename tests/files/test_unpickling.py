"""Pickles of trials: what is read, and that nothing in them is run."""

from __future__ import annotations

import collections
import copyreg
import datetime
import pickle
import struct
import sys
import types
from contextlib import suppress

import cloudpickle
import numpy as np
import pytest

import minopt
from minopt import SQLTrials, Trials, load_trials
from minopt.exceptions import DamagedFile, InvalidArgument, MinoptError, UntrustedPickle
from minopt.trials.salvage_pickle import salvage_pickle
from minopt.trials.unpickle import safe_loads

HAPPENED = []


def canary(*args, **kwargs):
    HAPPENED.append((args, kwargs))


@pytest.fixture(autouse=True)
def nothing_happens():
    HAPPENED.clear()
    yield
    assert HAPPENED == []


def read(data):
    return safe_loads(data, "the file", "trusted=True")


# ---- what is read

VALUES = {
    "float64": np.float64(1.5),
    "int8": np.int8(3),
    "bool": np.bool_(True),
    "longdouble": np.longdouble(2),
    "complex64": np.complex64(1j),
    "str": np.str_("ab"),
    "bytes": np.bytes_(b"xy"),
    "datetime64": np.datetime64("2020-01-01", "ns"),
    "datetime64 of 5 minutes": np.datetime64("2020-01-01", "5m"),
    "timedelta64": np.timedelta64(3, "s"),
    "record": np.zeros(2, [("a", "f8"), ("b", "i4", (2,))])[0],
    "array": np.arange(6.0).reshape(2, 3),
    "array in Fortran's order": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "array transposed": np.ones((2, 3, 4)).transpose(1, 0, 2),
    "array, big-endian": np.arange(4, dtype=">i4"),
    "array of objects": np.array([1, "a", None, [1]], object),
    "array of objects, two rows": np.array([[1, None], ["x", 2]], object, order="F"),
    "array without elements": np.zeros((0, 3)),
    "array without dimensions": np.zeros((), "f4"),
    "array of strings": np.array(["aa", "b"]),
    "array of dates": np.zeros(2, "M8[D]"),
    "records": np.zeros(3, [("a", "f8"), ("b", "i4", (2,))]),
    "dtype": np.dtype("f8"),
    "set": {1, 2},
    "frozenset": frozenset({3, (1, 2)}),
    "bytearray": bytearray(b"x"),
    "complex": 1 + 2j,
    "range": range(3),
    "OrderedDict": collections.OrderedDict(a=1),
    "defaultdict": collections.defaultdict(None, {1: 2}),
    "datetime": datetime.datetime(2020, 1, 2, 3, 4, 5, 6),
    "datetime with zone": datetime.datetime(2020, 1, 2, tzinfo=datetime.timezone.utc),
    "date": datetime.date(2020, 1, 1),
    "time": datetime.time(1, 2),
    "timedelta": datetime.timedelta(3),
    "long int": 10**400,
    "surrogate": "é\ud800",
    "containers": {"a": [1, {}, ((),)], 3: None, (1, 2): True},
}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_plain_values_come_back_as_they_were(value, protocol):
    back = read(pickle.dumps(value, protocol))
    assert type(back) is type(value)
    np.testing.assert_equal(back, value)
    if isinstance(value, np.ndarray):
        assert (back.dtype, back.flags.f_contiguous) == (value.dtype, value.flags.f_contiguous)


@pytest.mark.parametrize("core", [b"core", b"_core"])
def test_arrays_are_read_under_the_paths_of_numpy_1_and_2(core):
    data = pickle.dumps([np.arange(3), np.float64(1)], 2)
    assert b"core.multiarray" in data
    data = data.replace(b"numpy._core.", b"numpy.core.").replace(
        b"numpy.core.", b"numpy." + core + b"."
    )
    np.testing.assert_equal(read(data), [np.arange(3), np.float64(1)])


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_trials_are_read_from_every_protocol(trials, same, protocol):
    back = read(pickle.dumps(trials, protocol))
    assert type(back) is Trials
    assert same(back, trials)


def test_what_is_shared_stays_shared_and_what_holds_itself_does_too():
    shared = [1]
    loop = {"a": shared, "b": shared}
    loop["self"] = loop
    back = read(pickle.dumps(loop))
    assert back["a"] is back["b"]
    assert back["self"] is back


class Labelled(Trials):
    """A user's class."""


@pytest.fixture
def imported(monkeypatch):
    """A module of the user's that has been imported."""
    module = types.ModuleType("their_module")
    module.Labelled = Labelled
    monkeypatch.setattr(Labelled, "__module__", "their_module")
    monkeypatch.setitem(sys.modules, "their_module", module)
    return module


def test_a_subclass_that_was_imported_is_read_by_its_name(imported):
    trials = Labelled()
    trials.label = "mine"
    back = read(pickle.dumps(trials))
    assert type(back) is Labelled
    assert back.label == "mine"


def test_a_subclass_that_was_not_imported_is_refused_and_not_imported(imported, tmp_path):
    data = pickle.dumps(Labelled())
    del sys.modules["their_module"]
    with pytest.raises(UntrustedPickle, match=r"their_module\.Labelled"):
        read(data)
    assert "their_module" not in sys.modules


def test_a_class_that_is_no_trials_is_refused(imported):
    imported.Other = type("Other", (), {"__module__": "their_module"})
    with pytest.raises(UntrustedPickle, match=r"their_module\.Other"):
        read(pickle.dumps(imported.Other()))


def test_a_class_that_reaches_for_a_database_is_refused_under_any_name(imported, monkeypatch):
    imported.SQLTrials = SQLTrials  # as `from minopt import SQLTrials` makes it
    imported.Mine = type("Mine", (SQLTrials,), {"__module__": "their_module"})
    monkeypatch.setattr(SQLTrials, "__setstate__", canary)
    for name in ("SQLTrials", "Mine"):
        with pytest.raises(UntrustedPickle, match=rf"their_module\.{name}"):
            read(
                f"ctheir_module\n{name}\n)\x81}}Vurl\nVpostgresql://127.0.0.1/x\nsb.".encode(
                    "latin1"
                )
            )


def test_attachments_and_streams_that_are_none_are_named_damaged(search, tmp_path):
    for name, value in (("attachments", 5), ("_streams", 5), ("_streams", [{"first": "x"}])):
        trials = Trials()
        search(trials=trials, max_evals=1)
        trials.__dict__[name] = value
        path = tmp_path / "trials.pkl"
        path.write_bytes(pickle.dumps(trials))
        with pytest.raises(DamagedFile, match=r"its (attachments|random streams) are none"):
            load_trials(path)


def test_a_function_of_the_same_module_is_refused(imported):
    imported.canary = canary
    with pytest.raises(UntrustedPickle, match=r"their_module\.canary"):
        read(b"ctheir_module\ncanary\n(tR.")


def test_a_subclass_is_made_without_calling_it(imported, monkeypatch):
    monkeypatch.setattr(Labelled, "__init__", canary)
    monkeypatch.setattr(Labelled, "__new__", canary)
    with pytest.raises(UntrustedPickle, match="made with arguments"):
        read(b"ctheir_module\nLabelled\n(I1\ntR.")
    assert type(read(b"ctheir_module\nLabelled\n(tR.")) is Labelled


# ---- what is refused


class Calls:
    """Pickles as a call of a function with arguments."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


class Builds:
    """Pickles as an object with a state that its class would get."""

    def __reduce__(self):
        return canary, (), {"state": 1}, iter([1]), iter([("a", 1)])


def named(module, name, *args):
    """A pickle that calls a function by its name."""
    arguments = b"".join(b"V%s\n" % arg.encode() for arg in args)
    return b"c%s\n%s\n(%stR." % (module.encode(), name.encode(), arguments)


HERE = __name__
HOSTILE = {
    "os.system": named("os", "system", "exit 1"),
    "posix.system": named("posix", "system", "exit 1"),
    "subprocess": named("subprocess", "Popen", "exit 1"),
    "eval": named("builtins", "eval", "1/0"),
    "exec": named("builtins", "exec", "1/0"),
    "__import__": named("builtins", "__import__", "antigravity"),
    "Python 2's eval": named("__builtin__", "eval", "1/0"),
    "getattr chain": b"cbuiltins\ngetattr\n(cbuiltins\n__import__\n(Vos\ntRVsystem\ntR"
    + b"(Vexit 1\ntR.",
    "dotted name": b"\x80\x04\x8c\x02os\x8c\x09path.join\x93.",
    "dotted into a class": b"\x80\x04\x8c\x0bminopt.base\x8c\x0fTrials.__init__\x93)R.",
    "through trials' module": b"\x80\x04\x8c\x0bminopt.base"
    + b"\x8c\x1dTrials.fmin.__globals__.clear\x93)R.",
    "operator.attrgetter": named("operator", "attrgetter", "system"),
    "functools.partial": named("functools", "partial", "x"),
    "types.CodeType": named("types", "CodeType"),
    "types.FunctionType": named("types", "FunctionType"),
    "pickle.loads": named("pickle", "loads", "x"),
    "cloudpickle": cloudpickle.dumps(lambda: 1),
    "cloudpickle's class": cloudpickle.dumps(type("Local", (), {})()),
    "codecs": named("_codecs", "decode", "x"),
    "another codec": named("_codecs", "encode", "x", "zip"),
    "copyreg.__newobj__": named("copyreg", "__newobj__"),
    "copyreg._reconstructor": b"ccopyreg\n_reconstructor\n(cos\nstat_result\n"
    + b"cbuiltins\nobject\nNtR.",
    "an instance of Python 2": b"(ios\nsystem\n.",
    "an object of Python 2": b"(cos\nsystem\nVexit 1\no.",
    "a persistent id": b"Pnumber\n.",
    "numpy's load": named("numpy", "load", "x"),
    "numpy's runstring": named("numpy.testing._private.utils", "runstring", "1/0"),
    "numpy's f2py": named("numpy.f2py", "compile", "x"),
    "a class of minopt's": named("minopt.trials.sql", "SQLTrials", "new.db"),
    "minopt.fmin": named("minopt.fmin", "fmin", "x"),
    "a weak reference": named("weakref", "ref"),
    "pathlib": named("pathlib", "PosixPath", "x"),
    "defaultdict with a function": pickle.dumps(collections.defaultdict(list)),
    "an exception": pickle.dumps(ValueError("x")),
    "zip bomb": named("zlib", "decompress", "x"),
    "a module's attribute function": b"cminopt\n__getattr__\n(Vfmin\ntR.",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_what_could_run_code_is_refused(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((UntrustedPickle, DamagedFile)):
        read(data)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "hidden",
    [Calls(canary), [Calls(canary, 1)], {"a": Calls(canary)}, (Calls(canary),), Builds()],
    ids=["bare", "list", "dict", "tuple", "built"],
)
def test_a_call_hidden_anywhere_is_refused(hidden, protocol):
    with pytest.raises(UntrustedPickle, match="canary"):
        read(pickle.dumps(hidden, protocol))


def test_a_call_within_trials_is_refused(trials):
    trials.trials[3]["result"]["model"] = Calls(canary)
    with pytest.raises(UntrustedPickle, match="canary"):
        read(pickle.dumps(trials))


def test_a_call_within_an_array_of_objects_is_refused():
    array = np.empty(2, object)
    array[0] = Calls(canary)
    with pytest.raises(UntrustedPickle, match="canary"):
        read(pickle.dumps(array))


def test_an_extension_code_is_refused():
    copyreg.add_extension(HERE, "canary", 0x1234)
    try:
        data = b"\x80\x02\x83" + struct.pack("<H", 0x1234) + b")R."
        with pytest.raises(UntrustedPickle, match="extension"):
            read(data)
    finally:
        copyreg.remove_extension(HERE, "canary", 0x1234)


DTYPE = b"cnumpy\ndtype\n(V%s\nI00\nI01\ntR"
FORGED = {
    # an array of pointers, made of bytes
    "objects out of bytes": b"cnumpy._core.numeric\n_frombuffer\n(C\x08aaaaaaaa"
    + DTYPE % b"O8"
    + b"(I1\ntVC\ntR.",
    "an object scalar with a forged state": b"cnumpy._core.multiarray\nscalar\n("
    + DTYPE % b"V8"
    + b"(I3\nV|\nN(Va\nt}Va\n("
    + DTYPE % b"O8"
    + b"I0\ntsI8\nI1\nI0\ntbC\x08aaaaaaaatR.",
    "a shape larger than the data": b"cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\n"
    + b"(I0\ntC\x01btR(I1\n(I1000\nt"
    + DTYPE % b"f8"
    + b"I00\nC\x08aaaaaaaatb.",
    "a negative shape": b"cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\n"
    + b"(I0\ntC\x01btR(I1\n(I-1\nt"
    + DTYPE % b"f8"
    + b"I00\nC\x00tb.",
    "no dtype": b"cnumpy._core.numeric\n_frombuffer\n(C\x08aaaaaaaaVO\n(I1\ntVC\ntR.",
    "a dtype of commands": DTYPE % b"f8,O8" + b".",
    "another class of arrays": b"cnumpy._core.multiarray\n_reconstruct\n(cbuiltins\nset\n"
    + b"(I0\ntC\x01btR.",
    "a scalar of the wrong size": b"cnumpy._core.multiarray\nscalar\n("
    + DTYPE % b"f8"
    + b"C\x01atR.",
    "zeros without end": b"cnumpy._core.numeric\n_frombuffer\n(C\x00"
    + DTYPE % b"S0"
    + b"(I1000000000000\ntVC\ntR.",
}


@pytest.mark.parametrize("data", FORGED.values(), ids=FORGED)
def test_forged_arrays_are_refused(data):
    with pytest.raises((DamagedFile, UntrustedPickle)):
        read(data)


BOMBS = {
    "bytes without end": b"\x80\x05\x96" + struct.pack("<Q", 1 << 40) + b"x.",
    "a string without end": b"\x80\x04\x8d" + struct.pack("<Q", 1 << 62) + b"x.",
    "a frame without end": b"\x80\x04\x95" + struct.pack("<Q", 1 << 62) + b"]",
    "a long int without end": b"\x80\x02\x8b" + struct.pack("<i", 1 << 30) + b"x.",
    "a negative length": b"\x80\x02\x8b" + struct.pack("<i", -1) + b"x.",
    "no mark": b"t.",
    "nothing on the stack": b"R.",
    "an unknown operation": b"\xff.",
    "a key as deep as the sea": b"}()" + b"\x85" * 100_000 + b"Nu.",
    "a key that doubles": b"})" + b"2\x86" * 64 + b"Ns.",
    "an element that doubles": b"\x8f()" + b"2\x86" * 64 + b"\x90.",
    "set with the same": b"cbuiltins\nset\n(](" + b")" + b"2\x86" * 64 + b"etR.",
    "a set of a range": b"cbuiltins\nset\n(cbuiltins\nrange\n(L99999999999L\ntRtR.",
    "trials with a method": b"cminopt.base\nTrials\n)\x81}Vrefresh\nI1\nsb.",
    "appending to a dict": b"}I1\na.",
    "setting items of a list": b"]I1\nI2\ns.",
    "a state for a list": b"]}b.",
}


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS)
def test_bombs_and_nonsense_are_named_damaged(data):
    with pytest.raises(DamagedFile, match="the file cannot be read as trials"):
        read(data)


def doubled(times):
    made = (1,)
    for _ in range(times):
        made = (made, made)
    return made


def put_into_a_trial(trials, bomb):
    trials._dynamic_trials[2]["result"]["part"] = [bomb]


def put_into_an_id(trials, bomb):
    trials._dynamic_trials[2]["tid"] = bomb


def put_into_values(trials, bomb):
    trials._dynamic_trials[2]["misc"]["vals"]["x"] = [bomb]


def put_into_an_array(trials, bomb):
    trials._dynamic_trials[2]["result"]["part"] = part = np.array([None, None], dtype=object)
    part[0] = bomb


def put_into_an_attachment(trials, bomb):
    trials.attachments["part"] = collections.OrderedDict(a=bomb)


@pytest.mark.parametrize(
    "put",
    [
        *(put_into_a_trial, put_into_an_id, put_into_values, put_into_an_array),
        put_into_an_attachment,
    ],
)
def test_parts_that_double_over_and_over_are_named_damaged_and_the_rest_recovered(
    trials, tmp_path, put
):
    put(trials, doubled(64))
    file = tmp_path / "trials.pkl"
    file.write_bytes(pickle.dumps(trials))
    with pytest.raises(DamagedFile, match="over and over"):
        load_trials(file)
    recovered = salvage_pickle(file.read_bytes()).trials()
    n_lost = 1 if put in (put_into_an_id, put_into_values) else 0
    assert len(recovered._dynamic_trials) == len(trials._dynamic_trials) - n_lost
    assert "note" in recovered.attachments
    minopt.copy_trials(recovered, tmp_path / "recovered.jsonl")


def test_a_result_that_is_in_every_trial_is_read(trials, same, tmp_path):
    table = [[float(row)] * 5 for row in range(100)]
    for trial in trials._dynamic_trials:
        trial["result"].update(table=table, twice=(table, table))
    file = tmp_path / "trials.pkl"
    file.write_bytes(pickle.dumps(trials))
    assert same(load_trials(file), trials)


def test_one_tuple_that_stands_in_a_long_list_is_no_doubling(trials, same, tmp_path):
    trials._dynamic_trials[3]["result"]["path"] = [(0, 0)] * 150_000
    file = tmp_path / "trials.pkl"
    file.write_bytes(pickle.dumps(trials))
    assert same(load_trials(file), trials)
    salvaged = salvage_pickle(file.read_bytes())
    assert salvaged.notes == []


def test_a_forged_index_reserves_no_memory():
    assert read(b"]r\xff\xff\xff\xff.") == []


def test_a_list_as_deep_as_the_sea_does_not_end_the_process(tmp_path):
    path = tmp_path / "deep.pkl"
    path.write_bytes(b"]" * 300_000 + b"a" * 299_999 + b".")
    with pytest.raises(DamagedFile, match=r"holds a list"):
        load_trials(path)


def test_every_cut_of_a_pickle_is_named_damaged(trials):
    data = pickle.dumps(trials)
    for length in range(0, len(data), 97):
        with pytest.raises(DamagedFile):
            read(data[:length])


def test_flipped_bits_raise_errors_of_minopt_or_nothing(trials):
    data = pickle.dumps(trials)
    rng = np.random.default_rng(0)
    for place, bit in zip(rng.integers(len(data), size=300), rng.integers(8, size=300)):
        broken = bytearray(data)
        broken[place] ^= 1 << int(bit)
        with suppress(MinoptError):
            read(bytes(broken))


# ---- the errors


def test_the_error_names_class_file_and_way_out(tmp_path, trials):
    file = tmp_path / "trials.pkl"
    trials.trials[0]["result"]["model"] = Calls(print)
    file.write_bytes(pickle.dumps(trials))
    with pytest.raises(UntrustedPickle) as refused:
        load_trials(file)
    assert str(file) in str(refused.value)
    assert "builtins.print" in str(refused.value)
    assert f"minopt.load_trials({str(file)!r}, trusted=True)" in str(refused.value)
    assert isinstance(refused.value, (InvalidArgument, pickle.UnpicklingError))


def test_the_way_out_reads_it(tmp_path, trials):
    file = tmp_path / "trials.pkl"
    trials.trials[0]["result"]["model"] = slice(1, 2)
    file.write_bytes(pickle.dumps(trials))
    with pytest.raises(UntrustedPickle, match="slice"):
        load_trials(file)
    assert load_trials(file, trusted=True).results[0]["model"] == slice(1, 2)


def test_plain_pickle_by_the_users_own_hand_keeps_working(trials):
    trials.trials[0]["result"]["model"] = slice(1, 2)
    assert pickle.loads(pickle.dumps(trials)).results[0]["model"] == slice(1, 2)


def test_the_front_door_has_it():
    assert minopt.load_trials is load_trials
