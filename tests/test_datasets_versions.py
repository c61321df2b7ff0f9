"""The same rows in every version of `datasets`: from a folder and from the Hub, plain, by script and by our `load`.

Each old version lives in an environment that is made for these tests. One process of each version reads everything, with
one cache, so that rows kept from an earlier reading would show in a later one.
"""

import hashlib
import json
import os
import re
import site
import subprocess
import sys
import venv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hub_steps import REPO, put
from loopback_hub import LoopbackHub, serve
from mix_sources import make_sources, recipe_tree

from kpmath_builder import publish
from kpmath_builder.dataset.schemas import ALL_CONFIGS, CONFIGS, DEFAULT_CONFIG, SCHEMAS
from kpmath_builder.mixing import MixRecipe, mix

pytest_plugins = ("hub_fixtures",)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

ROOT = Path(__file__).resolve().parents[1]
READING = Path(__file__).with_name("reading.py")
SCRIPT = ROOT / "hub_script" / "kpmath.py"
OLD_VERSIONS = {
    "4.8.5": ("datasets==4.8.5",),
    "3.6.0": ("datasets==3.6.0", "huggingface_hub<1"),
    # Of 2024, with what was current then.
    "2.21.0": ("datasets==2.21.0", "numpy<2", "pyarrow<21", "huggingface_hub<0.25", "fsspec<2024.6.2"),
}
CURRENT = "current"
ALL = (CURRENT, *OLD_VERSIONS)
WITH_SCRIPTS = ("3.6.0", "2.21.0")
WITH_OURS = (CURRENT, "4.8.5", "3.6.0")
MIX = "org/plus"
OF_MIX = {"sources": ["openai/gsm8k", "own"], "licences": ["mit", "cc-by-4.0"], "unflagged": True}
STRICT = {
    "min_consensus": 0.7,
    "min_quality": 0.87,
    "topics": ["Geometry - Circles", "Number Theory - Primes"],
    "kept_only": True,
}

Rows = list[dict[str, Any]]


