"""Who may decide: roles with limits and business units, role by delegation, and maker is not checker.

Pure functions: what the ledger knows (decisions given so far, delegations in force) is handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reverse_etl.governance import Governance, Refusal, amount
from reverse_etl.models import Approval, Correction, Delegation

MACHINES = ("service:", "policy:", "worker:")
OPERATOR_ROLE = "operator"
"""The role that runs Concord: it may ask for a rollback, and approves nothing."""
PERSON_OBJECTS = frozenset({"user", "account_membership", "employee", "worker"})
"""Objects that are a person: their record id names whose record it is."""
PERSON_IN_EVIDENCE = "person"
"""The key under which evidence names whom a correction is about."""


@dataclass(frozen=True, kw_only=True)
class Authority:
    """A role somebody acts in: their own, or one that its holder has handed to them."""

    role: str
    principal: str
    """Whose role it is: the actor's own id, or that of the person who delegated it."""


def may_approve(
    governance: Governance,
    correction: Correction,
    approvals: Sequence[Approval],
    actor: str,
    roles: Sequence[str],
    delegations: Sequence[Delegation] = (),
) -> Refusal | None:
    """Whether `actor` may approve, and if not, why. See `authority_for`."""
    found = authority_for(governance, correction, approvals, actor, roles, delegations)
    return found if isinstance(found, Refusal) else None


def authority_for(
    governance: Governance,
    correction: Correction,
    approvals: Sequence[Approval],
    actor: str,
    roles: Sequence[str],
    delegations: Sequence[Delegation] = (),
) -> Authority | Refusal:
    """The authority in which `actor` may approve, own roles before delegated ones, or why there is none.

    It takes a person who neither asked for the correction nor is its subject, has not decided this round, and
    holds a role that decides it, with enough limit, for its business unit.
    """
    refusal = _segregation(governance, correction, approvals, actor)
    if refusal:
        return refusal
    if governance.is_killed(correction.check_id):
        return killed(correction.check_id, "take it out of kill_switches in config/policy.yml first.")
    deciding = correction.approver_roles
    held = [a for a in authorities(governance, actor, roles, delegations) if a.role in deciding]
    if not held:
        return role_refusal(actor, deciding)
    refusals: list[Refusal] = []
    for authority in held:
        refusal = _authority_refusal(governance, correction, approvals, actor, authority)
        if refusal is None:
            return authority
        refusals.append(refusal)
    return refusals[0]


def killed(check_id: str, hint: str) -> Refusal:
    """The refusal for a check whose kill switch is on."""
    return Refusal(error_class="kill_switch", reason=f"check {check_id} is switched off", hint=hint)


def held(check_id: str, reason: str) -> Refusal:
    """The refusal for a check that waits for a control total to tie."""
    words = f"check {check_id} waits: {reason}"
    return Refusal(error_class="control_total", reason=words, hint="it goes on once a new read ties.")


def authorities(
    governance: Governance, actor: str, roles: Iterable[str], delegations: Iterable[Delegation]
) -> Iterator[Authority]:
    """Every authority of `actor`: own roles, then those delegated by people who (still) hold them."""
    for role in roles:
        yield Authority(role=role, principal=actor)
    for one in delegations:
        giver = governance.person(one.from_actor)
        if one.to_actor == actor and (giver is None or one.role in giver.roles):
            yield Authority(role=one.role, principal=one.from_actor)


def _segregation(
    governance: Governance, correction: Correction, approvals: Sequence[Approval], actor: str
) -> Refusal | None:
    if is_machine(actor):
        return _not_a_person(actor)
    if actor == correction.proposed_by:
        return Refusal(
            error_class="maker_is_checker",
            reason=f"{actor} asked for this correction and cannot approve it too",
            hint="another person in the role approves it.",
        )
    if is_subject(governance, correction, actor):
        return Refusal(
            error_class="own_record",
            reason=f"this correction is about {actor}'s own records",
            hint="another person in the role approves it.",
        )
    if actor in _voices(correction, approvals):
        return Refusal(
            error_class="same_person_twice",
            reason=f"{actor} has approved this correction already",
            hint="four eyes means a second person.",
        )
    return None


def _not_a_person(actor: str) -> Refusal:
    return Refusal(
        error_class="not_a_person",
        reason=f"{actor or 'nobody'} is not a person",
        hint="act as yourself: --actor, or CONCORD_ACTOR.",
    )


def is_machine(actor: str) -> bool:
    """Whether an actor is a service, the policy itself, a worker, or nobody."""
    return not actor.strip() or actor.startswith(MACHINES)


def is_subject(governance: Governance, correction: Correction, actor: str) -> bool:
    """Whether the correction changes a record about `actor`: the record itself, or the person evidence names."""
    person = governance.person(actor)
    names = {name.casefold() for name in (actor, *(person.own_records if person else ()))}
    about = list(_people_in(correction.evidence))
    if correction.target_object in PERSON_OBJECTS and correction.target_record_id:
        about.append(correction.target_record_id)
    return any(name.casefold() in names for name in about)


def _people_in(evidence: Any) -> Iterator[str]:
    for fact in evidence if isinstance(evidence, list) else [evidence]:
        named = fact.get(PERSON_IN_EVIDENCE) if isinstance(fact, dict) else None
        yield from (str(one) for one in (named if isinstance(named, list) else [named]) if one)


