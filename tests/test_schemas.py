"""The columns of the published configs."""

import runpy
from pathlib import Path

import pyarrow as pa
import pytest
from datasets import Features

from kpmath_builder import records
from kpmath_builder.dataset.schemas import (
    ALL_CONFIGS,
    COLUMNS,
    CONFIGS,
    DEFAULT_CONFIG,
    SCHEMAS,
    features_yaml,
)


def struct_fields(config: str, column: str) -> set[str]:
    """Names of the fields in a list of structs."""
    return {field.name for field in SCHEMAS[config].field(column).type.value_type}


def test_configs_and_schemas_name_the_same_tables():
    """Three that every dataset has, and the one of a mix."""
    assert CONFIGS == ("kp-extraction", "qa-pairs", "scored")
    assert set(COLUMNS) == set(SCHEMAS) == set(ALL_CONFIGS) == {*CONFIGS, "plus"}
    assert DEFAULT_CONFIG == "qa-pairs"


@pytest.mark.parametrize("config", ALL_CONFIGS)
def test_features_yaml_means_the_arrow_schema(config: str):
    assert Features._from_yaml_list(features_yaml(config)) == Features.from_arrow_schema(SCHEMAS[config])


@pytest.mark.parametrize("config", ALL_CONFIGS)
def test_features_yaml_is_spelled_as_datasets_itself_spells_it(config: str):
    assert features_yaml(config) == Features.from_arrow_schema(SCHEMAS[config])._to_yaml_list()


def test_features_yaml_avoids_the_words_that_older_versions_cannot_read():
    """`List`, `Json` and struct-of-lists sequences are what datasets 3.6 and 2.21 stumble over (or read differently)."""
    written = str([features_yaml(config) for config in ALL_CONFIGS])
    assert not any(word in written for word in ("_type", "List", "json", "sequence", "large_"))


@pytest.mark.parametrize("config", ALL_CONFIGS)
def test_schemas_carry_no_metadata_for_datasets_to_misread(config: str):
    assert SCHEMAS[config].metadata is None


@pytest.mark.parametrize("config", ALL_CONFIGS)
def test_each_column_is_named_once_and_described_in_one_sentence(config: str):
    names = [column.name for column in COLUMNS[config]]
    assert names[0] == "id"
    assert len(set(names)) == len(names)
    for column in COLUMNS[config]:
        assert column.description.endswith(".")
        assert "|" not in column.description
        assert "\n" not in column.description


def test_an_id_is_never_null():
    assert not any(schema.field("id").nullable for schema in SCHEMAS.values())


def test_nested_structs_hold_every_field_of_their_records():
    """Arrow drops keys that a schema does not name, so a field added to a record must be added here too."""
    assert struct_fields("scored", "solutions") == set(records.Solution.model_fields)
    assert struct_fields("scored", "key_points") == set(records.BlueprintPart.model_fields)
    assert struct_fields("scored", "repeats") == set(records.RepeatMark.model_fields)
    assert struct_fields("kp-extraction", "key_points") == set(records.TopicKeyPoints.model_fields)
    assert struct_fields("kp-extraction", "raw_key_points") == set(records.TopicKeyPoints.model_fields)


def test_scored_holds_every_field_of_judgement_and_vote():
    names = set(SCHEMAS["scored"].names)
    assert set(records.Judgement.model_fields) <= names
    assert {f"consensus_{name}" for name in records.Vote.model_fields} <= names


def test_types_are_ones_that_every_reader_knows():
    """No dictionaries, views or large types: readers other than Arrow's take them differently."""

    def leaves(kind: pa.DataType) -> list[pa.DataType]:
        if pa.types.is_list(kind):
            return leaves(kind.value_type)
        if pa.types.is_struct(kind):
            return [leaf for field in kind for leaf in leaves(field.type)]
        return [kind]

    found = {str(leaf) for schema in SCHEMAS.values() for kind in schema.types for leaf in leaves(kind)}
    assert found <= {"string", "int32", "int64", "double", "bool"}


def test_the_page_of_tables_is_what_the_schemas_say():
    docs = Path(__file__).resolve().parents[1] / "docs"
    page = runpy.run_path(str(docs / "generate.py"))["tables_page"]()
    assert (docs / "tables.md").read_text(encoding="utf-8") == page, "run: python docs/generate.py"
