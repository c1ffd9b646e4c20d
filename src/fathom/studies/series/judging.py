"""The verdict on a series: the best combination, and what the studies found together in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from fathom.measure import PairedComparison, probability_best
from fathom.specs import ROWS, SeriesVerdict
from fathom.studies.series.growing import Growth, growth
from fathom.studies.series.result import Cell, SeriesResult, best_cell, chosen_cell
from fathom.studies.series.wording import (
    capital,
    difference_words,
    metric_words,
    named,
    percent,
    repeats,
    score_words,
    sized,
    spoken,
    test_words,
    with_error,
)
from fathom.studies.wording import depths_in_words, listed, number, plural

RULE = "one-standard-error"
# Fewer of them make intervals several times as wide as many do.
FEW_SPLITS, FEW_SEEDS = 5, 3
Teller = Callable[[SeriesResult, Cell], str | None]


def judge(result: SeriesResult) -> SeriesVerdict:
    """Return the verdict on a series, whatever of it is finished.

    Raises:
        ValueError: No study is finished.
    """
    if not result.cells:
        raise ValueError("A series has a verdict once a study is finished. Received: none.")
    learned = [value for value in result.values if has_learned(result, value)]
    if not learned:
        return _verdict(None, None, {"answer": _nothing(result), "blocks": _blocks(result, None)})
    chosen = combination(result)
    tellers: dict[str, Teller] = {
        "answer": _answer,
        "values": _values,
        "growth": _growth,
        "differences": _differences,
        "certainty": _certainty,
        "alone": _alone,
        "failures": _failures,
        "blocks": _blocks,
        "next": _next,
    }
    told = {name: tell(result, chosen) for name, tell in tellers.items()}
    return _verdict(result, chosen, told)


def _verdict(
    result: SeriesResult | None, chosen: Cell | None, told: dict[str, str | None]
) -> SeriesVerdict:
    del result
    findings = {name: text for name, text in told.items() if text}
    return SeriesVerdict(
        value=None if chosen is None else chosen.value,
        depth=None if chosen is None else chosen.depth,
        width=None if chosen is None else chosen.width,
        score=None if chosen is None else chosen.test,
        rule=RULE,
        text="\n\n".join(findings.values()),
        findings=findings,
    )


def has_learned(result: SeriesResult, value: str | None) -> bool:
    """Return whether at least half of a value's studies found a depth that learned something."""
    verdicts = [one.verdict for one in result.results_of(value).values()]
    learned = sum(verdict is not None and verdict.depth is not None for verdict in verdicts)
    return 2 * learned >= len(verdicts)


def combination(result: SeriesResult) -> Cell:
    """Return the best combination: the one-standard-error choice among all cells.

    Where rows are compared it is the choice with the most rows: more are no setting to choose.
    """
    if result.record.setting == ROWS:
        return chosen_cell(result, result.of(result.values[-1]))
    return chosen_cell(result, result.cells)


def against(result: SeriesResult, chosen: Cell) -> list[tuple[Cell, PairedComparison]]:
    """Return every other cell worth comparing with the chosen one, and by how much it is better.

    Without a setting these are the other architectures. With one, they are what each
    other value would choose for itself, and the same depth with the other values.
    The intervals hold together with 95%.
    """
    others = _others(result, chosen)
    return [(cell, result.compare(cell, chosen, comparisons=len(others))) for cell in others]


def _others(result: SeriesResult, chosen: Cell) -> list[Cell]:
    if result.record.setting is None:
        return [cell for cell in result.cells if cell is not chosen]
    others: list[Cell] = []
    for value in result.values:
        if value == chosen.value:
            continue
        own = chosen_cell(result, result.of(value))
        alike = result.cell(value, chosen.depth)
        others += [own] if alike is None or alike is own else [own, alike]
    return others


def probabilities(result: SeriesResult, cells: Sequence[Cell]) -> list[float] | None:
    """Return each cell's share of the draws in which it is best; None for a single block."""
    if len(cells) < 2:
        return None
    scores, errors = result.aligned(cells)
    if scores.shape[1] < 2:
        return None
    shares = probability_best(scores, overlap=result.overlap, smallest_error=errors)
    return [float(share) for share in shares]


