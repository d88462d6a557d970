select
    resource_id || '|hr_pay|' || {{ as_text('valid_from') }} || '|' || currency as resource_cost_rate_id,
    resource_id,
    'hr_pay' as source,
    currency,
    valid_from,
    valid_to,
    cost_rate,
    basis,
    set_on,
    loaded_at
from {{ ref('int_resource_cost_rates') }}
union all
select
    links.resource_id || '|psa_copy|' || rates.instance || ':' || rates.cost_rate_id || '|' || rates.currency as resource_cost_rate_id,
    links.resource_id,
    'psa_copy' as source,
    rates.currency,
    cast(rates.source_modified_at as date) as valid_from,
    cast(null as date) as valid_to,
    rates.cost_rate,
    'copy in the delivery system, for work from now on' as basis,
    cast(rates.source_modified_at as date) as set_on,
    rates.loaded_at
from {{ ref('stg_kantata__cost_rates') }} as rates
inner join {{ ref('stg_kantata__account_memberships') }} as memberships
    on rates.instance = memberships.instance
    and rates.membership_id = memberships.membership_id
inner join {{ ref('int_resource_users') }} as links
    on memberships.instance || ':' || memberships.user_id = links.psa_user_id
where coalesce(rates.is_in_use, true)
