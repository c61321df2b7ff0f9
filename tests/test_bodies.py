"""Bodies of requests and answers as bytes."""

import json
from typing import Any

import pytest

from kpmath_builder.client.bodies import read_json, write_json

BODIES: dict[str, Any] = {
    "a formula": {"content": r"Find $\frac{1}{2}$."},
    "another alphabet": {"content": "ответ: ½ ≤ 答案"},
    "half a surrogate pair": {"content": "a \ud800 b"},
    "a number of 400 digits": {"seed": 10**400 + 1},
    "floats": {"temperature": 0.1, "top_p": 1.0, "small": 5e-324, "large": 1.7976931348623157e308},
    "all kinds": {"a": [True, False, None, 0, -1, ""], "b": {"c": {}}},
}


@pytest.mark.parametrize("name", BODIES)
def test_a_server_reads_the_body_that_was_meant(name: str) -> None:
    assert json.loads(write_json(BODIES[name])) == BODIES[name]


def test_json_nested_too_deep_is_malformed_like_any_other() -> None:
    with pytest.raises(ValueError, match=r"nested too deep|Expecting"):
        read_json("[" * 100_000)
