"""The oracle must be able to say no: a rig that cannot fail proves nothing."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from oracle import Content, Oracle, Thing, digest  # noqa: E402  the path is set above
from store import Violation  # noqa: E402

OLD, NEW, OTHER = (digest(text) for text in (b"old", b"new", b"other"))


class Interrupted(Exception):
    pass


@pytest.fixture
def oracle(tmp_path):
    made = Oracle(tmp_path / "journal")
    yield made
    made.close()


def interrupted_change(oracle, thing, state):
    with pytest.raises(Interrupted), oracle.change(thing, state):
        raise Interrupted


def test_what_was_acknowledged_is_the_only_right_answer(oracle):
    thing = oracle.add("family", "key", OLD)
    with oracle.change(thing, NEW):
        pass
    thing.settle(NEW)
    for wrong in (OLD, OTHER, None):
        with pytest.raises(Violation):
            thing.settle(wrong)


@pytest.mark.parametrize("found", [OLD, NEW])
def test_an_open_change_is_there_as_a_whole_or_not_at_all(oracle, found):
    thing = oracle.add("family", "key", OLD)
    interrupted_change(oracle, thing, NEW)
    for wrong in (OTHER, None):
        with pytest.raises(Violation):
            thing.settle(wrong)
    thing.settle(found)
    with pytest.raises(Violation):
        thing.settle({OLD: NEW, NEW: OLD}[found])  # seen once, it stays


def test_a_deletion_that_was_acknowledged_is_final(oracle):
    thing = oracle.add("family", "key", OLD)
    with oracle.change(thing, None):
        pass
    assert not thing.exists
    with pytest.raises(Violation):
        thing.settle(OLD)


def test_a_creation_that_nobody_answered_stays_open(oracle):
    with pytest.raises(Interrupted), oracle.creation("family"):
        raise Interrupted
    with oracle.creation("family"):
        oracle.add("family", "key", OLD)
    assert oracle.open_creations == {"family": 1}
    assert oracle.acknowledged == 1


def test_the_journal_has_a_change_before_its_end(oracle, tmp_path):
    thing = oracle.add("family", "key", OLD)
    interrupted_change(oracle, thing, NEW)
    lines = (tmp_path / "journal").read_text().splitlines()
    assert [line.split('"')[1] for line in lines] == ["created", "change"]


def test_contents_are_told_apart():
    assert Content("a", 100).bytes() == Content("a", 100).bytes()
    assert Content("a", 100).bytes() != Content("b", 100).bytes()
    assert Content("a", 5).bytes(b"head") == b"head" + Content("a", 5).bytes()
    assert Thing("family", "key", None).exists is False
