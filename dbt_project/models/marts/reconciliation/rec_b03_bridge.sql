with effects as (

    select
        invoice_id,
        item_type,
        psa_amount,
        erp_amount,
        line_count,
        case when item_type = 'extra' and item_ref is not null then erp_amount else 0 end as agreed_extra,
        case
            when item_type in ('time', 'expense', 'milestone') and item_ref is not null and psa_amount = 0 then erp_amount else 0
        end as billed_not_approved,
        case when not is_in_erp then -psa_amount else 0 end as approved_not_billed,
        case
            when item_type = 'time' and is_in_erp and psa_amount <> 0
                then cast((erp_quantity - psa_quantity) * {{ ratio('psa_amount', 'psa_quantity') }} as decimal(18, 4))
            else 0
        end as quantity_effect,
        case when item_type = 'time' and is_in_erp and psa_amount <> 0 then erp_amount - psa_amount else 0 end as time_difference
    from {{ ref('rec_b03_item') }}

),

totals as (

    select
        invoice_id,
        sum(case when item_type = 'time' then psa_amount else 0 end) as psa_time_amount,
        sum(case when item_type = 'expense' then psa_amount else 0 end) as psa_expense_amount,
        sum(case when item_type = 'milestone' then psa_amount else 0 end) as psa_milestone_amount,
        sum(agreed_extra) as agreed_extras,
        sum(billed_not_approved) as billed_not_approved,
        sum(approved_not_billed) as approved_not_billed,
        sum(quantity_effect) as quantity_effect,
        sum(time_difference) - sum(quantity_effect) as rate_effect,
        sum(line_count) as line_count
    from effects
    group by invoice_id

),

bridged as (

    select
        invoices.invoice_id,
        invoices.instance as erp_instance,
        invoices.currency,
        totals.psa_time_amount,
        totals.psa_expense_amount,
        totals.psa_milestone_amount,
        totals.agreed_extras,
        totals.psa_time_amount + totals.psa_expense_amount + totals.psa_milestone_amount + totals.agreed_extras as expected_amount,
        invoices.net_amount as billed_amount,
        totals.billed_not_approved,
        totals.approved_not_billed,
        totals.rate_effect,
        totals.quantity_effect,
        totals.line_count,
        invoices.gross_amount - invoices.net_amount - invoices.tax_amount as header_difference
    from totals
    inner join {{ ref('fct_invoice') }} as invoices
        on totals.invoice_id = invoices.invoice_id

),

explained as (

    select
        bridged.*,
        billed_amount - expected_amount as difference,
        billed_amount - expected_amount
        - billed_not_approved - approved_not_billed - rate_effect - quantity_effect as remainder,
        {{ rounding_allowance('currency', 'line_count') }} as rounding_allowance
    from bridged

)

select
    invoice_id,
    erp_instance,
    currency,
    cast(psa_time_amount as decimal(18, 4)) as psa_time_amount,
    cast(psa_expense_amount as decimal(18, 4)) as psa_expense_amount,
    cast(psa_milestone_amount as decimal(18, 4)) as psa_milestone_amount,
    cast(agreed_extras as decimal(18, 4)) as agreed_extras,
    cast(expected_amount as decimal(18, 4)) as expected_amount,
    cast(billed_amount as decimal(18, 4)) as billed_amount,
    cast(difference as decimal(18, 4)) as difference,
    cast(billed_not_approved as decimal(18, 4)) as billed_not_approved,
    cast(approved_not_billed as decimal(18, 4)) as approved_not_billed,
    cast(rate_effect as decimal(18, 4)) as rate_effect,
    cast(quantity_effect as decimal(18, 4)) as quantity_effect,
    cast(case when abs(remainder) <= rounding_allowance then remainder else 0 end as decimal(18, 4)) as rounding,
    cast(case when abs(remainder) > rounding_allowance then remainder else 0 end as decimal(18, 4)) as unexplained,
    cast(rounding_allowance as decimal(18, 4)) as rounding_allowance,
    cast(line_count as bigint) as line_count,
    cast(header_difference as decimal(18, 4)) as header_difference
from explained