@pytest.fixture(scope="session")
def pythons(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the interpreter of each version."""
    folder = tmp_path_factory.mktemp("environments")

    def make(version: str) -> str:
        venv.create(folder / version, with_pip=True)
        python = str(folder / version / "bin" / "python")
        command = [python, "-m", "pip", "install", "--quiet", *OLD_VERSIONS[version]]
        subprocess.run(command, check=True)
        return python

    with ThreadPoolExecutor(2) as workers:
        made = dict(zip(OLD_VERSIONS, workers.map(make, OLD_VERSIONS), strict=True))
    return {CURRENT: sys.executable, **made}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a mix."""
    folder = tmp_path_factory.mktemp("mix")
    return mix(MixRecipe.of(recipe_tree(make_sources(folder / "sources"), folder / "mix"))).folder


@pytest.fixture(scope="module")
def hub(
    tmp_path_factory: pytest.TempPathFactory, builds: dict[str, Path], mixed: Path
) -> Iterator[LoopbackHub]:
    """Return a Hub with two versions (1.0.0 is the old build, the head is the new one), and with a mix in a dataset of its own."""
    with serve(tmp_path_factory.mktemp("hub")) as running:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
            put(running, builds["old"], "1.0.0")
            put(running, builds["new"], "1.1.0")
            publish(mixed, MIX, "1.0.0", endpoint=running.url, token="hf_test")
        yield running


Task = dict[str, Any]
Told = dict[str, str]


def rows_of(build: Path, config: str = DEFAULT_CONFIG) -> Rows:
    """Return the rows of a config as pyarrow reads them."""
    files = sorted((build / "dataset" / "data" / config).iterdir())
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def digest(rows: Rows) -> str:
    """Return what `reading.py` prints for rows."""
    return hashlib.sha256(json.dumps([list(rows[0]), rows], sort_keys=True).encode()).hexdigest()


def strict(rows: Rows) -> Rows:
    """Filter rows of `scored` as STRICT says, in plain Python."""
    return [
        row
        for row in rows
        if (row["consensus_share"] or 0) >= STRICT["min_consensus"]
        and (row["quality"] or 0) >= STRICT["min_quality"]
        and set(row["topics"]) & set(STRICT["topics"])
        and row["status"] == "kept"
    ]


def task(name: str, place: Path | str, *config: str, **options: Any) -> Task:
    """Return something to read, and the name of what it gives."""
    return {"name": name, "place": str(place), "config": config, "options": options}


def each_config(name: str, place: Path | str, **options: Any) -> list[Task]:
    """Return tasks for the default config and each config, loaded and streamed."""
    return [
        task(f"{name}: {(config or ['default'])[0]}, {way}", place, *config, **options, **how)
        for config in ([], *([config] for config in CONFIGS))
        for way, how in (("loaded", {}), ("streamed", {"streaming": True}))
    ]


def of_mix(mixed: Path, version: str) -> list[Task]:
    """Return tasks for the configs of a mix, from its folder and from the Hub; of `plus` also with filters."""
    found = [
        task(f"mix: {name}, {config}, {streaming}", place, config, streaming=streaming)
        for name, place in (("folder", mixed / "dataset"), ("hub", MIX))
        for config in ALL_CONFIGS
        for streaming in (False, True)
    ]
    if version in WITH_SCRIPTS:
        branch = {"revision": "script", "trust_remote_code": True}
        found.append(task("mix: script", MIX, "plus", **branch, **OF_MIX))
    if version in WITH_OURS:
        found.append({**task("mix: ours", MIX, "plus", **OF_MIX), "ours": True})
        found.append({**task("mix: ours without", REPO, "plus"), "ours": True})
    return found


def missing() -> list[Task]:
    """Return what is not there; asked for first, because 3.6 and before take a missing revision from their cache."""
    return [
        task("missing: revision", REPO, "qa-pairs", revision="v9.9.9"),
        task("missing: config", REPO, "pairs"),
        task("missing: repository", "org/nothing", "qa-pairs"),
    ]


def scripts(builds: dict[str, Path], place: Path) -> list[Task]:
    """Return the ways to run the script, with and without filters; `place` becomes one build's folder, then another's."""
    branch: dict[str, Any] = {"revision": "script", "trust_remote_code": True}
    local: dict[str, Any] = {"data_dir": str(place), "trust_remote_code": True}
    found = [
        task("script: strange filter", REPO, "qa-pairs", **branch, kept_only=True),
    ]
    for streaming in (False, True):
        for way, filters in (("all", {}), ("strict", STRICT)):
            found.append(
                task(
                    f"script: branch, {way}, {streaming}",
                    REPO,
                    "scored",
                    **branch,
                    **filters,
                    streaming=streaming,
                )
            )
            for build in ("old", "new"):
                one = task(
                    f"script: {build}, {way}, {streaming}",
                    SCRIPT,
                    "scored",
                    **local,
                    **filters,
                    streaming=streaming,
                )
                found.append({**one, "link": [str(place), str(builds[build] / "dataset")]})
    return found


def ours(builds: dict[str, Path]) -> list[Task]:
    """Return tasks of `kpmath_builder.load`."""
    places = {"folder": builds["new"] / "dataset", "build": builds["new"], "hub": REPO}
    found = [
        task(f"ours: {name}, {way}, {options}", place, "scored", **options, **filters)
        for name, place in places.items()
        for options in ({}, {"streaming": True}, {"num_proc": 2})
        for way, filters in (("all", {}), ("strict", STRICT))
    ]
    found += [
        task("ours: tag", REPO, "qa-pairs", revision="v1.0.0"),
        task("ours: version", REPO, "qa-pairs", revision="1.0.0"),
        task("ours: nothing kept", builds["empty"], "qa-pairs"),
        task("ours: head", REPO, "qa-pairs"),
        task("ours: old build", builds["old"], "qa-pairs"),
        task("ours: missing revision", REPO, "qa-pairs", revision="v9.9.9"),
        task("ours: missing repository", "org/nothing", "qa-pairs"),
        task("ours: no name", "not a name", "qa-pairs"),
    ]
    return [{**one, "ours": True} for one in found]


@pytest.fixture(scope="module")
def readings(
    pythons: dict[str, str],
    hub: LoopbackHub,
    builds: dict[str, Path],
    mixed: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Told]:
    """Return what each version read, by the names of the tasks."""
    return {
        version: read(
            pythons[version], version, hub, {**builds, "mix": mixed}, tmp_path_factory.mktemp("home")
        )
        for version in ALL
    }


def environment_of(hub: LoopbackHub, home: Path) -> dict[str, str]:
    """Return the environment of a process that reads from this Hub and nowhere else."""
    return {
        "PATH": os.environ["PATH"],
        "HF_HOME": str(home),
        "HF_ENDPOINT": hub.url,
        "HF_HUB_DISABLE_XET": "1",
        "HF_UPDATE_DOWNLOAD_COUNTS": "0",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }


def read(python: str, version: str, hub: LoopbackHub, builds: dict[str, Path], home: Path) -> Told:
    """Do everything in one process."""
    # Early too: once a config is in the cache, 3.6 takes it from there without trust.
    untrusted = task("script: untrusted", REPO, "scored", revision="script", trust_remote_code=False)
    tasks = [
        *missing(),
        *([untrusted] if version in WITH_SCRIPTS else ()),
        *each_config("folder", builds["old"] / "dataset"),
        *each_config("hub", REPO),
        *each_config("tag", REPO, revision="v1.0.0"),
        task("nothing kept", builds["empty"] / "dataset", "qa-pairs", streaming=True),
        task("two processes", builds["old"] / "dataset", "scored", num_proc=2),
        *(scripts(builds, home / "place") if version in WITH_SCRIPTS else ()),
        *(ours(builds) if version in WITH_OURS else ()),
        *of_mix(builds["mix"], version),
    ]
    if version not in WITH_SCRIPTS:
        tasks.append(task("script: refused", SCRIPT, "scored"))
    asked = json.dumps({"tasks": tasks, "paths": [str(ROOT), *site.getsitepackages()]})
    done = subprocess.run(
        [python, str(READING)],
        env=environment_of(hub, home),
        input=asked,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(line) for line in done.stdout.splitlines())


# (a) plain, every version


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize(("place", "build"), [("folder", "old"), ("hub", "new"), ("tag", "old")])
def test_every_version_reads_the_same_rows(
    readings: dict[str, Told], builds: dict[str, Path], version: str, place: str, build: str
):
    """From a folder, from the head, and from a tag that is not the head; default and each config, loaded and streamed."""
    hashes = {"default": digest(rows_of(builds[build]))}
    hashes |= {config: digest(rows_of(builds[build], config)) for config in CONFIGS}
    told = {name: told for name, told in readings[version].items() if name.startswith(f"{place}: ")}
    ways = ("loaded", "streamed")
    assert told == {f"{place}: {name}, {way}": one for name, one in hashes.items() for way in ways}


@pytest.mark.parametrize("version", ALL)
def test_a_table_without_a_row_comes_empty_with_its_columns(readings: dict[str, Told], version: str):
    """Streamed, and by our `load`; no version of `datasets` loads one otherwise."""
    empty = hashlib.sha256(json.dumps([SCHEMAS["qa-pairs"].names, []], sort_keys=True).encode()).hexdigest()
    assert readings[version]["nothing kept"] == empty
    assert readings[version].get("ours: nothing kept", empty) == empty


@pytest.mark.parametrize("version", ALL)
def test_two_processes_load_the_same_rows(readings: dict[str, Told], builds: dict[str, Path], version: str):
    assert readings[version]["two processes"] == digest(rows_of(builds["old"], "scored"))


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("revision", "v9.9.9"),
        ("config", "BuilderConfig 'pairs' not found. Available: ['kp-extraction', 'qa-pairs', 'scored']"),
        ("repository", "'org/nothing' doesn't exist on the Hub or cannot be accessed"),
    ],
)
def test_what_is_not_there_is_said_so(readings: dict[str, Told], version: str, what: str, message: str):
    assert message in readings[version][f"missing: {what}"]


