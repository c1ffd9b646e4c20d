"""What each message of a page does to its session; runs in the session's thread."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import msgspec
import numpy as np

from fathom import play
from fathom.errors import SpecError
from fathom.web import messages as m
from fathom.web.session import Session
from fathom.web.side import Moment, Side

MOST_PER_FRAME = 1000
MOST_STEPS = 10_000


def obey(session: Session, message: m.AnyMessage) -> None:
    """Do what a message asks.

    Raises:
        FathomError: It cannot be done; nothing has changed.
    """
    _HANDLERS[type(message)](session, message)


def _side(session: Session, message: m.Sided) -> Side:
    if message.side not in session.sides:
        raise SpecError("There is no second network.", hint="begin one with compare")
    return session.sides[message.side]


# -- beginning and changing ----------------------------------------------------------


def begin(session: Session, start: m.Start) -> None:
    """Set up what the page asked for at its start, or else the default.

    A page whose server was restarted gives its last weights, which are taken where they fit.
    """
    experiment = _experiment_of(start, session)
    setup = play.set_up(play.check(experiment), session.opener)
    lane = play.Lane.begin(setup)
    if start.parameters:
        values = np.array(start.parameters, np.float64)
        state = play.from_flat(setup.machine.network.layout, lane.state, values)
        if state is not None:
            lane = play.Lane.begin(setup, state, epoch=max(0, start.epoch))
    side = Side("a", lane)
    session.sides["a"] = side
    session.prepare(side)


def _experiment_of(start: m.Start, session: Session) -> play.Experiment:
    if start.experiment is not None:
        return play.read_experiment(start.experiment)
    is_empty = not (start.hash or "").removeprefix("#")
    return session.opener.default() if is_empty else play.read_hash(start.hash or "")


def _set_experiment(session: Session, message: m.SetExperiment) -> None:
    side = _side(session, message)
    wanted = play.check(play.read_experiment(message.experiment))
    if message.side == "b":
        first = session.sides["a"].experiment
        wanted = play.check(play.changed(wanted, data=first.data, seed=first.seed))
    effect = change(session, side, wanted)
    if message.side == "a" and "b" in session.sides and effect == play.DATA:
        other = session.sides["b"]
        follow = play.changed(other.experiment, data=wanted.data, seed=wanted.seed)
        change(session, other, play.check(follow))
        session.tell_state(other)
    session.tell_state(side, request=message.request)


def change(session: Session, side: Side, wanted: play.Experiment) -> str:
    """Train another experiment from now on, keeping what can be kept; return the effect.

    Raises:
        FathomError: It cannot be set up; nothing has changed.
    """
    effect = play.effect_of(side.experiment, wanted)
    same_points = effect != play.DATA
    material = side.lane.setup.material if same_points else None
    setup = play.set_up(wanted, session.opener, material=material)
    if effect != play.NONE:
        side.remember()
    _install(session, side, setup, effect, keeps=_keeps(side.experiment, wanted, effect))
    return effect


def _keeps(before: play.Experiment, after: play.Experiment, effect: str) -> bool:
    """Return whether the network goes on with its weights."""
    if effect == play.DATA:
        return play.keeps_weights(before, after)
    return effect in (play.NONE, play.SETTINGS, play.COMPILED)


def _install(session: Session, side: Side, setup: play.Setup, effect: str, *, keeps: bool) -> None:
    """Give a side its new setup."""
    old = side.lane
    is_same = play.same_program(old.setup, setup)
    if is_same and setup.machine is not old.setup.machine:  # the kept one was forgotten
        setup = replace(setup, machine=old.setup.machine)
    side.notes = []
    if keeps and is_same:
        lane = play.Lane(**{**_parts(old), "setup": setup})
    elif keeps:
        lane = _continued(side, setup)
    else:
        lane = play.Lane.begin(setup)
    is_new = not is_same or effect in (play.DATA, play.RESET)
    side.replace_lane(lane, effect=effect, is_new_structure=is_new)
    if is_new:
        session.prepare(side)


def _parts(lane: play.Lane) -> dict[str, Any]:
    return {one.name: getattr(lane, one.name) for one in fields(lane)}


def _continued(side: Side, setup: play.Setup) -> play.Lane:
    """Return a lane of another structure with the weights that fit it."""
    old = side.lane
    state, (kept, total) = play.kept_where_alike(
        old.setup.machine.network.layout,
        old.state,
        setup.machine.network.layout,
        setup.first_state(),
    )
    if kept < total:
        side.notes = [f"{kept} of {total} arrays of weights kept; the others begin anew"]
    lane = play.Lane.begin(setup, state, epoch=old.position.epoch)
    lane.curve, lane.seconds = list(old.curve), old.seconds
    return lane


def _open(session: Session, message: m.Open) -> None:
    wanted = play.check(play.read_hash(message.hash))
    side = session.sides["a"]
    setup = play.set_up(wanted, session.opener)
    side.remember()
    session.pause()
    _install(session, side, setup, play.DATA, keeps=False)
    session.tell_state(side, request=message.request)


def _reset(session: Session, message: m.Reset) -> None:
    seed = secrets.token_hex(4) if message.weights == "new" else None
    for side in session.sides.values():
        experiment = side.experiment
        if seed is not None:
            experiment = play.changed(experiment, weights_seed=seed)
        setup = play.set_up(experiment, session.opener, material=side.lane.setup.material)
        side.remember()
        _install(session, side, setup, play.RESET, keeps=False)
        session.tell_state(side, request=message.request)
    _restart_population(session)


def _regenerate(session: Session, message: m.Regenerate) -> None:
    seed = f"0.{secrets.randbelow(100_000):05d}"
    for side in session.sides.values():
        wanted = play.changed(side.experiment, seed=seed, weights_seed=None)
        wanted = play.changed(wanted, data=play.changed(wanted.data, added=(), removed=()))
        setup = play.set_up(wanted, session.opener)
        side.remember()
        _install(session, side, setup, play.DATA, keeps=False)
        session.tell_state(side, request=message.request)
    _restart_population(session)


def _points(session: Session, message: m.Points) -> None:
    side = session.sides["a"]
    data = side.experiment.data
    source_rows = side.lane.setup.material.rows - len(data.added) + len(data.removed)
    added = [*data.added, *message.add]
    removed = [*data.removed, *(one for one in message.remove if one not in data.removed)]
    changed = play.changed(data, added=tuple(added), removed=tuple(removed))
    wanted = play.check(play.changed(side.experiment, data=_tidy(changed, source_rows)))
    _set_experiment(
        session, m.SetExperiment(experiment=play.experiment_data(wanted), request=message.request)
    )


def _tidy(data: Any, source_rows: int) -> Any:
    """Drop points that were added last and are removed again, so that addresses stay short."""
    added, removed = list(data.added), set(data.removed)
    while added and source_rows + len(added) - 1 in removed:
        removed.discard(source_rows + len(added) - 1)
        added.pop()
    return play.changed(data, added=tuple(added), removed=tuple(sorted(removed)))


def _edit(session: Session, message: m.Edit) -> None:
    side = _side(session, message)
    layout = side.lane.setup.machine.network.layout
    if not 0 <= message.parameter < len(layout.parameters):
        raise SpecError(f"There is no parameter {message.parameter}.")
    if not 0 <= message.index < layout.parameters[message.parameter].size:
        raise SpecError(f"Parameter {message.parameter} has no value {message.index}.")
    if not abs(message.value) <= 1e6:
        raise SpecError("A weight must be a number from -1,000,000 to 1,000,000.")
    session.branch(side)
    side.remember_edit((message.parameter, message.index))
    arrays = play.parameter_arrays(layout, side.lane.state)
    edited = np.array(arrays[message.parameter])
    edited.ravel()[message.index] = message.value
    arrays[message.parameter] = edited
    side.lane.state = play.with_parameters(layout, side.lane.state, arrays)
    side.lane.forget_last_measure()
    side.effect, side.dirty = play.NONE, True
    session.tell_state(side, request=message.request)


def _undo(session: Session, message: m.Undo | m.Redo) -> None:
    side = session.sides["a"]
    moment = side.go_to_remembered(forward=isinstance(message, m.Redo))
    if moment is None:
        raise SpecError("There is nothing more to undo or redo.")
    if play.effect_of(side.experiment, moment.experiment) == play.SETTINGS:
        _take_settings(session, side, moment.experiment)
    else:
        session.pause()
        _return_to(session, side, moment)
    session.tell_state(side, request=message.request)


def _take_settings(session: Session, side: Side, experiment: play.Experiment) -> None:
    """Take back a setting; what was learned since stays."""
    setup = play.set_up(experiment, session.opener, material=side.lane.setup.material)
    _install(session, side, setup, play.SETTINGS, keeps=True)


def _return_to(session: Session, side: Side, moment: Moment) -> None:
    effect = play.effect_of(side.experiment, moment.experiment)
    material = None if effect == play.DATA else side.lane.setup.material
    setup = play.set_up(moment.experiment, session.opener, material=material)
    is_same = play.same_program(side.lane.setup, setup)
    lane = play.Lane.begin(setup, moment.snapshot.state, position=moment.snapshot.position)
    lane.curve = list(moment.curve)
    side.replace_lane(lane, effect=effect, is_new_structure=not is_same or effect == play.DATA)
    side.sent = (-1, 0)
    if not is_same or effect == play.DATA:
        session.prepare(side)


# -- running -------------------------------------------------------------------------


def _play(session: Session, message: m.Play) -> None:
    session.playing = True
    for side in session.sides.values():
        side.dirty = True
    session.tell_status("a")


def _pause(session: Session, message: m.Pause) -> None:
    session.pause()


def _speed(session: Session, message: m.Speed) -> None:
    per_frame = message.per_frame
    if per_frame != "max" and not 1 <= per_frame <= MOST_PER_FRAME:
        raise SpecError(f"`per_frame` must be from 1 to {MOST_PER_FRAME}, or max.")
    if message.per_second is not None and not 0.2 <= message.per_second <= 1000:
        raise SpecError("`per_second` must be from 0.2 to 1000.")
    session.speed.unit = message.unit
    session.speed.per_frame = None if per_frame == "max" else per_frame
    session.speed.per_second = message.per_second


def _step(session: Session, message: m.Step) -> None:
    if not 1 <= message.count <= MOST_STEPS:
        raise SpecError(f"`count` must be from 1 to {MOST_STEPS}.")
    session.step(message.unit, message.count)


def _want(session: Session, message: m.Want) -> None:
    if not 10 <= message.resolution <= 100:
        raise SpecError("`resolution` must be from 10 to 100.")
    values = msgspec.structs.asdict(message)
    side = _side(session, message)
    side.want = play.Want(
        **{key: value for key, value in values.items() if key not in ("request", "side")}
    )
    side.dirty = True


# -- looking -------------------------------------------------------------------------


def _inspect(session: Session, message: m.Inspect) -> None:
    lane = _side(session, message).shown()
    material = lane.setup.material
    answer: dict[str, Any] = {"type": "inspection", "request": message.request}
    if message.point is not None:
        place = np.flatnonzero(material.ids == message.point)
        if not len(place):
            raise SpecError(f"There is no point {message.point}.")
        row = int(place[0])
        losses = lane.outputs()[1]
        said = play.inspect(lane, material.x[row])
        answer |= {**said, "label": float(material.y[row]), "loss": float(losses[row])}
    else:
        answer |= play.inspect(lane, _raw_input(material, message.input))
    session.tell(answer)


def _raw_input(material: play.Material, given: list[float] | None) -> np.ndarray:
    """Return a raw input: all of it, or the two that are drawn and the others' means."""
    values = np.array(given or [], np.float64)
    if len(values) == len(material.inputs):
        return values
    if len(values) != 2:
        raise SpecError("An input is two numbers, or one for each of the data's inputs.")
    whole = material.x.mean(axis=0)
    whole[list(material.axes)] = values
    return whole