def _nothing(result: SeriesResult) -> str:
    best = best_cell(result.cells)
    where = "" if result.setting is None else f", whatever the {result.setting.name}"
    spec = result.record.members[0].spec
    has_limits = spec.get("max_parameters") is not None or spec.get("max_latency_ms") is not None
    within = " within the limits on cost" if has_limits else ""
    return (
        f"No depth learned anything{within}{where}: the best, {named(result, best)}, reaches "
        f"{with_error(best)} on the validation rows{_guessing(result, best)}."
    )


def _guessing(result: SeriesResult, best: Cell) -> str:
    guesses = [study.guess for study in result.results_of(best.value).values()]
    return f", and guessing reaches {score_words(sum(guesses) / len(guesses))}"


def _answer(result: SeriesResult, chosen: Cell) -> str:
    reached = (
        f"its validation {metric_words(result)} is {with_error(chosen)} over {repeats(result)}"
        f"{test_words(chosen)}."
    )
    if result.setting is None:
        return f"{capital(named(result, chosen))} is enough: {reached}"
    if result.record.setting == ROWS:
        rows = number(result.training_rows(chosen.value))
        return (
            f"With {rows} training rows, the most tried, depth {chosen.depth} is enough: {reached}"
        )
    return f"Of all combinations {named(result, chosen)} is enough: {reached}"


def _values(result: SeriesResult, chosen: Cell) -> str | None:
    """Tell what each value would choose for itself, and how deep it trains."""
    del chosen
    if result.setting is None:
        return None
    told = [_value(result, value) for value in result.values]
    if not any(cell.has_failed for cell in result.cells):
        told.append("Every depth trains with each of them.")
    return " ".join(told)


def _value(result: SeriesResult, value: str | None) -> str:
    start = capital(spoken(result, value))
    if not has_learned(result, value):
        return f"{start} no depth learned anything."
    cells = result.of(value)
    own = chosen_cell(result, cells)
    has_failures = any(cell.has_failed for cell in result.cells)
    reach = _reach(cells) if has_failures else ""
    return f"{start} depth {own.depth} is enough ({with_error(own)}){reach}."


def _reach(cells: Sequence[Cell]) -> str:
    """Tell how deep networks still train."""
    deepest = max(cells, key=lambda cell: cell.depth)
    failed = [cell for cell in cells if cell.has_failed]
    trained = [cell.depth for cell in cells if not cell.has_failed]
    if not failed:
        return f", and depth {deepest.depth}, the deepest tried, still trains"
    if not trained:
        return ", far less than others learn"
    below = max(trained)
    if all(cell.depth > below for cell in failed):
        return f", and nothing deeper than {below} trains"
    depths = sorted({cell.depth for cell in failed})
    noun, verb = ("depths", "learn") if len(depths) > 1 else ("depth", "learns")
    return f", and {noun} {depths_in_words(depths)} {verb} far less"


def _differences(result: SeriesResult, chosen: Cell) -> str | None:
    """Tell what each value's own choice lacks against the best, paired by block."""
    if result.setting is None or result.record.setting == ROWS or len(result.values) < 2:
        return None
    pairs = against(result, chosen)
    told = [f"{named(result, cell)} {difference_words(comparison)}" for cell, comparison in pairs]
    return (
        f"Against {named(result, chosen)}, on {result.compared_on} rows and paired by "
        f"{result.block}: {'; '.join(told)}. "
        f"{_which_are_clear(result, pairs)}{_at_the_deepest(result, chosen, told=len(pairs))}"
    )


def _which_are_clear(result: SeriesResult, pairs: Sequence[tuple[Cell, PairedComparison]]) -> str:
    clear = [named(result, cell) for cell, comparison in pairs if comparison.is_clear]
    if len(clear) == len(pairs):
        return "The interval leaves zero out." if len(pairs) == 1 else "All leave zero out."
    if clear:
        return f"Of these {len(pairs)} told at once, {listed(clear)} leaves zero out."
    count = result.splits if result.splits > 1 else result.seeds
    return f"None leaves zero out: {plural(count, result.block)} cannot tell them apart."


