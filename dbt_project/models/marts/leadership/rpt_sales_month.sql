-- From signature to delivery: what was signed, what changed, what was delivered, and what is still to be. Bookings are our own
-- services, without pass-through, on the day of signature; a change that lowers a contract is a cancellation in its month.
-- Time and materials is soft: the stated estimate, not a fixed amount. Renewals are shown apart and enter with their contract.
with flows as (

    select
        amendments.effective_on as happened_on,
        coalesce(contracts.legal_entity_id, opportunities.legal_entity_id) as legal_entity_id,
        opportunities.practice_id,
        opportunities.business_unit_id,
        contracts.contract_type = 'time_and_materials' as is_soft,
        amendments.currency,
        case when amendments.amendment_number = 0 then 'bookings' when amendments.amount < 0 then 'cancellations' else 'changes' end as measure,
        abs(amendments.amount) as amount
    from {{ ref('fct_contract_amendment') }} as amendments
    inner join {{ ref('dim_contract') }} as contracts
        on amendments.contract_id = contracts.contract_id
    left join {{ ref('fct_opportunity') }} as opportunities
        on contracts.opportunity_id = opportunities.opportunity_id
    where amendments.effective_on <= {{ as_of_date() }}
    union all
    select
        close_date as happened_on,
        legal_entity_id,
        practice_id,
        business_unit_id,
        coalesce(contract_type = 'time_and_materials', false) as is_soft,
        currency,
        'renewals' as measure,
        services_amount as amount
    from {{ ref('fct_opportunity') }}
    where is_won and opportunity_type = 'Renewal' and close_date <= {{ as_of_date() }}
    union all
    select
        invoices.invoice_date as happened_on,
        invoices.legal_entity_id,
        projects.practice_id,
        projects.business_unit_id,
        coalesce(projects.contract_type = 'time_and_materials', false) as is_soft,
        invoices.currency,
        'invoiced' as measure,
        invoices.net_amount as amount
    from {{ ref('fct_invoice') }} as invoices
    left join {{ ref('dim_project') }} as projects
        on invoices.project_id = projects.project_id
    where invoices.invoice_status in ('open', 'paid') and invoices.invoice_date <= {{ as_of_date() }}

),

monthly as (

    select
        {{ month_start('flows.happened_on') }} as month,
        flows.legal_entity_id,
        flows.practice_id,
        flows.business_unit_id,
        coalesce(flows.is_soft, false) as is_soft,
        flows.measure,
        {{ round_money('sum(' ~ product('flows.amount', 'rates.rate') ~ ')', 'max(firm.reporting_currency)') }} as amount_rc
    from flows
    cross join (select reporting_currency from {{ ref('rec_check_setting') }} group by reporting_currency) as firm
    left join {{ ref('fct_fx_rate') }} as rates
        on flows.currency = rates.from_currency
        and firm.reporting_currency = rates.to_currency
        and {{ month_start('flows.happened_on') }} = rates.rate_date
        and rates.rate_type = 'average'
    group by
        {{ month_start('flows.happened_on') }}, flows.legal_entity_id, flows.practice_id, flows.business_unit_id,
        coalesce(flows.is_soft, false), flows.measure
    union all
    select
        month,
        legal_entity_id,
        practice_id,
        business_unit_id,
        coalesce(contract_type = 'time_and_materials', false) as is_soft,
        'revenue' as measure,
        sum(revenue_rc - coalesce(pass_through_rc, 0)) as amount_rc
    from {{ ref('rpt_project_month') }}
    where month <= {{ as_of_date() }}
    group by month, legal_entity_id, practice_id, business_unit_id, coalesce(contract_type = 'time_and_materials', false)

)

select
    month,
    legal_entity_id,
    practice_id,
    business_unit_id,
    is_soft,
    {% for measure in ['bookings', 'changes', 'cancellations', 'renewals', 'revenue', 'invoiced'] %}
    cast(sum(case when measure = '{{ measure }}' then amount_rc else 0 end) as decimal(18, 4)) as {{ measure }}_rc,
    {% endfor %}
    cast(
        sum(case when measure in ('bookings', 'changes') then amount_rc when measure in ('cancellations', 'revenue') then -amount_rc else 0 end)
        as decimal(18, 4)
    ) as backlog_change_rc
from monthly
group by month, legal_entity_id, practice_id, business_unit_id, is_soft
