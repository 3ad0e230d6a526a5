"""What every durable store promises, as tests. A new store subclasses `StoreContract`.

The subclass supplies a fixture ``open_store``: a function of ``exp_key`` (None by default) and
further options that returns a new `Store` on one and the same place, empty when the test begins.
"""

from __future__ import annotations

import datetime
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from minopt.exceptions import InvalidTrial
from minopt.trials.contract import Store
from minopt.trials.documents import (
    JOB_STATE_DONE,
    JOB_STATE_ERROR,
    JOB_STATE_NEW,
    JOB_STATE_RUNNING,
    Document,
    new_document,
)
from minopt.trials.owners import new_owner

OpenStore = Callable[..., Store]


def trial(tid: int, exp_key: Any = None) -> Document:
    """Make the document of a new trial with one parameter."""
    misc = {
        "tid": tid,
        "cmd": ("domain_attachment", "FMinIter_Domain"),
        "workdir": None,
        "idxs": {"x": [tid]},
        "vals": {"x": [tid / 10]},
    }
    return new_document(tid, None, {"status": "new"}, misc, exp_key)


def done(document: Document, **result: Any) -> Document:
    """Finish a trial with a result."""
    document["state"] = JOB_STATE_DONE
    document["result"] = {"status": "ok", "loss": 0.5, **result}
    return document


@lru_cache(maxsize=1)
def dead_owner() -> str:
    """Return the name of an owner whose process has ended."""
    code = "from minopt.trials.owners import new_owner; print(new_owner())"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return ended.stdout.strip()


