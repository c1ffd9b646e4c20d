"""Only local files, folders and built-in names are data."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fathom.data import load
from fathom.errors import DataError


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/data.csv",
        "HTTPS://example.com/data.csv",
        "s3://bucket/data.parquet",
        "hf://datasets/a/b.csv",
        "file:///etc/passwd",
        "file:/etc/passwd",
        "gs://bucket/x.npz",
        " http://example.com/data.csv",
        "data:text/csv,a,b",
    ],
)
def test_addresses_are_refused(address):
    with pytest.raises(
        DataError, match=r"local file, folder or built-in name\. Received: the address"
    ):
        load(address, target="y")


def test_a_misspelt_built_in_name_is_answered_with_the_nearest():
    with pytest.raises(
        DataError, match=r"(?s)'digit', which does not exist.*did you mean 'digits'\?"
    ):
        load("digit")


def test_a_misspelt_file_is_answered_with_its_neighbour(table):
    path = table(a=lambda k: k, y=lambda k: k % 2, file_name="prices.csv")

    with pytest.raises(
        DataError, match=r"(?s)which does not exist.*did you mean '.*prices\.csv'\?"
    ):
        load(path.with_name("price.csv"), target="y")


def test_something_else_is_answered_with_the_names_there_are():
    with pytest.raises(DataError, match="built-in names: adding, breast-cancer, circle, diabetes"):
        load("qqqqqqqqqqqqqqqq")


@pytest.mark.parametrize("path", ["", " ", "a\0b", "x" * 5000, "no/such/folder/file.csv"])
def test_paths_that_cannot_be_are_refused_without_a_traceback(path):
    with pytest.raises(DataError, match=r"must be a file, a folder|must not be empty"):
        load(path, target="y")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no /dev")
def test_a_device_is_not_a_file():
    with pytest.raises(DataError, match="which is neither a file nor a folder"):
        load("/dev/zero", target="y")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("data.xlsx", "save the sheet as CSV"),
        ("data.pkl", "pickles are never opened"),
        ("data.npy", "numpy.savez"),
        ("data.csv.gz", "unpack it first"),
        ("data", "save it as CSV"),
    ],
)
def test_other_kinds_of_files_are_refused_with_what_to_do(write, name, hint):
    with pytest.raises(DataError) as caught:
        load(write("x", name=name), target="y")

    assert "must be .csv, .tsv, .parquet, .npz, or a folder of images" in str(caught.value)
    assert hint in str(caught.value)


def test_names_with_wildcards_are_only_names(table):
    path = table(a=lambda k: k % 9, y=lambda k: k % 2, file_name="data[1]*.csv")

    assert load(path, target="y").name == "data[1]*"


def test_a_file_called_like_a_built_in_source_is_pointed_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("iris").mkdir()

    assert "iris is the built-in source; ./iris is the one in this folder" in load("iris").notices
