"""Who may do what to which field: pure functions over `config/policy.yml` and `config/ownership.yml`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from config.schema import Copy, OwnedField, Ownership, Policy, PolicyRule
from reverse_etl.authority import current_round, is_machine, may_approve, may_reject, still_counts
from reverse_etl.governance import Governance, Refusal, amount
from reverse_etl.law import why_forbidden
from reverse_etl.models import POLICY_ACTOR, Approval, Correction, Delegation, Proposal

__all__ = [
    "POLICY_ACTOR", "Governance", "Mode", "Refusal", "Verdict", "amount", "current_round", "judge", "matching_rule",
    "may_approve", "may_reject", "may_write", "null_overwrite_refusal", "owned_copy", "ownership_refusal",
]  # fmt: skip

Mode = Literal["automatic", "approval", "forbidden"]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What policy says about a proposal."""

    mode: Mode
    reason: str
    error_class: str | None = None
    approver_roles: tuple[str, ...] = ()
    approvals_needed: int = 0


def judge(governance: Governance, proposal: Proposal, *, needs_person: str | None = None) -> Verdict:
    """Decide how a proposal may go forward: automatic, by approval, or not at all.

    `needs_person` is a reason why a rule of mode automatic must not decide alone this time.
    """
    refusal = _never(governance, proposal)
    if refusal:
        return Verdict(mode="forbidden", reason=refusal.reason, error_class=refusal.error_class)
    rule = matching_rule(governance.policy, proposal)
    if rule is None or rule.mode == "never":
        words = (
            f"no rule of config/policy.yml lets {proposal.check_id} {proposal.operation} {proposal.target}"
        )
        return Verdict(mode="forbidden", reason=words, error_class="no_rule")
    return _by_rule(governance, rule, proposal, needs_person)


def _never(governance: Governance, proposal: Proposal) -> Refusal | None:
    law = why_forbidden(proposal)
    if law:
        return Refusal(
            error_class="never_auto", reason=law, hint="a person corrects it in the owning system."
        )
    return ownership_refusal(governance, proposal) or null_overwrite_refusal(governance, proposal)


def _by_rule(governance: Governance, rule: PolicyRule, proposal: Proposal, person: str | None) -> Verdict:
    roles = tuple(rule.roles) or governance.unlimited_roles
    reason, approvals = person, rule.approvers
    if proposal.kind == "rollback":
        reason = "a rollback is always decided by a person"
    elif rule.up_to is not None and amount(proposal) > rule.up_to:
        reason = f"{amount(proposal)} at risk is above the rule's limit of {rule.up_to}"
        roles = governance.unlimited_roles if rule.mode == "automatic" else roles
    if rule.four_eyes_above is not None and amount(proposal) > rule.four_eyes_above:
        approvals = 2
        four_eyes = f"{amount(proposal)} at risk is above {rule.four_eyes_above}: two people approve"
        reason = f"{reason}; {four_eyes}" if reason else four_eyes
    if rule.mode == "automatic" and reason is None:
        return Verdict(mode="automatic", reason=f"standing approval of {rule.check} for {rule.target}")
    return Verdict(
        mode="approval",
        reason=reason or f"{rule.check} for {rule.target} needs {approvals} approval(s)",
        approver_roles=roles,
        approvals_needed=approvals,
    )


def matching_rule(policy: Policy, proposal: Proposal) -> PolicyRule | None:
    """The first rule for this check, target and operation; a rollback is an update of the same target."""
    for rule in policy.rules:
        if (rule.check, rule.target, rule.operation) == (
            proposal.check_id,
            proposal.target,
            proposal.operation,
        ):
            return rule
    return None


def ownership_refusal(governance: Governance, proposal: Proposal) -> Refusal | None:
    """Refuses the first field that ownership does not list as a copy for this system, object and operation."""
    for change in proposal.changes:
        if owned_copy(governance.ownership, proposal, change.field) is None:
            return Refusal(
                error_class="ownership",
                reason=f"{proposal.target}.{change.field} is not a copy Concord may {proposal.operation}",
                hint="list the field in config/ownership.yml if another system owns it.",
            )
    return None


def owned_copy(ownership: Ownership, proposal: Proposal, column: str) -> Copy | None:
    """The entry of ownership that allows writing this column, or ``None``."""
    for owned in ownership.fields:
        if not _applies(owned, proposal):
            continue
        for copy in owned.copies:
            if (copy.system, copy.object) == (proposal.target_system, proposal.target_object) and (
                copy.column in (column, "*")
            ):
                return copy
    return None


def _applies(owned: OwnedField, proposal: Proposal) -> bool:
    if owned.on not in (proposal.operation, "any"):
        return False
    return not owned.business_units or proposal.business_unit_id in owned.business_units


def null_overwrite_refusal(governance: Governance, proposal: Proposal) -> Refusal | None:
    """Refuses to empty a field that holds a value, unless ownership says it may be cleared.

    A rollback restores what was there before, empty or not, and a person has approved it.
    """
    if proposal.kind == "rollback":
        return None
    for change in proposal.changes:
        copy = owned_copy(governance.ownership, proposal, change.field)
        is_emptied = change.new is None and change.expected is not None
        if is_emptied and not (copy and copy.may_be_cleared):
            return Refusal(
                error_class="null_overwrite",
                reason=f"{proposal.target}.{change.field} would be emptied",
                hint="set may_be_cleared on the copy in config/ownership.yml if empty is a true value.",
            )
    return None


APPROVAL_MISSING = "approval_missing"
"""The one refusal at the moment of writing that a person can heal: it goes back to wait for an approval."""


def may_write(
    governance: Governance,
    correction: Correction,
    approvals: Sequence[Approval],
    delegations: Sequence[Delegation] = (),
) -> Refusal | None:
    """Policy once more at the moment of writing: law, ownership, and the approvals that policy demands now.

    `delegations` are those in force now; an approval in a delegated role counts while its delegation does.
    """
    verdict = judge(governance, correction)
    if verdict.mode == "forbidden":
        return Refusal(
            error_class=verdict.error_class or "policy",
            reason=verdict.reason,
            hint="change the configuration and replay it, or reject it.",
        )
    given = [a for a in current_round(correction, approvals) if a.decision == "approve"]
    if verdict.mode == "automatic" and given:
        return None
    deciding = {*verdict.approver_roles, *correction.approver_roles} or set(governance.unlimited_roles)
    people = {a.actor for a in given if not is_machine(a.actor)}
    counting = {
        a.actor for a in given if still_counts(governance, correction, a, tuple(deciding), delegations)
    }
    if len(counting) >= max(verdict.approvals_needed, 1):
        return None
    lapsed = len(people - counting)
    words = f", {lapsed} given no longer count(s) under the present policy" if lapsed else ""
    return Refusal(
        error_class=APPROVAL_MISSING,
        reason=f"policy now demands {verdict.approvals_needed} approval(s), {len(counting)} given{words}",
        hint="replay it to ask for approval again.",
    )