def _history(session: Session, message: m.AskHistory) -> None:
    lane = _side(session, message).lane
    session.tell(
        {
            "type": "history",
            "request": message.request,
            "side": message.side,
            "epochs": lane.history.epochs,
            "branches": lane.branches,
        }
    )


def _seek(session: Session, message: m.Seek) -> None:
    side = _side(session, message)
    session.pause()
    side.lane.keep()
    side.viewing = None if message.epoch is None else side.lane.history.nearest(message.epoch)
    side.dirty = True


def _branch(session: Session, message: m.Branch) -> None:
    side = _side(session, message)
    side.remember()
    session.branch(side)
    side.effect, side.dirty = play.NONE, True
    session.tell_state(side, request=message.request)


def _slow(session: Session, message: m.Slow) -> None:
    session.pause()
    side = _side(session, message)
    session.branch(side)
    said = play.slow_motion(side.lane)
    session.tell({"type": "slow", "request": message.request, "side": message.side, **said})


def _descent(session: Session, message: m.Descent) -> None:
    side = _side(session, message)
    wanted = play.DescentWanted(
        parameters=message.parameters,
        span=message.span,
        resolution=message.resolution,
        race=message.race,
        steps=message.steps,
    )
    words, arrays = play.descent(side.shown(), wanted)
    header = {"type": "descent", "request": message.request, "side": message.side, **words}
    session.tell_binary(header, arrays)


