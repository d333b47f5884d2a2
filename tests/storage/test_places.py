"""Rowids by offset, against a dictionary."""

from hypothesis import given
from hypothesis import strategies as st

from aidevos.storage.places import Places

puts = st.tuples(st.just("put"), st.integers(0, 40))
drops = st.tuples(st.just("drop"), st.integers(0, 45))


@given(st.lists(st.one_of(puts, puts, drops), max_size=40), st.integers(1, 50))
def test_places_know_what_a_dictionary_knows(story: list[tuple[str, int]], most: int) -> None:
    places, known = Places(), dict[int, int]()
    for row_id, (action, number) in enumerate(story, 1):
        if action == "put":
            places.put(number, row_id)
            known[number] = row_id
            continue
        gone = list[int]()
        while some := places.drop(number, most):
            gone += some
        assert gone == [known.pop(offset) for offset in sorted(known) if offset < number]
    for start, end in ((0, 100), (3, 20), (20, 3)):
        wanted = [known[offset] for offset in sorted(known) if start <= offset < end]
        assert places.between(start, end) == wanted
