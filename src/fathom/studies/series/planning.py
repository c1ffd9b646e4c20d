"""From what is compared to the studies that compare it: spec, rows and order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fathom.data import Dataset
from fathom.errors import SpecError
from fathom.specs import (
    ROWS,
    SeriesMember,
    SeriesRecord,
    StudySpec,
    at_least,
    several,
    to_json_data,
)
from fathom.studies.depth import check
from fathom.studies.machine import machine, versions
from fathom.studies.series.settings import Setting, rows_of

MOST_SPLITS = 100
MOST_STUDIES = 200
_NOT_IN_NAMES = re.compile(r"[^\w.]+")

Draw = Callable[[Mapping[str, int]], Dataset]
Specify = Callable[[Dataset, Mapping[str, Any]], StudySpec]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a series compares.

    Args:
        setting: A setting beside depth; None for splits alone.
        values: Its values as texts.
        splits: Number of train and validation splits.

    Raises:
        SpecError: There are too few or too many.
    """

    setting: Setting | None = None
    values: tuple[str, ...] = ()
    splits: int = 1

    def __post_init__(self) -> None:
        at_least("splits", self.splits, 1)
        if self.setting is None and self.splits < 2:
            raise SpecError(
                "A sweep repeats a study: on several splits, or with several values of a setting. "
                f"Received: splits={self.splits} and nothing to compare.",
                hint="such as --splits 5, or --across normalization=none,batch",
            )
        studies = self.splits * max(len(self.values), 1)
        if self.splits > MOST_SPLITS or studies > MOST_STUDIES:
            raise SpecError(
                f"A sweep takes at most {MOST_SPLITS} splits and {MOST_STUDIES} studies. "
                f"Received: {self.splits} splits, {studies} studies.",
            )

    @property
    def name(self) -> str | None:
        """The setting's name."""
        return None if self.setting is None else self.setting.name


def check_options(asked: Asked, options: Mapping[str, Any]) -> None:
    """Raise where a study's options contradict what is compared.

    Args:
        asked: What is compared.
        options: Options of `fathom.study_spec` that were given.

    Raises:
        SpecError: They do.
    """
    if options.get("minutes") is not None:
        raise SpecError(
            "The studies of a sweep must be trained alike to be compared, and a number of minutes "
            f"cuts each one differently. Received: minutes={options['minutes']:g}.",
            hint="leave --minutes out; --allocation halving, fewer seeds or epochs save time",
        )
    widths = several(options.get("widths", 64))
    if asked.setting is not None and len(widths) > 1:
        raise SpecError(
            f"A sweep across {asked.name} compares networks of one width. "
            f"Received: widths {', '.join(map(str, widths))}.",
            hint="give one width, or compare them with --across width=...",
        )
    if asked.name == "width" and options.get("match_parameters"):
        raise SpecError(
            "Matched parameters set the width of every depth, so widths cannot be compared too. "
            "Received: match_parameters with across width.",
            hint="leave out one of them",
        )


def check_not_given(asked: Asked, given: Mapping[str, Any], usual: Mapping[str, Any]) -> None:
    """Raise where the compared setting has a value of its own, too.

    Args:
        asked: What is compared.
        given: Options as they were given.
        usual: Options as they are if nobody gives them.

    Raises:
        SpecError: It has.
    """
    option = None if asked.setting is None else asked.setting.option
    if option is None or option not in given or given[option] == usual.get(option):
        return
    shown = asked.name if asked.name != "width" else "widths"
    raise SpecError(
        f"The values of {asked.name} are those of `across`. "
        f"Received: {shown}={_shown(given[option])} as well.",
        hint=f"leave --{shown} out",
    )


def _shown(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def planned(
    asked: Asked, draw: Draw, specify: Specify, *, name: str, baselines: bool = True
) -> SeriesRecord:
    """Return the series that answers what was asked.

    Studies that differ in their split alone follow each other, so that what one compiled
    is at hand for the next.

    Args:
        asked: What is compared.
        draw: Returns the data set, drawn as `SeriesMember.drawn` says.
        specify: Returns the spec of a study of a data set with some options.
        name: The series' name.
        baselines: Whether models that are not networks are run, once per split and
            number of rows.

    Raises:
        SpecError: Splits cannot be drawn, or a setting cannot be.
        DataError: Rows cannot be drawn.
    """
    whole = draw({})
    if asked.splits > 1:
        _check_splits_differ(whole, draw({"validation_seed": 1}))
    members = []
    for value in asked.values or (None,):
        drawn = _drawn(asked, value, 0, len(whole.train))
        dataset = draw(drawn) if drawn else whole
        is_told = value is None or asked.name == ROWS or value == asked.values[0]
        # What is trained again with regularisation is no part of a comparison of depths.
        spec = replace(
            specify(dataset, _options(asked, value)),
            baselines=baselines and is_told,
            regularize=False,
        )
        check(spec, dataset)
        members += [
            SeriesMember(
                name=_member_name(asked, value, split),
                value=value,
                split=split,
                spec=to_json_data(spec),
                drawn=_drawn(asked, value, split, len(whole.train)),
                training_rows=len(dataset.train),
            )
            for split in range(asked.splits)
        ]
    return _record(asked, name, members, whole)


def _drawn(asked: Asked, value: str | None, split: int, rows: int) -> dict[str, int]:
    drawn = {"validation_seed": split} if split else {}
    if asked.name == ROWS and value is not None:
        count = rows_of(value)
        drawn["training_rows"] = round(count * rows) if isinstance(count, float) else count
        if drawn["training_rows"] == rows:
            del drawn["training_rows"]
    return drawn


def _options(asked: Asked, value: str | None) -> dict[str, Any]:
    if asked.setting is None or asked.setting.option is None or value is None:
        return {}
    return {asked.setting.option: asked.setting.parse(value)}


def _member_name(asked: Asked, value: str | None, split: int) -> str:
    parts = [] if value is None else [_slug(asked, value)]
    parts += [f"split-{split + 1}"] if asked.splits > 1 else []
    return "-".join(parts)


def _slug(asked: Asked, value: str) -> str:
    place = asked.values.index(value)
    plain = _NOT_IN_NAMES.sub("-", value.replace("%", "-percent")).strip("-.")
    alike = [_NOT_IN_NAMES.sub("-", other).strip("-.") for other in asked.values]
    is_unique = alike.count(_NOT_IN_NAMES.sub("-", value).strip("-.")) == 1
    slug = f"{asked.name}-{plain}"[:60]
    return slug if is_unique and plain else f"{slug}-{place + 1}"


def _check_splits_differ(first: Dataset, second: Dataset) -> None:
    if set(first.validation.rows.tolist()) == set(second.validation.rows.tolist()):
        raise SpecError(
            "Several splits need validation rows that can be drawn anew. Received: data whose "
            f"validation rows are fixed ({first.split_rule}).",
            hint="leave --splits out, or let Fathom draw the validation rows",
        )


def _record(
    asked: Asked, name: str, members: Sequence[SeriesMember], dataset: Dataset
) -> SeriesRecord:
    from fathom import measure

    return SeriesRecord(
        name=name,
        setting=asked.name,
        values=asked.values,
        splits=asked.splits,
        members=tuple(members),
        dataset=to_json_data(dataset.summary()),
        metric=measure.metric_name(dataset.task),
        loading=dataset.loading,
        versions=versions(),
        machine=machine(),
    )
