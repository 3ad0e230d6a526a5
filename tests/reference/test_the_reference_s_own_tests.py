"""hyperopt's unit tests pass when `hyperopt` is minopt."""

from __future__ import annotations

import pytest

FILES = [
    "integration.test_sklearn",
    "unit.test_anneal",
    "unit.test_atpe_basic",
    "unit.test_criteria",
    "unit.test_domains",
    "unit.test_fmin",
    "unit.test_pchoice",
    "unit.test_plotting",
    "unit.test_progress",
    "unit.test_pyll_utils",
    "unit.test_rand",
    "unit.test_randint",
    "unit.test_rdists",
    "unit.test_tpe",
    "unit.test_utils",
    "unit.test_vectorize",
    "unit.test_webpage",
    "hyperopt.tests.test_base",
    "pyll.tests.test_base",
    "pyll.tests.test_stochastic",
]


@pytest.mark.parametrize("file", FILES)
def test_a_file_of_the_reference_passes(reference_results, file):
    here = {name: wrong for name, wrong in reference_results.items() if f"{file}." in name}
    assert here, f"none of its tests ran; those that ran: {sorted(reference_results)[:10]} …"
    wrong = [f"{name}: {why}" for name, why in here.items() if why]
    assert not wrong, "\n\n".join(wrong)


def test_no_test_of_another_file_fails(reference_results):
    known = [name for name in reference_results for file in FILES if f"{file}." in name]
    wrong = {name: why for name, why in reference_results.items() if name not in known and why}
    assert not wrong


def test_more_than_two_hundred_tests_ran(reference_results):
    assert len(reference_results) > 220