class StoreContract:
    """The tests of a store; see the module."""

    # ---- documents in and out

    def test_what_is_inserted_is_seen_by_others_in_order(self, open_store: OpenStore) -> None:
        documents = [trial(0), trial(7), trial(3)]
        open_store().insert(documents)
        assert open_store().changes().documents == documents

    def test_a_document_comes_back_as_it_was(self, open_store: OpenStore) -> None:
        document = done(
            trial(0),
            scalar=np.float32(0.1),
            array=np.arange(6).reshape(2, 3),
            when=datetime.datetime(2026, 1, 2, 3, 4, 5, 678901),
            pair=(1, (2.5, "x")),
            raw=b"\x00\xff",
            worst=float("inf"),
            by_fold={1: 0.5, 2: 0.25},
            text="' OR 1=1; DROP TABLE minopt_trials; -- \u00e4\u20ac\U0001f600",
        )
        document["book_time"] = datetime.datetime(2026, 1, 2)
        document["a key of my own"] = [1, None]
        open_store().insert([document])
        (read,) = open_store().changes().documents
        result, written = read.pop("result"), dict(document)
        expected = written.pop("result")
        assert read == written
        np.testing.assert_array_equal(result.pop("array"), expected["array"])
        assert type(result["scalar"]) is np.float32
        assert result == {key: item for key, item in expected.items() if key != "array"}

    def test_nan_comes_back(self, open_store: OpenStore) -> None:
        open_store().insert([done(trial(0), loss=float("nan"))])
        (read,) = open_store().changes().documents
        assert read["result"]["loss"] != read["result"]["loss"]

    def test_changes_are_only_what_is_new(self, open_store: OpenStore) -> None:
        writer, reader = open_store(), open_store()
        writer.insert([trial(0), trial(1)])
        token = reader.changes().token
        assert reader.changes(token).documents == []
        writer.insert([trial(2)])
        writer.claim("host:1:a.b.c")
        changes = reader.changes(token)
        assert [(doc["tid"], doc["state"]) for doc in changes.documents] == [
            (0, JOB_STATE_RUNNING),
            (2, JOB_STATE_NEW),
        ]
        assert not changes.from_scratch
        assert reader.changes(changes.token).documents == []

    def test_an_id_that_is_taken_is_refused_and_nothing_is_inserted(
        self, open_store: OpenStore
    ) -> None:
        store = open_store()
        store.insert([trial(0)])
        with pytest.raises(InvalidTrial, match="id of its own"):
            store.insert([trial(1), trial(0)])
        assert [doc["tid"] for doc in open_store().changes().documents] == [0]

    def test_an_id_given_twice_at_once_is_refused(self, open_store: OpenStore) -> None:
        with pytest.raises(InvalidTrial, match="id of its own"):
            open_store().insert([trial(1), trial(1)])

    @pytest.mark.parametrize("tid", ["a", 1.5, None, 2**70, True])
    def test_an_id_that_is_no_whole_number_is_refused(
        self, open_store: OpenStore, tid: Any
    ) -> None:
        with pytest.raises(InvalidTrial, match="whole number"):
            open_store().insert([trial(0) | {"tid": tid}])

    def test_no_more_are_inserted_than_are_to_be_held(self, open_store: OpenStore) -> None:
        store = open_store()
        assert store.insert([trial(0), trial(1)], most=3) == 2
        assert store.insert([trial(2), trial(3)], most=3) == 1
        assert store.insert([trial(4)], most=3) == 0
        assert [doc["tid"] for doc in open_store().changes().documents] == [0, 1, 2]

    def test_inserting_nothing_does_nothing(self, open_store: OpenStore) -> None:
        open_store().insert([])
        assert open_store().changes().documents == []

    # ---- ids

    def test_ids_rise_and_are_given_once_whoever_asks(self, open_store: OpenStore) -> None:
        one, other = open_store(), open_store()
        assert [one.new_ids(2), other.new_ids(1), one.new_ids(3)] == [[0, 1], [2], [3, 4, 5]]

    def test_new_ids_lie_above_those_that_were_inserted(self, open_store: OpenStore) -> None:
        open_store().insert([trial(41)])
        assert open_store().new_ids(1) == [42]

    def test_threads_get_different_ids(self, open_store: OpenStore) -> None:
        given = _in_threads(4, lambda: [open_store().new_ids(1)[0] for _ in range(5)])
        assert sorted(given) == list(range(20))

    # ---- claims

    def test_a_new_trial_is_claimed_by_one_worker_only(self, open_store: OpenStore) -> None:
        one, other = open_store(), open_store()
        one.insert([trial(0)])
        claimed = one.claim("host:1:a.b.c")
        assert claimed is not None
        assert claimed["tid"] == 0
        assert other.claim("host:2:a.b.c") is None

    def test_the_oldest_is_claimed_first(self, open_store: OpenStore) -> None:
        store = open_store()
        store.insert([trial(5), trial(2)])
        claimed = [store.claim("host:1:a.b.c") for _ in range(2)]
        assert [doc and doc["tid"] for doc in claimed] == [5, 2]

    def test_a_claim_is_written_into_the_document(self, open_store: OpenStore) -> None:
        store = open_store()
        store.insert([trial(0)])
        claimed = store.claim("host:1:a.b.c")
        assert claimed is not None
        assert claimed["state"] == JOB_STATE_RUNNING
        assert claimed["owner"] == "host:1:a.b.c"
        assert isinstance(claimed["book_time"], datetime.datetime)
        assert open_store().changes().documents == [claimed]

    def test_the_first_of_those_inserted_can_be_claimed_at_once(
        self, open_store: OpenStore
    ) -> None:
        store, documents, owner = open_store(), [trial(0), trial(1)], new_owner()
        assert store.insert(documents, owner=owner) == 2
        assert [doc["state"] for doc in documents] == [JOB_STATE_RUNNING, JOB_STATE_NEW]
        assert documents[0]["owner"] == owner
        assert isinstance(documents[0]["book_time"], datetime.datetime)
        assert open_store().changes().documents == documents
        claimed = open_store().claim(new_owner())
        assert claimed is not None
        assert claimed["tid"] == 1
        assert store.record(done(documents[0]), owner)

    def test_what_is_not_inserted_is_not_claimed(self, open_store: OpenStore) -> None:
        store, document = open_store(), trial(1)
        store.insert([trial(0)])
        assert store.insert([document], most=1, owner=new_owner()) == 0
        assert document == trial(1)

    def test_a_claim_at_insertion_ends_with_its_owner(self, open_store: OpenStore) -> None:
        open_store().insert([trial(0)], owner=dead_owner())
        assert open_store().requeue(new_owner()) == [0]

    def test_ids_can_be_reserved_while_the_streams_are_held(self, open_store: OpenStore) -> None:
        store = open_store()
        with store.streams() as streams:
            assert store.new_ids(2) == [0, 1]
            streams.append({"first": "a", "last": "b", "n_seeds": 1})
        assert open_store().new_ids(1) == [2]
        with open_store().streams() as streams:
            assert [entry["n_seeds"] for entry in streams] == [1]

    def test_claims_of_many_at_once_share_the_trials_out(self, open_store: OpenStore) -> None:
        open_store().insert([trial(tid) for tid in range(24)])

        def claim_all() -> list[Any]:
            store, tids = open_store(), []
            while (claimed := store.claim(new_owner())) is not None:
                tids.append(claimed["tid"])
            return tids

        assert sorted(_in_threads(4, claim_all)) == list(range(24))

    # ---- records

    def test_a_record_is_seen_by_others(self, open_store: OpenStore) -> None:
        store = open_store()
        store.insert([trial(0)])
        claimed = store.claim("host:1:a.b.c")
        assert claimed is not None
        assert store.record(done(claimed), "host:1:a.b.c")
        (read,) = open_store().changes().documents
        assert (read["state"], read["result"]) == (JOB_STATE_DONE, {"status": "ok", "loss": 0.5})

    def test_a_trial_put_back_can_be_claimed_again(self, open_store: OpenStore) -> None:
        store = open_store()
        store.insert([trial(0)])
        claimed = store.claim("host:1:a.b.c")
        assert claimed is not None
        store.record({**claimed, "state": JOB_STATE_NEW, "owner": None}, "host:1:a.b.c")
        assert open_store().claim("host:2:a.b.c") is not None

    def test_a_record_of_a_trial_given_to_another_is_refused(self, open_store: OpenStore) -> None:
        store = open_store()
        store.insert([trial(0)])
        mine = store.claim(dead_owner())
        assert mine is not None
        open_store().requeue("host:2:a.b.c")
        theirs = open_store().claim("host:2:a.b.c")
        assert theirs is not None
        assert not store.record(done(mine, loss=1.0), mine["owner"])
        assert open_store().record(done(theirs, loss=2.0), "host:2:a.b.c")
        (read,) = open_store().changes().documents
        assert read["result"]["loss"] == 2.0

    def test_a_record_of_no_trial_is_refused(self, open_store: OpenStore) -> None:
        assert not open_store().record(done(trial(0)), "host:1:a.b.c")

    def test_a_change_is_written_unless_somebody_else_has_changed_it(
        self, open_store: OpenStore
    ) -> None:
        one, other = open_store(), open_store()
        one.insert([trial(0)])
        (read,) = other.changes().documents
        assert not other.is_changed(read)
        read["result"]["note"] = "mine"
        assert other.is_changed(read)
        assert other.replace(read)
        assert not other.is_changed(read)
        assert not one.replace({**trial(0), "result": {"note": "stale"}})
        (seen,) = open_store().changes().documents
        assert seen["result"]["note"] == "mine"

    # ---- owners that are gone

    def test_a_trial_whose_owner_is_gone_waits_again_at_once(self, open_store: OpenStore) -> None:
        store = open_store()
        store.insert([trial(0)])
        store.claim(dead_owner())
        assert open_store().requeue("host:2:a.b.c") == [0]
        (read,) = open_store().changes().documents
        assert (read["state"], read["owner"], read["book_time"]) == (JOB_STATE_NEW, None, None)

    def test_the_second_time_it_has_failed_and_says_why(self, open_store: OpenStore) -> None:
        store = open_store()
        store.insert([trial(0)])
        for _ in range(2):
            store.claim(dead_owner())
            assert store.requeue("host:2:a.b.c") == [0]
        (read,) = open_store().changes().documents
        assert read["state"] == JOB_STATE_ERROR
        assert "gone, for the second time" in read["misc"]["error"][1]
        assert store.claim("host:2:a.b.c") is None

    def test_a_trial_whose_owner_is_there_stays_its_own(self, open_store: OpenStore) -> None:
        store = open_store(heartbeat_timeout=1e-9)
        store.insert([trial(0)])
        store.claim(new_owner())
        assert store.requeue("host:2:a.b.c") == []

    def test_what_a_worker_elsewhere_runs_is_taken_back_when_it_is_silent(
        self, open_store: OpenStore
    ) -> None:
        patient, impatient = open_store(), open_store(heartbeat_timeout=1e-9)
        patient.insert([trial(0)])
        patient.claim("elsewhere:1:a.b.c")
        patient.heartbeat([0], "elsewhere:1:a.b.c")
        assert patient.requeue("host:2:a.b.c") == []
        assert impatient.requeue("host:2:a.b.c") == [0]

    def test_a_claim_given_up_before_it_began_waits_again(self, open_store: OpenStore) -> None:
        store = open_store()
        store.insert([trial(0), trial(1)])
        for _ in range(2):
            store.claim("host:1:a.b.c")
        assert store.requeue("host:1:a.b.c", running=[1]) == [0]

    @pytest.mark.parametrize("owner", [None, "me", "elsewhere:1:a.b.c"])
    def test_what_was_running_when_it_was_inserted_is_taken_back_when_it_is_silent(
        self, open_store: OpenStore, owner: str | None
    ) -> None:
        patient, impatient = open_store(), open_store(heartbeat_timeout=1e-9)
        patient.insert([trial(0) | {"state": JOB_STATE_RUNNING, "owner": owner}])
        assert patient.requeue("host:2:a.b.c") == []
        assert impatient.requeue("host:2:a.b.c") == [0]
        (read,) = open_store().changes().documents
        assert (read["state"], read["owner"]) == (JOB_STATE_NEW, None)

    def test_what_ran_in_a_process_that_is_gone_is_taken_back_at_once(
        self, open_store: OpenStore
    ) -> None:
        open_store().insert([trial(0) | {"state": JOB_STATE_RUNNING, "owner": dead_owner()}])
        assert open_store().requeue(new_owner()) == [0]

    def test_nothing_that_is_run_by_hand_is_taken_from_nobody(self, open_store: OpenStore) -> None:
        store = open_store(heartbeat_timeout=1e-9)
        store.insert([document := trial(0)])
        assert store.replace(document | {"state": JOB_STATE_RUNNING})
        assert store.requeue("host:2:a.b.c") == []

    def test_an_earlier_owner_s_silence_is_not_held_against_the_next(
        self, open_store: OpenStore
    ) -> None:
        store = open_store(heartbeat_timeout=1e-9)
        store.insert([trial(0), trial(1)])
        owner = new_owner()
        store.claim(dead_owner())
        claimed = store.claim(owner)
        assert claimed is not None
        store.record({**claimed, "state": JOB_STATE_NEW, "owner": None}, owner)
        assert store.requeue("host:2:a.b.c") == [0]
        documents = store.changes().documents
        assert [doc["state"] for doc in documents] == [JOB_STATE_NEW] * 2
        assert all(store.replace(doc | {"state": JOB_STATE_RUNNING}) for doc in documents)
        assert store.requeue("host:2:a.b.c") == []

    # ---- attachments

    @pytest.mark.parametrize(
        "value", [b"\x00\xff", b"", "text \u00e4\U0001f600", "", {"a": (1, 2)}, 0.5]
    )
    def test_an_attachment_comes_back(self, open_store: OpenStore, value: Any) -> None:
        open_store().attachments["name"] = value
        read = open_store().attachments["name"]
        assert (type(read), read) == (type(value), value)

    @pytest.mark.parametrize(
        "name",
        [
            "../../etc/passwd",
            "a'; DROP TABLE x; --",
            "%",
            "ATTACH::0::\u00e4",
            "VALUE::0::result.model",
            "minopt_space",
            "/",
            "",
        ],
    )
    def test_a_name_is_only_a_name(self, open_store: OpenStore, name: str) -> None:
        store = open_store()
        store.attachments["other"] = b"other"
        store.attachments[name] = b"1"
        store.attachments[name] = b"2"
        assert dict(open_store().attachments) == {"other": b"other", name: b"2"}
        del open_store().attachments[name]
        assert list(store.attachments) == ["other"]

    def test_a_missing_attachment_is_a_key_error(self, open_store: OpenStore) -> None:
        attachments = open_store().attachments
        assert "name" not in attachments
        with pytest.raises(KeyError, match="name"):
            attachments["name"]
        with pytest.raises(KeyError, match="name"):
            del attachments["name"]

    # ---- random streams

    def test_streams_are_kept(self, open_store: OpenStore) -> None:
        with open_store().streams() as streams:
            assert streams == []
            streams.append({"first": "a", "last": "b", "n_seeds": 1})
        with open_store().streams() as streams:
            assert streams == [{"first": "a", "last": "b", "n_seeds": 1}]

    def test_streams_stay_as_they_were_when_something_goes_wrong(
        self, open_store: OpenStore
    ) -> None:
        def draw_badly() -> None:
            with open_store().streams() as streams:
                streams.append({"first": "a", "last": "b", "n_seeds": 1})
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            draw_badly()
        with open_store().streams() as streams:
            assert streams == []

    # ---- searches beside each other, and the end

    def test_searches_of_other_names_are_not_seen(self, open_store: OpenStore) -> None:
        one, other, unnamed = open_store("one"), open_store("other"), open_store()
        one.insert([trial(0, "one"), trial(1, "one")])
        one.attachments["name"] = b"of one"
        assert other.changes().documents == unnamed.changes().documents == []
        assert other.claim("host:1:a.b.c") is None
        assert "name" not in other.attachments
        assert other.new_ids(1) == [0]
        other.insert([trial(0, "other")])
        assert [doc["exp_key"] for doc in open_store("other").changes().documents] == ["other"]

    def test_a_trial_of_another_search_is_refused(self, open_store: OpenStore) -> None:
        with pytest.raises(InvalidTrial, match="belongs to another search"):
            open_store("one").insert([trial(0, "other")])

    def test_all_can_be_deleted_for_everybody(self, open_store: OpenStore) -> None:
        store, other = open_store(), open_store()
        store.insert([trial(0)])
        store.attachments["name"] = b"1"
        open_store("kept").insert([trial(0, "kept")])
        token = other.changes().token
        store.delete_all()
        changes = other.changes(token)
        assert (changes.documents, changes.from_scratch) == ([], True)
        assert list(other.attachments) == []
        assert other.new_ids(1) == [1]
        assert len(open_store("kept").changes().documents) == 1

    def test_a_closed_store_opens_again_when_it_is_used(self, open_store: OpenStore) -> None:
        store = open_store()
        store.insert([trial(0)])
        store.close()
        assert len(store.changes().documents) == 1


def _in_threads(n: int, work: Callable[[], list[Any]]) -> list[Any]:
    """Do the same in several threads at once, and join what they return."""
    results: list[list[Any]] = []
    ready = threading.Barrier(n)

    def run() -> None:
        ready.wait()
        results.append(work())

    threads = [threading.Thread(target=run) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == n, "a thread has failed, see above"
    return [item for result in results for item in result]
