"""What must not be cut in two is done before a Ctrl-C is heard."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from minopt._interrupts import uninterrupted

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")


def press():
    signal.raise_signal(signal.SIGINT)


@pytest.fixture
def done():
    return []


def press_amid(done):
    with uninterrupted:
        press()
        done.append("the block")
    done.append("what follows")


def test_a_ctrl_c_waits_for_the_end_of_the_block(done):
    with pytest.raises(KeyboardInterrupt):
        press_amid(done)
    assert done == ["the block"]


def test_blocks_within_each_other_wait_for_the_outermost(done):
    with pytest.raises(KeyboardInterrupt), uninterrupted:
        press_amid(done)
    assert done == ["the block", "what follows"]


def test_a_second_ctrl_c_does_not_wait(done):
    with pytest.raises(KeyboardInterrupt), uninterrupted:  # noqa: PT012
        press_amid(done)
        press_amid(done)
    assert done == ["the block", "what follows"]


def test_an_error_in_the_block_comes_with_the_ctrl_c(done):
    with pytest.raises(KeyboardInterrupt) as caught, uninterrupted:  # noqa: PT012
        press_amid(done)
        raise KeyError("within")
    assert isinstance(caught.value.__context__, KeyError)


def test_handlers_are_as_they_were(monkeypatch):
    def handler(number, frame):
        raise ConnectionError

    before = signal.signal(signal.SIGTERM, handler)
    try:
        with pytest.raises(ConnectionError), uninterrupted:
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is handler
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        with pytest.raises(KeyboardInterrupt):
            press()
    finally:
        signal.signal(signal.SIGTERM, before)


def test_in_another_thread_nothing_is_changed():
    def work():
        with uninterrupted:
            found.append(signal.getsignal(signal.SIGINT))

    found = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [signal.default_int_handler]
