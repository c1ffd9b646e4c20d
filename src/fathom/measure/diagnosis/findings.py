"""What a diagnosis is made of."""

from __future__ import annotations

import html
from dataclasses import dataclass, field

CRITICAL, WARNING, NOTE = "critical", "warning", "note"
HEALTHY = "Nothing is wrong with this training, as far as could be seen."


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong.

    Args:
        name: "diverged", "exploding", "vanishing", "dead", "saturated", "rate-too-high",
            "rate-too-low", "stalled", "labels-shuffled", "overfitting" or "underfitting".
        severity: "critical" where the network does not learn because of it,
            "warning" where it learns worse, "note" where it may do no harm.
        sentence: What was seen, with its numbers.
        mend: What to do about it.
        evidence: The numbers, by name; a `suggested_...` is one to try.
    """

    name: str
    severity: str
    sentence: str
    mend: str
    evidence: dict[str, float | int | str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What is wrong with a training, the most probable cause first.

    Args:
        findings: What was found; empty if nothing is wrong.
        unseen: What could not be looked at, in sentences.
    """

    findings: tuple[Finding, ...] = ()
    unseen: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The findings' names."""
        return tuple(finding.name for finding in self.findings)

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    @property
    def text(self) -> str:
        """The diagnosis in words, a paragraph for each finding."""
        told = [f"{one.sentence} To mend it: {one.mend}." for one in self.findings]
        return "\n\n".join([*(told or [HEALTHY]), *self.unseen])

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        items = "".join(
            f"<li><b>{html.escape(one.name)}</b> ({html.escape(one.severity)}): "
            f"{html.escape(one.sentence)}<br><i>To mend it:</i> {html.escape(one.mend)}.</li>"
            for one in self.findings
        )
        found = f"<ul>{items}</ul>" if items else f"<p>{html.escape(HEALTHY)}</p>"
        return found + "".join(f"<p><small>{html.escape(one)}</small></p>" for one in self.unseen)