def _code(session: Session, message: m.Code) -> None:
    setup = _side(session, message).lane.setup
    text = play.network_code(setup, message.framework)
    answer = {"type": "code", "framework": message.framework, "text": text}
    session.tell({**answer, "request": message.request})


# -- many networks -------------------------------------------------------------------


def _compare(session: Session, message: m.Compare) -> None:
    first = session.sides["a"]
    if message.experiment is None:
        ended = session.sides.pop("b", None)
        if ended is not None:
            session.forget_rest(ended)
        session.tell_state(first, request=message.request)
        return
    wanted = play.read_experiment(message.experiment)
    wanted = play.changed(wanted, data=first.experiment.data, seed=first.experiment.seed)
    setup = play.set_up(play.check(wanted), session.opener)
    session.pause()
    first_setup = first.lane.setup
    _install(session, first, first_setup, play.RESET, keeps=False)
    second = Side("b", play.Lane.begin(setup))
    session.sides["b"] = second
    session.prepare(second)
    session.tell_state(first)
    session.tell_state(second, request=message.request)


def _many(session: Session, message: m.Many) -> None:
    if message.count == 0:
        _end_population(session, message.request)
        return
    if not 2 <= message.count <= play.limits_data()["members"]:
        raise SpecError("`count` must be from 2 to 64, or 0 to end.")
    _check_resolution(message.resolution)
    _begin_population(session, play.Many(session.sides["a"].lane.setup, message.count), message)