def _voices(correction: Correction, approvals: Sequence[Approval]) -> set[str]:
    """Everybody whose say has gone into this round: those who approved, and those they approved for."""
    given = [a for a in current_round(correction, approvals) if a.decision == "approve"]
    return {a.actor for a in given} | {a.on_behalf_of for a in given if a.on_behalf_of}


def _authority_refusal(
    governance: Governance,
    correction: Correction,
    approvals: Sequence[Approval],
    actor: str,
    authority: Authority,
) -> Refusal | None:
    principal = authority.principal
    if principal != actor:
        is_barred = principal == correction.proposed_by or is_subject(governance, correction, principal)
        if is_barred or principal in _voices(correction, approvals):
            return Refusal(
                error_class="delegation",
                reason=f"{principal}, for whom {actor} acts, could not approve this",
                hint="a person in a role of their own approves it.",
            )
    return unit_refusal(governance, correction, principal, authority.role) or _limit_refusal(
        governance, correction, authority.role
    )


def unit_refusal(governance: Governance, correction: Correction, actor: str, role: str) -> Refusal | None:
    """Refuses a correction outside the units of the person or of the role; one of no unit needs them all."""
    unit = correction.business_unit_id
    person, grant = governance.person(actor), governance.policy.roles.get(role)
    limits = [set(person.business_units)] if person else []
    if grant and grant.business_units:
        limits.append(set(grant.business_units))
    wanted = {unit} if unit else set(governance.business_units)
    if all(wanted <= allowed for allowed in limits):
        return None
    what = f"business unit {unit}" if unit else "no business unit, so to the whole firm"
    return Refusal(
        error_class="business_unit",
        reason=f"it belongs to {what}; {actor} as {role} decides for {', '.join(sorted(limits[-1])) or 'none'}",
        hint="somebody of that business unit decides, or widen business_units in config/people.yml or policy.yml.",
    )


def _limit_refusal(governance: Governance, correction: Correction, role: str) -> Refusal | None:
    if is_within_limit(governance, role, amount(correction)):
        return None
    deciding = correction.approver_roles
    able = [one for one in deciding if is_within_limit(governance, one, amount(correction))]
    return Refusal(
        error_class="limit",
        reason=f"{amount(correction)} at risk is above the limit of {role}",
        hint=f"ask one of: {', '.join(able) or 'nobody has the limit'}.",
    )


def is_within_limit(governance: Governance, role: str, money: Decimal) -> bool:
    """Whether the role may release that much; a role without an entry in `limits` releases nothing with money."""
    limit = governance.policy.limits.get(role, Decimal(0))
    return limit is None or money <= limit


def may_reject(correction: Correction, actor: str, roles: Sequence[str]) -> Refusal | None:
    """Whether `actor` may reject: any approver of it, whatever the money, or the person who asked for it."""
    if is_machine(actor):
        return _not_a_person(actor)
    if actor == correction.proposed_by or set(roles) & set(correction.approver_roles):
        return None
    return role_refusal(actor, correction.approver_roles)


def may_take_back(
    governance: Governance, correction: Correction, actor: str, roles: Sequence[str]
) -> Refusal | None:
    """Whether `actor` may ask for a rollback: an approver of it, an operator, or a role without limit.

    Asking is making: somebody else approves the rollback.
    """
    able = (*dict.fromkeys((*correction.approver_roles, *governance.unlimited_roles)), OPERATOR_ROLE)
    if is_machine(actor):
        return Refusal(
            error_class="not_a_person", reason=f"{actor or 'nobody'} is not a person", hint="ask as yourself."
        )
    return None if set(roles) & set(able) else role_refusal(actor, able)


def role_refusal(actor: str, deciding: Sequence[str]) -> Refusal:
    """The refusal for somebody who holds none of the roles that decide."""
    return Refusal(
        error_class="role",
        reason=f"{actor} holds none of the roles that decide this",
        hint=f"ask one of: {', '.join(deciding)}.",
    )


def current_round(correction: Correction, approvals: Sequence[Approval]) -> list[Approval]:
    """The decisions that count now: a replay starts a new round."""
    return [a for a in approvals if a.approval_round == correction.approval_round]


def still_counts(
    governance: Governance,
    correction: Correction,
    given: Approval,
    deciding: Sequence[str],
    delegations: Sequence[Delegation] = (),
) -> bool:
    """Whether a person's approval would be taken again today: role, limit, unit, and not their own matter.

    A listed person must hold the role still; one who decided for another, the delegation too.
    """
    principal = given.on_behalf_of or given.actor
    if is_machine(given.actor) or correction.proposed_by in (given.actor, principal):
        return False
    if any(is_subject(governance, correction, one) for one in (given.actor, principal)):
        return False
    return any(
        role in deciding
        and _is_held(governance, given, role, delegations)
        and is_within_limit(governance, role, amount(correction))
        and unit_refusal(governance, correction, principal, role) is None
        for role in given.roles
    )


def _is_held(governance: Governance, given: Approval, role: str, delegations: Sequence[Delegation]) -> bool:
    """Whether the role of an approval is still that person's, or still in their hands."""
    principal = given.on_behalf_of or given.actor
    person = governance.person(principal)
    if person is not None and role not in person.roles:
        return False
    return given.on_behalf_of is None or any(
        (one.to_actor, one.from_actor, one.role) == (given.actor, principal, role) for one in delegations
    )
