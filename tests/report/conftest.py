"""Studies to report on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.made_studies import make_study

from fathom.studies import StudyResult


@pytest.fixture(scope="session")
def made_study() -> Callable[..., StudyResult]:
    """Return a function that makes a study from `MadeStudy`'s settings."""
    return make_study
