"""What people do in a run: at Concord, at the vendors, and about sagas. Some may, some may not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from reverse_etl import saga_desk, saga_store
from reverse_etl.errors import CorrectionError
from reverse_etl.event_desk import revive
from reverse_etl.events import queue
from reverse_etl.instances import OPERATOR_ROLE, set_mode
from reverse_etl.ledger import reading
from reverse_etl.models import Correction, Filter, State
from reverse_etl.outbox import Outbox
from reverse_etl.sagas import SagaState, StepState
from tests.chaos.firm import PEOPLE, another
from tests.chaos.scheduler import Process
from tests.reverse_etl.factories import CRM, ERP, PSA
from tests.reverse_etl.saga_factory import PROCESS

if TYPE_CHECKING:
    from tests.chaos.simulation import Simulation

NOW = timedelta(0)
#: action, states it makes sense in, weight
_DECISIONS: tuple[tuple[str, tuple[State, ...], int], ...] = (
    ("approve", (State.PROPOSED,), 12),
    ("reject", (State.PROPOSED, State.APPROVED, State.DEAD_LETTERED, State.CONFLICTED), 1),
    ("replay", (State.DEAD_LETTERED,), 4),
    ("rollback", (State.DELIVERED, State.VERIFIED), 1),
)


def office(world: Simulation, _process: Process) -> None:
    """People approve, reject, replay and roll back."""
    outbox = world.outbox(NOW)
    for _ in range(world.chance.randint(2, 6)):
        _decide(world, outbox)
        world.elapse(world.seconds(1, 60))


def _decide(world: Simulation, outbox: Outbox) -> None:
    action, states = world.chance.choices(list(_DECISIONS), [d[2] for d in _DECISIONS])[0][:2]
    dead = outbox.list(Filter(states=(State.DEAD_LETTERED,), limit=50))
    if dead and world.chance.random() < 0.4:
        action, states = "replay", (State.DEAD_LETTERED,)
    items = outbox.list(Filter(states=states, limit=50))
    if not items:
        return
    item = world.chance.choice(items)
    able = able_for(item)
    actor = world.chance.choice(
        able if able and world.chance.random() < 0.8 else [*PEOPLE, "service:concord"]
    )
    roles = PEOPLE.get(actor, ("controller",))
    if action == "rollback":
        tried(world, f"{actor} rolls back {item.correction_id}",
              lambda: outbox.rollback(item.correction_id, actor, "because", roles=roles))  # fmt: skip
    else:
        act = getattr(outbox, action)
        tried(world, f"{actor} does {action} {item.correction_id}",
              lambda: act(item.correction_id, actor, roles, "because"))  # fmt: skip


def able_for(item: Correction) -> list[str]:
    """People who hold a role that decides it."""
    return [p for p, roles in PEOPLE.items() if set(roles) & set(item.approver_roles)]


def tried(world: Simulation, words: str, act: Callable[[], Any]) -> None:
    """Do it, or note that it was refused."""
    try:
        act()
        world.note(words)
    except CorrectionError as error:
        world.note(f"{words}: refused, {type(error).__name__}")


def staff(world: Simulation, _process: Process) -> None:
    """People at the vendors change values under us."""
    for _ in range(world.chance.randint(1, 4)):
        world.scheduler.may_switch()
        instance, name, record, column = world.chance.choice(world.run.firm.touchable)
        vendor = world.run.firm.vendors[instance]
        value = another(vendor.value(name, record, column), world.chance)
        vendor.put(name, record, **{column: value})
        world.note(f"staff sets {name} {record} {column}={value}")


def operator(world: Simulation, _process: Process) -> None:
    """Somebody pauses, drains or resumes an instance; at the end, everything runs again."""
    outbox = world.outbox(NOW)
    for instance in [world.chance.choice([CRM, ERP, PSA])] if not world.is_healthy else [CRM, ERP, PSA]:
        mode = "running" if world.is_healthy else world.chance.choice(["running", "paused", "draining"])
        set_mode(outbox, instance, mode, "olga", (OPERATOR_ROLE,), "because")
        world.note(f"olga sets {instance} {mode}")


def dealer(world: Simulation, _process: Process) -> None:
    """Deals are started, questions answered; now and then somebody cancels, or lets a stuck one try again."""
    outbox = world.outbox(NOW)
    if world.chance.random() < 0.5:
        _send_events_again(world, outbox)
    for deal in world.run.firm.deals:
        if world.chance.random() < 0.8:
            tried(world, f"omar starts {deal}", partial(_start, world, outbox, deal))
        for key in _keys(outbox, (SagaState.RUNNING, SagaState.STUCK), deal):
            _about(world, outbox, key)


def _start(world: Simulation, outbox: Outbox, deal: str) -> None:
    saga_desk.start(
        outbox, PROCESS, deal, world.run.firm.deals[deal], "omar", PEOPLE["omar"], {"hours": "40"}
    )


def _keys(outbox: Outbox, states: Sequence[SagaState], deal: str | None = None) -> list[str]:
    with reading(outbox.engine) as connection:
        found = saga_store.find(connection, states=states, trigger_key=deal)
    return [saga.saga_key for saga in found]


def _about(world: Simulation, outbox: Outbox, key: str) -> None:
    answer_questions(world, outbox, key)
    chance = world.chance.random()
    turn = saga_desk.cancel if chance < 0.1 else saga_desk.retry if chance > 0.6 else None
    if turn is not None:
        tried(world, f"omar turns {key}",
              lambda: turn(outbox, key, PROCESS, "omar", PEOPLE["omar"], "because"))  # fmt: skip


def answer_questions(world: Simulation, outbox: Outbox, key: str) -> None:
    """Finance answers what a saga asks."""
    with reading(outbox.engine) as connection:
        saga = saga_store.get(connection, key)
    for step in saga.steps:
        if step.definition.request is not None and step.state is StepState.OPEN:
            said = partial(saga_desk.answer, outbox, key, step.step_id, "700", "carla", PEOPLE["carla"])
            tried(world, f"carla answers {key} {step.step_id}", said)


def clearing(world: Simulation, _process: Process) -> None:
    """At the end: what sagas wait for is answered, approved and replayed; subscribers' dead letters are sent again."""
    outbox = world.outbox(NOW)
    for key in _keys(outbox, (SagaState.RUNNING,)):
        answer_questions(world, outbox, key)
    acts = {
        State.PROPOSED: outbox.approve, State.DEAD_LETTERED: outbox.replay, State.CONFLICTED: outbox.reject,
    }  # fmt: skip
    for item in outbox.list(Filter(states=tuple(acts), check_id="S01", limit=200)):
        act = (
            outbox.reject if item.state_class == "not_kept" else acts[item.state]
        )  # replayed, it is only looked at
        who = "carla" if item.proposed_by == "mara" else "mara"  # nobody approves what they asked for
        tried(world, f"{who} clears {item.correction_id}",
              partial(act, item.correction_id, who, PEOPLE[who], "at the end"))  # fmt: skip
    _send_events_again(world, outbox)


def _send_events_again(world: Simulation, outbox: Outbox) -> None:
    with reading(outbox.engine) as connection:
        dead = [letter.delivery_id for letter in queue.dead_letters(connection)]
    if dead:
        tried(world, "dana sends events again", partial(revive, outbox, dead, "dana", ["operator"]))