@pytest.mark.parametrize("version", ALL)
def test_every_version_reads_the_same_rows_of_a_mix(readings: dict[str, Told], mixed: Path, version: str):
    """All four configs, from the folder and the Hub; by script and by our `load` also filtered, where they are."""
    told = {name: one for name, one in readings[version].items() if name.startswith("mix: ")}
    hashes = {config: digest(rows_of(mixed, config)) for config in ALL_CONFIGS}
    expected = {
        f"mix: {place}, {config}, {streaming}": hashes[config]
        for place in ("folder", "hub")
        for config in ALL_CONFIGS
        for streaming in (False, True)
    }
    filtered = [
        row
        for row in rows_of(mixed, "plus")
        if row["source"] in OF_MIX["sources"] and row["licence"] in OF_MIX["licences"] and not row["flags"]
    ]
    assert filtered
    without = told.pop("mix: ours without", "has no config plus")
    assert "has no config plus" in without
    others = {name: digest(filtered) for name in told.keys() - expected.keys()}
    assert told == expected | others
    assert set(others) == {
        *(["mix: script"] if version in WITH_SCRIPTS else []),
        *(["mix: ours"] if version in WITH_OURS else []),
    }


# (b) the loading script, where scripts are allowed


@pytest.mark.parametrize("version", WITH_SCRIPTS)
@pytest.mark.parametrize(("place", "build"), [("branch", "new"), ("old", "old"), ("new", "new")])
def test_the_script_gives_the_same_rows_and_filters_them(
    readings: dict[str, Told], builds: dict[str, Path], version: str, place: str, build: str
):
    """From the branch and from a path; at that path lies first one build, then another, and none gets the other's rows."""
    rows = rows_of(builds[build], "scored")
    assert 0 < len(strict(rows)) < len(rows)
    for streaming in (False, True):
        assert readings[version][f"script: {place}, all, {streaming}"] == digest(rows)
        assert readings[version][f"script: {place}, strict, {streaming}"] == digest(strict(rows))