def _at_the_deepest(result: SeriesResult, chosen: Cell, *, told: int) -> str:
    """Tell what the setting is worth at the greatest depth: its best against its worst value.

    The interval is wide enough for all pairs of values, and for the comparisons told before.
    """
    depth = result.depths[-1]
    cells = [cell for cell in result.cells if cell.depth == depth]
    if len(cells) < 2 or depth == chosen.depth:
        return ""
    best, worst = best_cell(cells), min(cells, key=lambda cell: cell.mean)
    pairs = len(cells) * (len(cells) - 1) // 2
    gain = result.compare(best, worst, comparisons=pairs + told)
    if not gain.is_clear:
        return ""
    return (
        f" At depth {depth} the {result.record.setting} is worth {difference_words(gain)}: "
        f"{spoken(result, best.value)} {score_words(result.compared_mean(best))}, "
        f"{spoken(result, worst.value)} {score_words(result.compared_mean(worst))}."
    )


def _certainty(result: SeriesResult, chosen: Cell) -> str | None:
    """Tell which depths are as good, and which are surely worse."""
    cells = result.of(chosen.value)
    if len(cells) < 2:
        return None
    best = best_cell(cells)
    told: list[str] = []
    if best is not chosen:
        pair = result.compare(best, chosen, comparisons=len(cells) - 1)
        told.append(
            f"The highest mean is {named(result, best)}'s, {with_error(best)}: "
            f"{difference_words(pair)} on the {result.compared_on} rows{_chance(pair)}. That is "
            "within one standard error."
        )
    if result.setting is None:
        told.append(_surely(result, chosen))
    shares = probabilities(result, cells)
    if shares is not None:
        ranked = sorted(zip(shares, cells), key=lambda pair: -pair[0])[:3]
        likely = [f"{sized(result, cell)} ({percent(p)})" for p, cell in ranked if p >= 0.05]
        where = "" if result.setting is None else f" {spoken(result, chosen.value)}"
        told.append(f"Most likely to have the highest mean{where}: {listed(likely)}.")
    return " ".join(filter(None, told)) or None


def _chance(told: PairedComparison) -> str:
    if told.probability is None:
        return ""
    return f", better with a probability of {percent(told.probability)}"


def _surely(result: SeriesResult, chosen: Cell) -> str:
    pairs = against(result, chosen)
    if any(comparison.low is None for _, comparison in pairs):
        return ""
    worse = [cell for cell, told in pairs if told.high is not None and told.high < 0]
    better = [cell for cell, told in pairs if told.low is not None and told.low > 0]
    total = plural(len(pairs), "comparison")
    start = f"Of {total} with {sized(result, chosen)} told at once"
    if not worse and not better:
        return f"{start}, none leaves zero out: no depth is surely better or worse."
    words = []
    if worse:
        words.append(f"{_depths(result, worse)} surely worse")
    if better:
        words.append(f"{_depths(result, better)} surely better")
    rest = len(pairs) - len(worse) - len(better)
    tail = f"; {number(rest)} cannot be told apart from it" if rest else ""
    return f"{start}, {' and '.join(words)}{tail}."


def _depths(result: SeriesResult, cells: Sequence[Cell]) -> str:
    depths = sorted({cell.depth for cell in cells})
    verb = "are" if len(cells) > 1 else "is"
    if len(depths) < len(cells) or sized(result, cells[0]) != f"depth {cells[0].depth}":
        return f"{listed([sized(result, cell) for cell in cells])} {verb}"
    return f"depth{'s' * (len(depths) > 1)} {depths_in_words(depths)} {verb}"


def _alone(result: SeriesResult, chosen: Cell) -> str | None:
    """Tell what each split alone would have said."""
    if result.splits < 2:
        return None
    verdicts = [found.verdict for found in result.results_of(chosen.value).values()]
    depths = [one.depth for one in verdicts if one is not None and one.depth is not None]
    if not depths:
        return None
    counts = Counter(depths)
    where = "" if result.setting is None else f" {spoken(result, chosen.value)}"
    if len(counts) == 1:
        return f"Each split alone{where} chooses depth {depths[0]}."
    parts = [f"{depth} ({_times(times)})" for depth, times in sorted(counts.items())]
    return f"Alone{where}, the splits choose depth {listed(parts)}: one split would not be enough."


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _failures(result: SeriesResult, chosen: Cell) -> str | None:
    """Tell which depths did not train in some of the studies; values tell those of their own."""
    del chosen
    if result.setting is not None:
        return None
    failed = [cell for cell in result.cells if cell.failed]
    if not failed:
        return None
    parts = [
        f"{sized(result, cell)} in {cell.failed} of {plural(cell.studies, 'split')}"
        for cell in failed
    ]
    return f"Far less than the best learned {listed(parts)}."


