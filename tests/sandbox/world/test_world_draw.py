"""Laws of the deterministic draws."""

from hypothesis import given
from hypothesis import strategies as st

from sandbox.world.draw import Order, Table, mix, stream


@given(seed=st.integers(0, 2**32), size=st.integers(1, 400))
def test_an_order_ranks_every_index_exactly_once(seed: int, size: int) -> None:
    """It is a permutation, whatever the size."""
    order = Order(seed, size)
    assert sorted(order.rank(index) for index in range(size)) == list(range(size))


def test_an_order_of_a_million_is_not_the_identity_and_needs_no_table() -> None:
    """Neighbours are torn apart, and only two numbers are kept."""
    order = Order(7, 1_000_000)
    ranks = [order.rank(index) for index in range(200)]
    assert len(set(ranks)) == 200
    assert max(ranks) > 500_000
    assert not hasattr(order, "__dict__")


def test_a_stream_depends_on_its_parts_alone() -> None:
    """What other leads drew changes nothing."""
    first = [stream(7, 1, index).random() for index in range(5)]
    assert [stream(7, 1, index).random() for index in reversed(range(5))] == first[::-1]
    assert mix(7, 1) != mix(1, 7)


def test_a_table_draws_only_what_has_weight() -> None:
    """Every value comes, roughly as often as its weight says."""
    table = Table((("often", 9), ("seldom", 1)))
    drawn = [table.draw(stream(1, number)) for number in range(1000)]
    assert set(drawn) == {"often", "seldom"}
    assert 50 < drawn.count("seldom") < 150
