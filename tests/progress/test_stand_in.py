"""What stands in for stdout and stderr while a bar is shown."""

# ruff: noqa: T201
from __future__ import annotations

import contextlib
import io
import sys
import threading

import pytest

from minopt import std_out_err_redirect_tqdm as door
from minopt.progress import tqdm_progress_callback


@pytest.fixture
def streams(monkeypatch):
    """Replace stdout and stderr by files, and return both.

    To be called by the test itself: pytest changes the streams between set-up and test.
    """

    def replace():
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        return out, err

    return replace


def bar():
    return tqdm_progress_callback(initial=0, total=10)


def test_stdout_is_put_back(streams):
    out, err = streams()
    with bar() as progress:
        assert sys.stdout is not out
        assert sys.stderr is not err
        progress.update(1)
    assert sys.stdout is out
    assert sys.stderr is err


def test_stdout_is_put_back_after_an_error(streams):
    out, _ = streams()
    with pytest.raises(KeyboardInterrupt), bar():
        raise KeyboardInterrupt
    assert sys.stdout is out


def test_what_is_printed_arrives_whole_and_in_order(streams):
    out, _ = streams()
    with bar() as progress:
        print("one")
        progress.update(1)
        print("two", "three", sep="\n")
        print()
        print("  four  ")
    assert out.getvalue() == "one\ntwo\nthree\n\n  four  \n"


def test_a_partial_line_is_kept_until_it_is_whole(streams):
    out, _ = streams()
    with bar():
        print("half", end="")
        assert out.getvalue() == ""
        print(" and half")
        assert out.getvalue() == "half and half\n"
        sys.stdout.write("end without a newline")
    assert out.getvalue() == "half and half\nend without a newline"


def test_write_returns_the_count(streams):
    streams()
    with bar():
        assert sys.stdout.write("abc\n") == 4
        assert sys.stdout.write("") == 0
        assert sys.stderr.write("é") == 1
        assert sys.stdout.writelines(["a\n", "b\n"]) is None


def test_only_text_can_be_written(streams):
    streams()
    with bar(), pytest.raises(TypeError, match="must be str, not bytes"):
        sys.stdout.write(b"bytes")


def test_the_bar_is_written_to_stderr(streams):
    out, err = streams()
    with bar() as progress:
        progress.update(1)
    assert out.getvalue() == ""
    assert "1/10" in err.getvalue()


def test_what_the_stream_itself_answers_is_answered(tmp_path, monkeypatch):
    with (tmp_path / "out.txt").open("w", encoding="latin-1", errors="replace") as out:
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        with bar():
            stand_in = sys.stdout
            assert stand_in.encoding == "latin-1"
            assert stand_in.errors == "replace"
            assert stand_in.fileno() == out.fileno()
            assert stand_in.isatty() is False
            assert stand_in.writable() is True
            assert stand_in.closed is False
            assert stand_in.name == out.name
            assert stand_in.buffer is out.buffer
            with pytest.raises(AttributeError, match="no_such"):
                _ = stand_in.no_such
            stand_in.flush()
            stand_in.close()
        print("still open")
    assert (tmp_path / "out.txt").read_text() == "still open\n"


def test_of_two_nested_bars_the_outer_one_puts_stdout_back(streams):
    out, _ = streams()
    with bar():
        outer = sys.stdout
        with bar():
            assert sys.stdout is outer
            print("inner")
        assert sys.stdout is outer
        print("outer")
    assert sys.stdout is out
    assert out.getvalue() == "inner\nouter\n"


def test_of_two_overlapping_bars_the_last_one_puts_stdout_back(streams):
    out, _ = streams()
    first, second = bar(), bar()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert sys.stdout is not out
    print("between")
    second.__exit__(None, None, None)
    assert sys.stdout is out
    assert out.getvalue() == "between\n"


def test_bars_in_threads_put_stdout_back_when_the_last_ends(streams):
    out, _ = streams()
    barrier = threading.Barrier(4)

    def work(name):
        with bar():
            barrier.wait(timeout=20)
            print(f"from {name}")

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sys.stdout is out
    assert sorted(out.getvalue().split("\n"))[1:] == [f"from {name}" for name in "abcd"]


def test_a_stream_that_somebody_else_put_there_stays_theirs(streams):
    out, err = streams()
    theirs = io.StringIO()
    with bar():
        sys.stdout = theirs
    assert sys.stdout is theirs
    assert sys.stderr is err
    sys.stdout = out


def test_a_redirection_inside_works_and_ends_with_the_stand_in(streams):
    out, _ = streams()
    caught = io.StringIO()
    with bar():
        stand_in = sys.stdout
        with contextlib.redirect_stdout(caught):
            print("caught")
            with bar():
                print("caught too")
            assert sys.stdout is caught
        assert sys.stdout is stand_in
        print("free")
    assert caught.getvalue() == "caught\ncaught too\n"
    assert out.getvalue() == "free\n"
    assert sys.stdout is out


def test_a_kept_stand_in_goes_on_writing_after_the_bar(streams):
    out, _ = streams()
    with bar():
        kept = sys.stdout
    kept.write("late")
    assert out.getvalue() == "late"


def test_without_stderr_there_is_no_bar_and_no_error(streams, monkeypatch):
    out, _ = streams()
    monkeypatch.setattr(sys, "stderr", None)
    with bar() as progress:
        progress.update(1)
        print("printed")
    assert sys.stderr is None
    assert out.getvalue() == "printed\n"


def test_the_door_has_hyperopts_names(streams):
    out, _ = streams()
    with door.std_out_err_redirect_tqdm() as original:
        assert original is out
        assert isinstance(sys.stdout, door.DummyTqdmFile)
        assert sys.stdout.file is out
    assert sys.stdout is out
