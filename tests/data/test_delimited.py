"""Text files: encoding, separator and quotes are found out and said; nothing is lost."""

from __future__ import annotations

import csv
import io
import string

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fathom.data.tables import read_delimited
from fathom.errors import DataError

TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1, max_size=12
)
WORDS = st.text(string.ascii_letters + "äß漢字é ", min_size=1, max_size=12)


def written(rows: list[list[str]], **style: object) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n", **style).writerows(rows)  # pyright: ignore[reportArgumentType]
    return buffer.getvalue()


def is_blank(row: list[str]) -> bool:
    return not any(row)


@given(
    rows=st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(TEXTS | st.just(""), min_size=width + 1, max_size=width + 1), min_size=1
        )
    ),
    separator=st.sampled_from(",;\t|"),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_text_that_csv_writes_is_read_unchanged(write, rows, separator):
    names = [f"column{k}" for k in range(len(rows[0]))]
    assume(not any(is_blank(row) for row in rows))
    text = written([names, *rows], delimiter=separator, quoting=csv.QUOTE_ALL)

    cells = read_delimited(write(text))

    assert [list(row) for row in cells.frame.rows()] == rows


@given(names=st.lists(WORDS.map(str.strip).filter(bool), min_size=2, max_size=5, unique=True))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_names_survive_in_every_encoding(write, names):
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"):
        if encoding == "utf-16-le" and not "".join(names).isascii():
            continue  # without a mark, UTF-16 is told by the zeros of Latin letters
        text = written([names, ["1"] * len(names)])
        assert read_delimited(write(text, encoding=encoding)).names == tuple(names)


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8 with a byte order mark"),
        ("utf-16", "UTF-16"),
        ("utf-16-be", "UTF-16 without a byte order mark"),
        ("latin-1", "not UTF-8: read as Latin-1"),
    ],
)
def test_the_encoding_is_found_and_said(write, encoding, said):
    cells = read_delimited(write("größe,b\n1,2\n3,4\n5,6\n7,8\n", encoding=encoding))

    assert cells.names == ("größe", "b")
    assert f"encoding {said}, " in cells.notices[0]


def test_windows_quotes_are_read_as_windows_1252(write):
    cells = read_delimited(write("a,b\n“x”,2\n", encoding="cp1252"))

    assert cells.frame.row(0) == ("“x”", "2")
    assert "read as Windows-1252" in cells.notices[0]


@pytest.mark.parametrize(
    ("separator", "said"), [(",", "commas"), (";", "semicolons"), ("\t", "tabs"), ("|", "vertical")]
)
def test_the_separator_is_found_and_said(write, separator, said):
    cells = read_delimited(write(separator.join("abc") + "\n" + separator.join("123") + "\n"))

    assert cells.names == ("a", "b", "c")
    assert f"separated by {said}" in cells.notices[0]


def test_commas_inside_fields_do_not_make_a_separator(write):
    cells = read_delimited(write('a;b\n1,5;"x;y"\n2,5;"z, w"\n'))

    assert cells.frame.rows() == [("1,5", "x;y"), ("2,5", "z, w")]


def test_leading_zeros_and_na_are_still_there(write):
    cells = read_delimited(write("a,b\n00123,NA\n007,?\n"))

    assert cells.frame.rows() == [("00123", "NA"), ("007", "?")]


def test_quotes_inside_fields_are_characters_like_any_other(write):
    cells = read_delimited(write('pipe,n\n5" wide,1\n6" wide,2\n'))

    assert cells.frame.rows() == [('5" wide', "1"), ('6" wide', "2")]


def test_single_quotes_quote_where_the_names_have_them(write):
    cells = read_delimited(write("'a','b'\n'x,y','2'\n"))

    assert cells.frame.rows() == [("x,y", "2")]
    assert "quoted by '" in cells.notices[0]


def test_lines_may_end_as_on_any_system(write):
    for end in ("\n", "\r\n", "\r"):
        assert read_delimited(write(f"a,b{end}1,2{end}")).frame.rows() == [("1", "2")]


def test_rows_without_any_value_are_skipped_and_said_and_the_others_keep_their_numbers(write):
    cells = read_delimited(write("a,b\n1,2\n\n,\n3,4\n\n"))

    assert cells.frame.rows() == [("1", "2"), ("3", "4")]
    assert cells.row_numbers is not None
    assert cells.row_numbers.tolist() == [0, 3]
    assert "rows without any value skipped: 3 rows (row 2, 3, 5)" in cells.notices


def test_nameless_columns_are_named_by_position_and_said(write):
    cells = read_delimited(write(",b\n1,2\n"))

    assert cells.names == ("column 1", "b")
    assert "1 column without a name, called column 1" in cells.notices


def test_a_name_of_a_megabyte_survives(write):
    name = "n" * 2**20

    assert read_delimited(write(f"{name},b\n1,2\n")).names == (name, "b")


def test_names_that_mean_something_to_the_reader_are_only_names(write):
    names = ("*", "^a.*$", "a", "__index__", "</script><img onerror=x>", "=1+1")

    assert read_delimited(write(",".join(names) + "\n1,2,3,4,5,6\n")).names == names


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "names and rows. Received: data.csv is empty"),
        (b"\n \n", "Received: data.csv is empty"),
        (b"\xef\xbb\xbf", "Received: data.csv is empty"),
        (b"a,b\n", "needs rows. Received: only the column names (`a`, `b`), no row"),
        (b"a,b,a\n1,2,3\n", "names must be different. Received: `a` more than once"),
        (b"a,b\n1,\x00\n", "must be text in UTF-8, UTF-16 or Latin-1. Received: byte 0x00"),
        (b"a,b\n\x01\xff,2\n", "Received: byte 0x01 at position 4"),
        (b"\xff\xfea\x00,\x00b", "bytes that are not UTF-16, as the file's beginning says"),
        (b"\x1f\x8b\x08rest", "must be plain text. Received: gzip-compressed"),
        (b"PK\x03\x04rest", "Received: a zip archive or a spreadsheet (.xlsx)"),
        (
            b"a,b,c\n1,2,3\n4,5\n",
            "as many fields as the first line (3). Received: 2 fields in row 2",
        ),
        (b"a,b\n1,2\n4,5,6\n", "as the first line (2). Received: 3 fields in row 2"),
        (b'a,b\n1,"2\n', 'must end in a quote. Received: an odd number of "'),
        (b'a,b\n1,"2"x\n', 'Quoted fields must hold " only in pairs'),
    ],
)
def test_files_that_cannot_be_read_say_what_is_wrong(write, content, message):
    with pytest.raises(DataError) as caught:
        read_delimited(write(content))

    assert message in str(caught.value)
    assert "hint: " in str(caught.value)


def test_a_file_larger_than_the_limit_is_refused_before_it_is_read(write, monkeypatch):
    monkeypatch.setattr("fathom.data.tables.delimited.TEXT_BYTES", 10)

    with pytest.raises(DataError, match=r"must not take more than 10 bytes\. Received: 12 bytes"):
        read_delimited(write("a,b\n1,2\n3,4\n"))
