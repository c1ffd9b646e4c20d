"""Real files, and ways of spoiling them that leave enough intact to get past the first check."""

from __future__ import annotations

import functools
import io
import json
import random
import resource
import time
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image

from fathom.errors import FathomError, FathomWarning

MOST_SECONDS = 10.0
"""Of the processor, for one file of some kilobytes."""

MOST_GROWTH_BYTES = 512 * 2**20
"""Memory that one such file may take."""

ODD_BYTES = (b"", b"\0", b"\xff", b"\n", b",", b'"', b";", b"\r\n", b"nan", b"-inf", b"1e999",
             b"\0" * 16, b"\xff" * 8, b"\x7f\xff\xff\xff", b"\x00\x00\x00\x80", b"(,)", b"'",
             b"\xef\xbb\xbf", b"\xff\xfe", b"99999999999999999999", b"\x1b[31m")  # fmt: skip
ODD_VALUES = (None, True, -1, 0, 1, 2**31, 2**63, 10**30, -0.5, 1e308, float("nan"), float("inf"),
              "", "x", "x" * 5000, "\x1b[31m", "../x", [], [[]], {}, [None], {"": None},
              {"class_name": "Lambda", "config": {}, "module": "keras.layers"},
              [10**9, 10**9], ["a", 0, 0])  # fmt: skip

Change = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True)
class Format:
    """A kind of file that Fathom reads.

    Args:
        suffix: Of its name.
        seeds: Sound files.
        read: Reads the file at a path.
    """

    suffix: str
    seeds: tuple[bytes, ...]
    read: Callable[[Path], Any]


# -- spoiling ------------------------------------------------------------------------


def spoiled(content: bytes, chance: random.Random) -> bytes:
    """Return `content` with a few changes; those of an archive are mostly inside its members."""
    inside = zipfile.is_zipfile(io.BytesIO(content)) and chance.random() < 0.7
    for _ in range(1 + int(chance.expovariate(1.0))):
        content = (_member_spoiled if inside else _changed)(content, chance)
    return content


def _changed(content: bytes, chance: random.Random) -> bytes:
    return chance.choice((_flipped, _overwritten, _inserted, _deleted, _repeated, _cut))(
        content, chance
    )


def _place(content: bytes, chance: random.Random) -> int:
    """Return a position; the first and last bytes, which say what a file is, come up often."""
    edge = min(len(content), 64)
    if chance.random() < 0.3:
        return chance.choice(
            (chance.randrange(edge + 1), len(content) - chance.randrange(edge + 1))
        )
    return chance.randrange(len(content) + 1)


def _flipped(content: bytes, chance: random.Random) -> bytes:
    at = min(_place(content, chance), len(content) - 1)
    if at < 0:
        return content
    return content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]


def _overwritten(content: bytes, chance: random.Random) -> bytes:
    at, odd = _place(content, chance), chance.choice(ODD_BYTES)
    return content[:at] + odd + content[at + len(odd) :]


def _inserted(content: bytes, chance: random.Random) -> bytes:
    at = _place(content, chance)
    return content[:at] + chance.choice(ODD_BYTES) * chance.choice((1, 1, 1, 100)) + content[at:]


def _deleted(content: bytes, chance: random.Random) -> bytes:
    at = _place(content, chance)
    return content[:at] + content[at + chance.choice((1, 2, 8, 100)) :]


def _repeated(content: bytes, chance: random.Random) -> bytes:
    start, end = sorted((_place(content, chance), _place(content, chance)))
    return content[:end] + content[start:end] + content[end:]


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: _place(content, chance)]


def _member_spoiled(content: bytes, chance: random.Random) -> bytes:
    """Spoil a member of an archive and pack it anew, so that its checksum is right again."""
    try:
        members = _unpacked(content)
    except Exception:  # spoiled before
        return _changed(content, chance)
    if not members:
        return _changed(content, chance)
    name = chance.choice(sorted(members))
    kind: Change = _json_spoiled if name.endswith(".json") else _changed
    action = chance.random()
    if action < 0.05:
        del members[name]
    elif action < 0.1:
        members[chance.choice(("../x", "/x", "x" * 300, name.upper(), " "))] = members[name]
    else:
        members[name] = kind(members[name], chance)
    return packed(members)


