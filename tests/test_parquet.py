"""Files of which the Hub uploads only what is new."""

import random
from pathlib import Path

import pyarrow as pa

from kpmath_builder.dataset.parquet import ConfigWriter

SCHEMA = pa.schema([("id", pa.string()), ("text", pa.string())])


def written(folder: Path, numbers: range) -> bytes:
    writer = ConfigWriter(folder, SCHEMA, rows_per_file=10**6)
    for number in numbers:
        text = random.Random(number).randbytes(2_000).hex()
        writer.add({"id": f"{number:06d}", "text": text})
    writer.finish()
    (path,) = folder.iterdir()
    return path.read_bytes()


def test_a_row_put_before_all_others_leaves_most_bytes_of_a_file_as_they_were(tmp_path: Path) -> None:
    """Chunks end where the content says, so that those behind the new row are the same."""
    before, after = written(tmp_path / "a", range(1, 1_500)), written(tmp_path / "b", range(1_500))
    samples = [before[at : at + 64] for at in range(0, len(before) - 64, 10_000)]
    assert sum(sample in after for sample in samples) > len(samples) / 2
