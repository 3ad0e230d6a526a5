"""A full disk, a quota, a disk that errs: an error names the file, and the search can go on."""

from __future__ import annotations

import os
import re
import resource
import subprocess

import pytest

pytestmark = pytest.mark.timeout(600)

some_and_many = pytest.mark.parametrize(
    "n_faults", [10, pytest.param(30, marks=pytest.mark.faults_long)]
)
both_stores = pytest.mark.parametrize("store", ["pickle", "sqlite"])


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m", "minopt-test", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("only root may mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def ends_with_a_word_about_the_file(study, printed):
    """Tell whether the last line names the file, and an error of ours."""
    last = printed.rstrip().splitlines()[-1]
    return re.match(r"minopt\.exceptions\.\w*(Store|File)\w*: ", last) and study.path.name in last


@both_stores
def test_full_disk(new_study, small_disk, uninterrupted, store):
    study = new_study(store, folder=small_disk, max_evals=60, n_bytes=3000)
    ballast = study.path.parent / "ballast"
    disk = os.statvfs(small_disk)
    ballast.write_bytes(bytes(disk.f_bfree * disk.f_bsize - 250_000))
    printed = study.fail()
    assert ends_with_a_word_about_the_file(study, printed), printed
    assert re.search("space|full", printed)
    assert 0 < len(study.acknowledged) < 60
    study.check_acknowledged()
    ballast.unlink()
    study.run()
    assert [misc["vals"] for misc in study.check_finished().miscs] == uninterrupted(study)


@both_stores
def test_reached_quota(new_study, uninterrupted, store):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))

    study = new_study(store, max_evals=60, n_bytes=3000)
    printed = study.fail(preexec_fn=limit)
    assert ends_with_a_word_about_the_file(study, printed), printed
    assert 0 < len(study.acknowledged) < 60
    study.check_acknowledged()
    study.run()
    assert [misc["vals"] for misc in study.check_finished().miscs] == uninterrupted(study)


@some_and_many
@both_stores
def test_calls_that_fail(new_study, strace, chance, uninterrupted, store, n_faults):
    calls = strace.count(new_study(store, max_evals=40))
    failures = 0
    while failures < n_faults:
        study = new_study(store, max_evals=40)
        while not study.is_finished:
            if failures < n_faults:
                call, number = strace.moment(chance, study, calls)
                error, ever_after = chance.choice(["ENOSPC", "EIO"]), chance.choice(["", "+"])
                printed = study.fail(*strace(f"error={error}", call, f"{number}{ever_after}"))
                if printed is not None:
                    assert ends_with_a_word_about_the_file(study, printed), printed
                    failures += 1
            else:
                study.run()
            study.check_acknowledged()
        assert [misc["vals"] for misc in study.check_finished().miscs] == uninterrupted(study)
