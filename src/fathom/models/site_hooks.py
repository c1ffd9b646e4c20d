"""What enters and leaves the sites of a model while it runs, and what takes its place."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fathom.models.hooks import Hook, Operation, hooked, tensors_in
from fathom.models.sites import Site

# From what enters a site and what leaves it to what leaves it instead.
Replacement = Callable[[Any, Any], Any]


@contextlib.contextmanager
def hooked_sites(sites: Sequence[Site], replacements: Sequence[Replacement]) -> Iterator[None]:
    """Pass what leaves each site through its replacement for as long as the context lasts.

    A site that is called several times is replaced at every call.

    Args:
        sites: Sites of one model.
        replacements: One for each, called in the order the sites run.
    """
    entering: dict[int, Any] = {}
    operations = {id(op): op for site in sites for op in (site.entry, site.exit)}

    def hook(operation: Operation) -> Hook:
        entries = [place for place, site in enumerate(sites) if site.entry is operation]
        exits = [place for place, site in enumerate(sites) if site.exit is operation]

        def pass_through(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            if entries:
                tensors = tensors_in((args, kwargs))
                for place in entries:
                    entering[place] = tensors[sites[place].skip or 0] if tensors else None
            result = call(*args, **kwargs)
            for place in exits:
                result = _masked_as(result, replacements[place](entering[place], result))
            return result

        return pass_through

    with hooked({op: hook(op) for op in operations.values()}):
        yield


def _masked_as(before: Any, after: Any) -> Any:
    mask = getattr(before, "_keras_mask", None)
    if mask is not None and after is not before:
        after._keras_mask = mask
    return after
