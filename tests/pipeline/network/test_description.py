import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from posegloss.pipeline.errors import SettingsError
from posegloss.pipeline.network.description import DESCRIPTIONS, NetworkDescription

from .made_up import TINY


@pytest.mark.parametrize("description", [*DESCRIPTIONS.values(), replace(TINY, kernels=(5, 3, 7, 3))])
def test_comes_back_out_of_json(description: NetworkDescription) -> None:
    again = NetworkDescription.from_json(description.to_json())
    assert again == description
    assert hash(again) == hash(description)


def test_lite_and_full_are_had_by_name() -> None:
    assert NetworkDescription.named("lite") == DESCRIPTIONS["lite"]
    assert NetworkDescription.named("full").encoder[-1] > NetworkDescription.named("lite").encoder[-1]
    with pytest.raises(SettingsError, match=r"heavy.*lite, full"):
        NetworkDescription.named("heavy")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("encoder", (8, 8, 16)),
        ("encoder", (8, 8, 16, 0)),
        ("encoder_blocks", (1, 1, 1, 1, 1)),
        ("kernels", ()),
        ("decoder", (8, 8, 8.5)),
        ("decoder", 8),
        ("regression", (8, 8, 8, 8, -1)),
        ("regression", "8888 "),
        ("regression_blocks", (1, 1, 1, 1, None)),
        ("stem", 0),
        ("stem", -8),
        ("stem", 8.0),
        ("stem", True),
        ("name", ""),
        ("name", 7),
    ],
)
def test_what_no_network_can_be_built_from_is_refused(field: str, value: Any) -> None:
    with pytest.raises(SettingsError, match="name" if field == "name" else field):
        replace(TINY, **{field: value})
    with pytest.raises(SettingsError):
        NetworkDescription.from_json(json.dumps(asdict(TINY) | {field: value}))


@pytest.mark.parametrize("text", ["", "{", "null", "[1, 2]", "{}", json.dumps(asdict(TINY) | {"depth": 3})])
def test_what_is_no_description_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="description of a network"):
        NetworkDescription.from_json(text)
