{# The signed value is amendment 0; each approved change follows on the day of its approval. #}
with amounts as (
    select
        contract_id,
        cast(null as {{ dbt.type_string() }}) as change_request_id,
        signed_on as effective_on,
        original_value as amount,
        currency,
        source_modified_at,
        loaded_at,
        0 as kind_order
    from {{ ref('dim_contract') }}
    union all
    select
        contracts.contract_id,
        changes.change_request_id,
        changes.approved_on as effective_on,
        changes.amount,
        changes.currency,
        changes.source_modified_at,
        changes.loaded_at,
        1 as kind_order
    from {{ ref('fct_change_request') }} as changes
    inner join {{ ref('dim_contract') }} as contracts
        on changes.opportunity_id = contracts.opportunity_id
        and changes.currency = contracts.currency
        and contracts.is_main_contract
    where changes.is_approved
),

numbered as (
    select
        *,
        row_number() over (
            partition by contract_id
            order by kind_order, effective_on, change_request_id
        ) - 1 as amendment_number,
        sum(amount) over (
            partition by contract_id
            order by kind_order, effective_on, change_request_id
            rows between unbounded preceding and current row
        ) as value_after
    from amounts
)

select
    contract_id || ':' || cast(amendment_number as {{ dbt.type_string() }}) as contract_amendment_id,
    contract_id,
    cast(amendment_number as bigint) as amendment_number,
    change_request_id,
    effective_on,
    amount,
    cast(value_after as decimal(18, 4)) as value_after,
    currency,
    source_modified_at,
    loaded_at
from numbered
