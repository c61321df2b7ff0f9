"""A JSON list read item by item: the same items as `json` reads, wherever the text is cut while it is read."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpmath_builder.seeds import json_items as module
from kpmath_builder.seeds.json_items import json_items

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(
    items=st.lists(VALUES, max_size=5),
    part=st.integers(1, 40),
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 1]),
)
def test_the_items_are_those_that_json_reads(
    items: list[object], part: int, *, ascii_only: bool, indent: int | None
):
    """However few characters are read at once."""
    text = json.dumps(items, ensure_ascii=ascii_only, indent=indent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PART", part)
        assert list(json_items(io.StringIO(text))) == items


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{"a": 1}', "no list"),
        ('[{"a": 1} {"a": 2}]', "no comma after item 1"),
        ('[{"a": 1}, {"a" 2}]', "in item 2"),
        ('[{"a": 1}, {"a": "x', "Unterminated string starting at in item 2"),
        ('[{"a": 1}', "no comma after item 1"),
        ('[{"a": 1}, ]', "in item 2"),
        ('[{"a": 1}] x', "more text behind"),
        ("", "no list"),
    ],
)
def test_what_is_no_list_is_named_with_its_item(text: str, what: str):
    with pytest.raises(ValueError, match=what):
        list(json_items(io.StringIO(text)))
