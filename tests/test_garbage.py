"""The garbage collector leaves alone what stays for the whole run."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from kpmath_builder.execution.garbage import long_lived_objects_set_aside


@pytest.fixture(autouse=True)
def _nothing_is_set_aside_yet() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.freeze()


def test_what_exists_before_is_set_aside_and_comes_back() -> None:
    with long_lived_objects_set_aside():
        assert gc.get_freeze_count() > 0
    assert gc.get_freeze_count() == 0


def test_what_is_garbage_already_is_not_kept_for_the_whole_run() -> None:
    class Node:
        itself: object

    node = Node()
    node.itself = node
    watched = weakref.ref(node)
    del node
    with long_lived_objects_set_aside():
        assert watched() is None


def test_it_comes_back_after_a_failure_too() -> None:
    with pytest.raises(ZeroDivisionError), long_lived_objects_set_aside():
        raise ZeroDivisionError
    assert gc.get_freeze_count() == 0


def test_a_process_that_has_set_its_own_objects_aside_keeps_them_so() -> None:
    gc.freeze()
    with long_lived_objects_set_aside():
        pass
    assert gc.get_freeze_count() > 0
