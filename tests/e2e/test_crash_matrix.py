"""A third of the crash matrix each run: every step and fault for each kind of network. `make crash-matrix` runs all."""

import pytest
from crashes.matrix import A_THIRD, FAULTS, KINDS, Outcome, run_all, steps_of

pytestmark = pytest.mark.slow


def test_the_third_meets_each_step_and_each_fault_of_each_kind():
    """What is left out is left out evenly."""
    for kind in KINDS:
        mine = [cell for cell in A_THIRD if cell.kind == kind]
        assert {cell.step for cell in mine} == set(steps_of(kind))
        assert {cell.fault for cell in mine} == set(FAULTS)


def test_whatever_befalls_a_post_it_is_out_once_or_an_editor_is_told():
    """Killed, frozen, cut off, full or jumped at any step: never twice, never lost, never waiting without a word."""
    found = run_all(A_THIRD, at_once=10)
    fell = [
        f"{cell}: {outcome}"
        for cell, outcome in found.items()
        if outcome is not None and not (isinstance(outcome, Outcome) and outcome.holds)
    ]
    assert not fell, "\n".join(fell)
    assert sum(outcome is not None for outcome in found.values()) >= sum(
        len(steps_of(kind)) for kind in KINDS
    )
