"""The contract suite that proves any space, shipped so that you can run it over your own.

    class TestMySpace(SpaceContract):
        @pytest.fixture
        def space(self) -> Space:
            return MySpace()

docs/spaces.md walks through it. It needs pytest, which is no dependency of EdgeMeter.
"""

from collections.abc import Iterator
from dataclasses import fields

import numpy as np
import pytest

from edgemeter.networks.costs import NetworkCosts, network_costs
from edgemeter.networks.network import Network
from edgemeter.spaces.codes import LARGEST, validate
from edgemeter.spaces.costs import architecture_costs
from edgemeter.spaces.counting import placed_at
from edgemeter.spaces.sampling import sample
from edgemeter.spaces.size import size
from edgemeter.spaces.space import NOTHING, CodeError, Codes, Space
from edgemeter.spaces.text import from_document, from_text, to_document, to_text

_ARCHITECTURES = 12
_OPERATORS = 24


class SpaceContract:
    """Tests that every space passes. Subclasses give the `space`."""

    @pytest.fixture
    def space(self) -> Space:
        raise NotImplementedError

    @pytest.fixture
    def codes(self, space: Space) -> Codes:
        """Architectures that have a network: at least half of random ones must."""
        rows = [row for row in sample(space, 2 * _ARCHITECTURES, seed=4) if _builds(space, row)]
        assert len(rows) >= _ARCHITECTURES
        return np.asfortranarray(rows[:_ARCHITECTURES])

    def test_names_are_unique_and_can_be_written(self, space: Space) -> None:
        assert space.name
        assert space.version >= 1
        assert not set(space.name) & set("@: \t\n")
        for words in (
            [column.name for column in space.columns],
            [each.key for each in space.placed],
            [layer.name for layer in space.layers],
            *(column.choices for column in space.columns),
        ):
            assert all(words)
            assert len(set(words)) == len(words)
        assert all(0 < len(column.choices) <= LARGEST + 1 for column in space.columns)

    def test_every_layer_is_a_table_of_its_columns(self, space: Space) -> None:
        used: set[int] = set()
        for layer in space.layers:
            assert layer.placed.shape == tuple(len(space.columns[each].choices) for each in layer.columns)
            assert layer.placed.min() >= NOTHING
            used |= set(layer.placed.ravel().tolist())
        assert used - {NOTHING} == set(range(len(space.placed)))
        assert {each for layer in space.layers for each in layer.columns} == set(range(len(space.columns)))

    def test_texts_and_documents_give_the_codes_back(self, space: Space, codes: Codes) -> None:
        for row in codes:
            text = to_text(space, row)
            assert text.startswith(f"{space.name}@{space.version}:")
            assert np.array_equal(from_text(space, text), row)
            assert np.array_equal(from_document(space, to_document(space, row)), row)

    def test_another_version_is_refused(self, space: Space, codes: Codes) -> None:
        text = to_text(space, codes[0]).replace(f"@{space.version}:", f"@{space.version + 1}:")
        with pytest.raises(CodeError, match="version"):
            from_text(space, text)

    def test_samples_are_valid_and_repeat(self, space: Space) -> None:
        codes = sample(space, 100, seed=9)
        assert np.array_equal(validate(space, codes), sample(space, 100, seed=9))
        assert len({row.tobytes() for row in codes}) > min(size(space), 100) // 4

    def test_canonical_codes_stand_for_the_same_network(self, space: Space, codes: Codes) -> None:
        canonical = space.canonical(codes)
        assert np.array_equal(space.canonical(canonical), canonical)
        for row, same in zip(codes, canonical, strict=True):
            assert space.build(row) == space.build(same)

    def test_a_space_that_says_so_writes_each_network_once(self, space: Space, codes: Codes) -> None:
        if space.written_once:
            np.testing.assert_array_equal(space.canonical(codes), codes)

    def test_costs_are_those_of_the_networks(self, space: Space, codes: Codes) -> None:
        table = architecture_costs(space, codes)
        for number, row in enumerate(codes):
            costs = network_costs(space.build(row))
            assert {each.name: int(getattr(table, each.name)[number]) for each in fields(NetworkCosts)} == {
                each.name: getattr(costs, each.name) for each in fields(NetworkCosts)
            }

    def test_operators_stand_alone_in_their_context(self, space: Space) -> None:
        for position in range(0, len(space.placed), max(1, len(space.placed) // _OPERATORS)):
            context, network = space.placed[position].context, space.build_placed(position)
            here = network.input
            assert (here.height, here.width, here.channels) == (
                context.height,
                context.width,
                context.channels_in,
            )
            assert [network.nodes[each].result.channels for each in network.outputs] == [context.channels_out]

    def test_batches_multiply_the_work_and_no_parameter(self, space: Space, codes: Codes) -> None:
        one, four = network_costs(space.build(codes[0])), network_costs(space.build(codes[0], batch=4))
        assert (four.macs, four.parameters) == (4 * one.macs, one.parameters)

    def test_networks_hold_the_operators_that_the_tables_say(self, space: Space, codes: Codes) -> None:
        living = space.canonical(codes)
        for row, positions in zip(codes, placed_at(space, living), strict=True):
            parts = [space.build_placed(position) for position in positions if position != NOTHING]
            assert sum(len(part.nodes) for part in parts) == len(space.build(row).nodes)

    def test_wrong_codes_are_refused(self, space: Space, codes: Codes) -> None:
        for wrong in _wrong(space, codes):
            with pytest.raises(CodeError):
                space.build(wrong)


def _builds(space: Space, row: Codes) -> Network | None:
    try:
        return space.build(row)
    except CodeError:
        return None


def _wrong(space: Space, codes: Codes) -> Iterator[Codes]:
    yield codes
    yield codes[0][:-1]
    yield codes[0].astype(np.int64)
    beyond = codes[0].copy()
    beyond[0] = len(space.columns[0].choices)
    yield beyond