def _unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members: dict[str, bytes]) -> bytes:
    """Return an archive of these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            # A date of its own would make another file of it every day.
            archive.writestr(zipfile.ZipInfo(name), member, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _json_spoiled(content: bytes, chance: random.Random) -> bytes:
    """Put an odd value at a place of a JSON document, or take away what was there."""
    try:
        document = json.loads(content)
    except ValueError:
        return _changed(content, chance)
    places = list(_places(document))
    if not places:
        return _changed(content, chance)
    holder, key = chance.choice(places)
    if chance.random() < 0.2:
        del holder[key]
    elif chance.random() < 0.3:
        other, name = chance.choice(places)
        holder[key] = json.loads(json.dumps(other[name])) if name in _keys(other) else None
    else:
        holder[key] = chance.choice(ODD_VALUES)
    return json.dumps(document).encode()


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    for key in list(_keys(node)):
        yield node, key
        yield from _places(node[key])


def _keys(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return list(node)
    return list(range(len(node))) if isinstance(node, list) else []


# -- judging -------------------------------------------------------------------------


def fault_of(read: Callable[[Path], Any], path: Path) -> str | None:
    """Read a file; return what is wrong with how Fathom takes it, None if nothing is.

    Right is a result, or a `FathomError` without a control character; and no warning but
    Fathom's own, within bounds of time and memory.
    """
    memory, begun = _peak_bytes(), time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", FathomWarning)
            read(path)
    except FathomError as error:
        text = str(error)
        if any(ord(sign) < 32 and sign not in "\n\t" for sign in text):
            return f"control characters in {text!r}"
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        return f"{type(error).__module__}.{type(error).__qualname__}: {error}"[:400]
    seconds, growth = time.process_time() - begun, _peak_bytes() - memory
    if seconds > MOST_SECONDS:
        return f"took {seconds:.0f} seconds"
    return f"took {growth / 2**20:.0f} MiB" if growth > MOST_GROWTH_BYTES else None


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


# -- formats -------------------------------------------------------------------------


@functools.cache
def formats() -> dict[str, Format]:
    """Return every kind of file by name, with sound examples of it."""
    return {
        "csv": Format("csv", _text_files(","), _table),
        "tsv": Format("tsv", _text_files("\t"), _table),
        "parquet": Format("parquet", _parquet_files(), _table),
        "npz": Format("npz", _archives(), _load),
        "image": Format("png", _images(), _image),
        "keras": Format("keras", _models(), _model),
        "preprocessing": Format("skops", _preprocessings(), _preprocessing),
        "study": Format("jsonl", _logs(), _study),
        "weights": Format("safetensors", _weights(), _stored_weights),
    }


def _load(path: Path, **options: Any) -> Any:
    from fathom.data import load

    found = load(path, **options)
    assert all(np.isfinite(split.x).all() for split in found.splits.values()), "not finite"
    return found


def _table(path: Path) -> Any:
    return _load(path, target="y")


def _text_files(separator: str) -> tuple[bytes, ...]:
    names = ("number", "text", "date", "code", "y")
    rows = [
        (f"{k % 11}.5", f'"a {k % 3}"', f"2024-01-{k % 28 + 1:02d}", f"{k:05d}", str(k % 2))
        for k in range(40)
    ]
    plain = "\n".join(separator.join(row) for row in (names, *rows))
    german = plain.replace(separator, ";").replace(".5", ",5").replace("a ", "ä ")
    return plain.encode(), german.encode("latin-1"), plain.encode("utf-16")


def _parquet_files() -> tuple[bytes, ...]:
    columns = {
        "number": [k % 11 / 2 for k in range(40)],
        "text": [f"a{k % 3}" for k in range(40)],
        "maybe": [None if k % 5 else k for k in range(40)],
        "y": [0, 1] * 20,
    }
    plain, packed_buffer = io.BytesIO(), io.BytesIO()
    pl.DataFrame(columns).write_parquet(plain, compression="uncompressed")
    pl.DataFrame(columns).write_parquet(packed_buffer)
    return plain.getvalue(), packed_buffer.getvalue()


def _archives() -> tuple[bytes, ...]:
    rows, pixels = io.BytesIO(), io.BytesIO()
    np.savez(rows, x=np.arange(120.0).reshape(40, 3), y=np.arange(40) % 2)
    images = np.random.default_rng(0).integers(0, 256, (20, 4, 4), dtype=np.uint8)
    np.savez_compressed(pixels, x_train=images, y_train=np.arange(20) % 2)
    return rows.getvalue(), pixels.getvalue()


def _images() -> tuple[bytes, ...]:
    draw = np.random.default_rng(0)
    colour = Image.fromarray(draw.integers(0, 256, (12, 12, 3), dtype=np.uint8))
    deep = Image.fromarray(draw.integers(0, 2**16, (12, 12), dtype=np.uint16))
    made = [(colour, kind) for kind in ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP")]
    made += [(colour.convert("CMYK"), "JPEG"), (colour.convert("P"), "PNG"), (deep, "PNG")]
    return tuple(_image_bytes(image, kind) for image, kind in made)


def _image_bytes(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def _image(path: Path) -> Any:
    """Read a folder of two classes with the file among its images."""
    pets = path.parent / "pets"
    if not pets.exists():
        sound = _image_bytes(Image.new("RGB", (12, 12), "red"), "PNG")
        for name in ("cats", "dogs"):
            (pets / name).mkdir(parents=True)
            for number in range(5):
                (pets / name / f"{number}.png").write_bytes(sound)
    (pets / "cats" / "x.png").write_bytes(path.read_bytes())
    return _load(pets)


def _models() -> tuple[bytes, ...]:
    import keras

    from fathom import models

    layers = keras.layers
    dense = keras.Sequential([keras.Input((4,)), layers.Dense(3, "relu"), layers.Dense(2)])
    dense.compile("adam", "mse")
    inputs = keras.Input((6, 6, 1))
    inner = layers.BatchNormalization()(layers.Conv2D(2, 3, activation="relu")(inputs))
    images = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(inner)))
    words = keras.Input((5,), dtype="int32")
    hidden = layers.LSTM(2)(layers.Embedding(7, 3)(words))
    made = (dense, images, keras.Model(words, layers.Dense(1)(hidden)))
    for model in made:
        model.set_weights([np.full(weight.shape, 0.5) for weight in model.get_weights()])
    return tuple(_undated(models.model_bytes(model)) for model in made)


def _undated(content: bytes) -> bytes:
    """Return a model that was saved at no time in particular: the same bytes every day."""
    members = _unpacked(content)
    metadata = json.loads(members["metadata.json"])
    members["metadata.json"] = json.dumps({**metadata, "date_saved": "2026-01-01"}).encode()
    return packed(members)


def _model(path: Path) -> Any:
    from fathom.models import load_model

    return load_model(path)


def _preprocessings() -> tuple[bytes, ...]:
    from fathom.data import load

    rows = pl.read_csv(_text_files(",")[0])
    x = np.arange(120.0).reshape(40, 3)
    sources: tuple[Any, ...] = (load(rows, target="y"), load((x, np.arange(40) % 2)))
    return tuple(data.preprocessing.to_bytes() for data in sources)


def _preprocessing(path: Path) -> Any:
    from fathom.data import Preprocessing

    made = Preprocessing.from_bytes(path.read_bytes())
    assert made.input_shape
    return made


def _logs() -> tuple[bytes, ...]:
    from fathom.store.log import encode_line
    from support.made_studies import make_records

    records = make_records(depths=(0, 1), seeds=1, rates=(1e-3,), epochs=3)
    return (b"".join(encode_line(record) for record in records),)


def _study(path: Path) -> Any:
    """List and read a study whose log this is."""
    from fathom.store import Store

    folder = path.parent / "runs" / "made"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log.jsonl").write_bytes(path.read_bytes())
    store = Store(folder.parent)
    store.list()
    study = store.open("made")
    return study.records(), study.notices


def _weights() -> tuple[bytes, ...]:
    from safetensors.numpy import save

    draw = np.random.default_rng(0)
    arrays = {"a": draw.normal(size=(4, 3)).astype("float32"), "b": np.arange(5)}
    return (save(arrays, metadata={"checksum": "0" * 32}),)


def _stored_weights(path: Path) -> Any:
    from fathom.store.weights import read_weights

    return read_weights(path)
