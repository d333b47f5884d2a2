"""The host's chance: seeds of later turns put their ids behind those of earlier ones."""

from aidevos_host.ports import Ports

from aidevos.core.turn import CHANCE_BITS


def test_seeds_count_the_turns_and_differ_in_chance() -> None:
    ports = Ports()
    seeds = [ports.seed() for _ in range(100)]
    assert [seed >> CHANCE_BITS for seed in seeds] == list(range(100))
    assert len({seed & (1 << CHANCE_BITS) - 1 for seed in seeds}) == 100
    assert max(seeds).bit_length() <= 63