def _growth(result: SeriesResult, chosen: Cell) -> str | None:
    del chosen
    if result.record.setting != ROWS or len(result.values) < 2:
        return None
    found = growth(result)
    if found is None:
        return "No deeper network was tried than the one chosen, so what it would need is unknown."
    return f"{_gains(result, found)} {_until(found)}"


def _gains(result: SeriesResult, found: Growth) -> str:
    told = [f"{number(gain.rows)} rows {difference_words(gain)}" for gain in found.gains]
    return (
        f"Depth {found.deep} against depth {found.shallow}, on {result.compared_on} rows and "
        f"paired by {result.block}: "
        f"{', '.join(told)}."
    )


def _until(found: Growth) -> str:
    start = found.pays_from
    if start is not None:
        place = found.gains.index(start)
        if place == 0:
            return (
                f"Depth {found.deep} pays with {number(start.rows)} rows already, the fewest tried."
            )
        before = found.gains[place - 1].rows
        return (
            f"The deeper network starts to pay between {number(before)} and "
            f"{number(start.rows)} training rows."
        )
    if found.crossing is not None:
        estimate, low, high = found.crossing
        return (
            f"It does not pay at any number that was tried. If the gap goes on closing at the same "
            f"rate per doubling, depth {found.deep} draws level at about {_rounded(estimate)} "
            f"training rows [{_rounded(low)}, {_rounded(high)}]."
        )
    return (
        "It is not clearly better at any number that was tried, and with how many rows it would "
        f"be cannot be told: {found.reason}."
    )


def _rounded(rows: float) -> str:
    """Return a number of rows to two digits: an extrapolation knows no more."""
    return f"{float(f'{rows:.1e}'):,.0f}"


def _blocks(result: SeriesResult, chosen: Cell | None) -> str | None:
    """Tell what the intervals hold for."""
    del chosen
    if result.splits > 1:
        return (
            f"Intervals are over {plural(result.splits, 'split')} of the same rows into training "
            "and validation, widened because training rows overlap (Nadeau and Bengio 2003); "
            "the test rows are the same in all."
        )
    if result.seeds < 2:
        return "There is one split and one seed, so that no interval can be told: use --seeds 5."
    return (
        f"Intervals are over {plural(result.seeds, 'seed')} and the test rows of one split: they "
        "do not tell what other training rows would give, for which --splits 5 is there."
    )


def _next(result: SeriesResult, chosen: Cell) -> str | None:
    """Say what an optimum at an edge asks for, and few repeats."""
    advice = [*_depth_advice(result, chosen), *_repeat_advice(result)]
    return f"To go on: {'; '.join(advice)}." if advice else None


def _depth_advice(result: SeriesResult, chosen: Cell) -> list[str]:
    depths = sorted({cell.depth for cell in result.of(chosen.value)})
    if len(depths) == 1:
        return ["only one depth was tried: give several with --depths"]
    if chosen.depth == depths[-1]:
        return [
            "the chosen depth is the deepest tried: look further with "
            f"--depths {chosen.depth}-{2 * chosen.depth}"
        ]
    if chosen.depth == depths[0] > 0:
        return [f"the chosen depth is the shallowest tried: begin with --depths 0-{depths[-1]}"]
    return []


def _repeat_advice(result: SeriesResult) -> list[str]:
    if 1 < result.splits < FEW_SPLITS:
        return [f"few splits make wide intervals: repeat with --splits {FEW_SPLITS}"]
    if result.splits == 1 and result.seeds < FEW_SEEDS:
        return ["few seeds make wide intervals: repeat with --seeds 5"]
    return []
