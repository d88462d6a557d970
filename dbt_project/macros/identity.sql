{#
  The matching ladder over a table of candidates with the columns scope (what competes for one answer), target_key,
  rung, agrees (does an independent attribute agree too), method and known_at. The first rung that has candidates
  decides; on it, agreeing candidates come before the others; of equal evidence the oldest is kept. One target left: linked. Several: ambiguous, all kept, none picked.
#}
{% macro ladder(candidates) %}
select
    steps.*,
    case when count(*) over (partition by steps.scope) = 1 then 'linked' else 'ambiguous' end as link_status
from (
    select
        {{ candidates }}.*,
        min(rung * 2 + case when agrees then 0 else 1 end) over (partition by scope) as best_step,
        row_number() over (
            partition by scope, target_key
            order by rung, case when agrees then 0 else 1 end, method, known_at nulls last
        ) as evidence_order
    from {{ candidates }}
) as steps
where steps.evidence_order = 1
    and steps.rung * 2 + case when steps.agrees then 0 else 1 end = steps.best_step
{% endmacro %}

{#
  Groups records that edges connect: each takes the smallest label among itself and its neighbours, a fixed number of
  rounds. `labels` has record_key and label, `edges` record_key and neighbour_key in both directions. Gives the rounds
  as further common table expressions; the last is round_<rounds>.
#}
{% macro connected(labels, edges, rounds=6) %}
round_0 as (
    select record_key, label from {{ labels }}
)
{%- for n in range(1, rounds + 1) %},

round_{{ n }} as (
    select
        own.record_key,
        least(own.label, coalesce(min(neighbours.label), own.label)) as label
    from round_{{ n - 1 }} as own
    left join {{ edges }} as edges on own.record_key = edges.record_key
    left join round_{{ n - 1 }} as neighbours on edges.neighbour_key = neighbours.record_key
    group by own.record_key, own.label
)
{%- endfor %}
{% endmacro %}

{# A pair that nobody has rejected, and whose link nobody has ended. #}
{% macro not_refuted(pairs) -%}
not exists (
    select 1
    from {{ ref('stg_ledger__identity_decisions') }} as decisions
    where decisions.kind in ('rejected', 'ended') and decisions.ended_at is null
        and least(decisions.record_key, decisions.target_key) = least({{ pairs }}.record_key, {{ pairs }}.target_key)
        and greatest(decisions.record_key, decisions.target_key) = greatest({{ pairs }}.record_key, {{ pairs }}.target_key)
)
{%- endmacro %}

{# Salesforce ids are 15 characters that matter and 3 that check them: compare the first 15. #}
{% macro crm_id_key(record_id) -%} substr({{ record_id }}, 1, 15) {%- endmacro %}

{# Core of a web or mail domain; null for free mail. #}
{% macro domain_of(text_value) -%}
    nullif(
        {{ replace_all(replace_all("lower(trim(" ~ text_value ~ "))", "^.*@|^https?://|^www[.]", ""), "^www[.]|[/:?].*$", "") }},
        ''
    )
{%- endmacro %}
{% macro is_free_mail(domain) -%}
    {{ domain }} in ('gmail.com', 'outlook.com', 'hotmail.com', 'yahoo.com', 'icloud.com', 'gmx.de', 'web.de', 'proton.me')
{%- endmacro %}

{# Joins the value map for one coded column; use mapped(alias) for the canonical value. #}
{% macro join_value_map(alias, relation, field, code) -%}
left join {{ ref('int_value_map') }} as {{ alias }}
    on {{ alias }}.instance = {{ relation }}.instance
    and {{ alias }}.field = '{{ field }}'
    and {{ alias }}.vendor_value = {{ relation }}.{{ code }}
{%- endmacro %}
{% macro mapped(alias) -%} {{ alias }}.canonical_value {%- endmacro %}