@pytest.mark.parametrize("version", WITH_SCRIPTS)
def test_the_script_runs_only_where_it_is_trusted_and_refuses_strange_filters(
    readings: dict[str, Told], version: str
):
    assert "execute the dataset script" in readings[version]["script: untrusted"]
    assert "doesn't have a 'kept_only' key" in readings[version]["script: strange filter"]


@pytest.mark.parametrize("version", sorted(set(ALL) - set(WITH_SCRIPTS)))
def test_a_script_is_refused_in_plain_words_where_scripts_are(readings: dict[str, Told], version: str):
    assert "Dataset scripts are no longer supported" in readings[version]["script: refused"]


# (c) our own load


@pytest.mark.parametrize("version", WITH_OURS)
def test_our_load_gives_the_same_rows_and_filters_them(
    readings: dict[str, Told], builds: dict[str, Path], version: str
):
    """From a dataset's folder, a build's and the Hub; prepared, streamed and by two processes."""
    rows = rows_of(builds["new"], "scored")
    hashes = {"all": digest(rows), "strict": digest(strict(rows))}
    for way, one in hashes.items():
        told = [read for name, read in readings[version].items() if re.match(f"ours: .*, {way}, ", name)]
        assert told == [one] * 9


@pytest.mark.parametrize("version", WITH_OURS)
def test_our_load_keeps_revisions_and_builds_apart(
    readings: dict[str, Told], builds: dict[str, Path], version: str
):
    for name, build in {"tag": "old", "version": "old", "head": "new", "old build": "old"}.items():
        assert readings[version][f"ours: {name}"] == digest(rows_of(builds[build]))


@pytest.mark.parametrize("version", WITH_OURS)
@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("missing revision", "InputError: org/kpmath has no revision 'v9.9.9'"),
        ("missing repository", "InputError: There is no folder org/nothing, and no dataset org/nothing"),
        ("no name", "InputError: not a name is neither a dataset's folder nor owner/name"),
    ],
)
def test_our_load_says_what_is_not_there(readings: dict[str, Told], version: str, what: str, message: str):
    assert readings[version][f"ours: {what}"].startswith(message)


# (d) the documentation


@pytest.mark.parametrize("version", WITH_SCRIPTS)
def test_the_calls_of_the_script_in_the_documentation_run(
    pythons: dict[str, str], hub: LoopbackHub, builds: dict[str, Path], tmp_path: Path, version: str
):
    """As they stand in docs/hub.md, but for the version and a threshold that some of the tests' rows pass."""
    page = (ROOT / "docs" / "hub.md").read_text(encoding="utf-8")
    calls = re.findall(r"`(load_dataset\(.*?trust_remote_code=True.*?\))`", page)
    assert len(calls) == 2
    (tmp_path / "kpmath.py").symlink_to(SCRIPT)
    (tmp_path / "FOLDER").symlink_to(builds["new"] / "dataset")
    lines = [f"print(len({call.replace('0.8', '0.7')}['train']))" for call in calls]
    done = subprocess.run(
        [pythons[version], "-c", "\n".join(["from datasets import load_dataset", *lines])],
        env=environment_of(hub, tmp_path / "home"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    rows = rows_of(builds["new"], "scored")
    filters = (
        lambda row: (row["consensus_share"] or 0) >= 0.7,
        lambda row: row["status"] == "kept",
    )
    assert [int(count) for count in done.stdout.split()] == [
        len(list(filter(passes, rows))) for passes in filters
    ]
