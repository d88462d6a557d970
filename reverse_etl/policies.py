"""Who may do what to which field: pure functions over `config/policy.yml` and `config/ownership.yml`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Literal

from config.schema import Config, Copy, OwnedField, Ownership, Policy, PolicyRule
from reverse_etl.law import why_forbidden
from reverse_etl.models import Approval, Correction, Proposal
from reverse_etl.values import digest

Mode = Literal["automatic", "approval", "forbidden"]
POLICY_ACTOR = "policy:concord"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why not: a class for machines, words for people, and what to do."""

    error_class: str
    reason: str
    hint: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What policy says about a proposal."""

    mode: Mode
    reason: str
    error_class: str | None = None
    approver_roles: tuple[str, ...] = ()
    approvals_needed: int = 0


@dataclass(frozen=True)
class Governance:
    """The firm's policy and ownership of fields, with one version for the audit trail."""

    policy: Policy
    ownership: Ownership

    @classmethod
    def from_config(cls, config: Config) -> Governance:
        """The governance of a loaded configuration."""
        return cls(config.policy, config.ownership)

    @cached_property
    def version(self) -> str:
        """Changes whenever either file says something else."""
        facts = {"policy": self.policy.model_dump(mode="json"), "own": self.ownership.model_dump(mode="json")}
        return f"{self.policy.version}-{digest(facts)[:12]}"

    @cached_property
    def unlimited_roles(self) -> tuple[str, ...]:
        """Roles without a money limit: they decide what a rule leaves open."""
        return tuple(role for role, limit in self.policy.limits.items() if limit is None)

    def is_killed(self, check_id: str) -> bool:
        """Whether the check's kill switch is on: nothing of it is proposed, approved by rule or written."""
        return check_id in self.policy.kill_switches


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
    reason = person
    if proposal.kind == "rollback":
        reason = "a rollback is always decided by a person"
    elif rule.up_to is not None and amount(proposal) > rule.up_to:
        reason = f"{amount(proposal)} at risk is above the rule's limit of {rule.up_to}"
        roles = governance.unlimited_roles if rule.mode == "automatic" else roles
    if rule.mode == "automatic" and reason is None:
        return Verdict(mode="automatic", reason=f"standing approval of {rule.check} for {rule.target}")
    return Verdict(
        mode="approval",
        reason=reason or f"{rule.check} for {rule.target} needs {rule.approvers} approval(s)",
        approver_roles=roles,
        approvals_needed=rule.approvers,
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


def amount(proposal: Proposal) -> Decimal:
    """Money at risk in reporting currency, unsigned; a correction without money counts as zero."""
    return abs(proposal.amount_at_risk_rc or Decimal(0))


def may_approve(
    governance: Governance,
    correction: Correction,
    approvals: Sequence[Approval],
    actor: str,
    roles: Sequence[str],
) -> Refusal | None:
    """Whether `actor` may approve: a person, not the maker, not twice, in a role with enough limit."""
    refusal = _segregation(correction, approvals, actor)
    if refusal:
        return refusal
    if governance.is_killed(correction.check_id):
        return Refusal(
            error_class="kill_switch",
            reason=f"check {correction.check_id} is switched off",
            hint="take it out of kill_switches in config/policy.yml first.",
        )
    held = [role for role in roles if role in correction.approver_roles]
    if not held:
        return _role_refusal(correction, actor)
    if any(_is_within_limit(governance, role, amount(correction)) for role in held):
        return None
    return Refusal(
        error_class="limit",
        reason=f"{amount(correction)} at risk is above the limit of {', '.join(held)}",
        hint=f"ask one of: {', '.join(_able_roles(governance, correction)) or 'nobody has the limit'}.",
    )


def _segregation(correction: Correction, approvals: Sequence[Approval], actor: str) -> Refusal | None:
    if actor.startswith(("service:", "policy:")) or not actor.strip():
        return Refusal(
            error_class="not_a_person",
            reason=f"{actor or 'nobody'} is not a person",
            hint="approve as yourself: --actor, or CONCORD_ACTOR.",
        )
    if actor == correction.proposed_by:
        return Refusal(
            error_class="maker_is_checker",
            reason=f"{actor} asked for this correction and cannot approve it too",
            hint="another person in the role approves it.",
        )
    if any(a.actor == actor and a.decision == "approve" for a in current_round(correction, approvals)):
        return Refusal(
            error_class="same_person_twice",
            reason=f"{actor} has approved this correction already",
            hint="four eyes means a second person.",
        )
    return None


def may_reject(correction: Correction, actor: str, roles: Sequence[str]) -> Refusal | None:
    """Whether `actor` may reject: any approver of it, whatever the money, or the person who asked for it."""
    if actor == correction.proposed_by or set(roles) & set(correction.approver_roles):
        return None
    return _role_refusal(correction, actor)


def _role_refusal(correction: Correction, actor: str) -> Refusal:
    return Refusal(
        error_class="role",
        reason=f"{actor} holds none of the roles that decide this",
        hint=f"ask one of: {', '.join(correction.approver_roles)}.",
    )


def _is_within_limit(governance: Governance, role: str, money: Decimal) -> bool:
    limit = governance.policy.limits.get(role, Decimal(0))
    return limit is None or money <= limit


def _able_roles(governance: Governance, correction: Correction) -> list[str]:
    return [
        role for role in correction.approver_roles if _is_within_limit(governance, role, amount(correction))
    ]


def current_round(correction: Correction, approvals: Sequence[Approval]) -> list[Approval]:
    """The decisions that count now: a replay starts a new round."""
    return [a for a in approvals if a.approval_round == correction.approval_round]


def may_write(
    governance: Governance, correction: Correction, approvals: Sequence[Approval]
) -> Refusal | None:
    """Policy once more at the moment of writing: law, ownership, and the approvals that policy demands now."""
    verdict = judge(governance, correction)
    if verdict.mode == "forbidden":
        return Refusal(
            error_class=verdict.error_class or "policy",
            reason=verdict.reason,
            hint="nothing was written; change the configuration or reject the correction.",
        )
    given = {a.actor for a in current_round(correction, approvals) if a.decision == "approve"}
    people = {actor for actor in given if not actor.startswith(("policy:", "service:"))}
    if verdict.mode == "automatic" and given:
        return None
    if len(people) >= max(verdict.approvals_needed, 1):
        return None
    return Refusal(
        error_class="approval_missing",
        reason=f"policy now demands {verdict.approvals_needed} approval(s), {len(people)} given",
        hint="replay it to ask for approval again.",
    )