def _depths(session: Session, message: m.Depths) -> None:
    if message.most is None:
        _end_population(session, message.request)
        return
    if not 0 <= message.most <= play.limits_data()["depths"]:
        raise SpecError("`most` must be from 0 to 8, or null to end.")
    _check_resolution(message.resolution)
    setup = session.sides["a"].lane.setup
    _begin_population(session, play.Depths(setup, message.most, session.opener), message)


def _check_resolution(resolution: int) -> None:
    if not 8 <= resolution <= 100:
        raise SpecError("`resolution` must be from 8 to 100.")


def _begin_population(session: Session, population: Any, message: m.Many | m.Depths) -> None:
    """Begin at epoch 0; the network on view goes on where it is."""
    session.population = population
    session.population_resolution = message.resolution
    session.prepare_population()
    session.tell_status("a", "compiling many networks")


def _end_population(session: Session, request: int | None) -> None:
    session.population = None
    session.tell_state(session.sides["a"], request=request)


def _restart_population(session: Session) -> None:
    population = session.population
    if population is None:
        return
    setup = session.sides["a"].lane.setup
    session.population = (
        play.Many(setup, population.count)
        if isinstance(population, play.Many)
        else play.Depths(setup, population.most, session.opener)
    )
    session.prepare_population()


def _open_member(session: Session, message: m.OpenMember) -> None:
    population = session.population
    if population is None or population.kind != message.of:
        raise SpecError("Those networks are not there any more.")
    if not 0 <= message.member < population.count:
        raise SpecError(f"There is no member {message.member}.")
    experiment, state, position = population.member(message.member)
    side = session.sides["a"]
    side.remember()
    moment = Moment(experiment, play.Snapshot(position, state), ())
    _return_to(session, side, moment)
    side.effect = play.RESET
    session.tell_state(side, request=message.request)


def _open_study(session: Session, message: m.OpenStudy) -> None:
    side = session.sides["a"]
    found = session.opener.study_network(message.study)
    setup = play.set_up(play.check(found.experiment), session.opener)
    lane = play.Lane.begin(setup)
    state = found.state_for(setup, lane.state)
    side.remember()
    session.pause()
    side.replace_lane(play.Lane.begin(setup, state), effect=play.DATA, is_new_structure=True)
    session.prepare(side)
    session.tell_state(side, request=message.request)


_HANDLERS: dict[type, Callable[[Any, Any], None]] = {
    m.SetExperiment: _set_experiment,
    m.Open: _open,
    m.Reset: _reset,
    m.Regenerate: _regenerate,
    m.Points: _points,
    m.Edit: _edit,
    m.Undo: _undo,
    m.Redo: _undo,
    m.Play: _play,
    m.Pause: _pause,
    m.Speed: _speed,
    m.Step: _step,
    m.Want: _want,
    m.Inspect: _inspect,
    m.AskHistory: _history,
    m.Seek: _seek,
    m.Branch: _branch,
    m.Slow: _slow,
    m.Descent: _descent,
    m.Code: _code,
    m.Compare: _compare,
    m.Many: _many,
    m.Depths: _depths,
    m.OpenMember: _open_member,
    m.OpenStudy: _open_study,
}
