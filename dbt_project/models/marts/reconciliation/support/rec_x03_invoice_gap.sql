-- numbers are cut into prefix and running number at the last dash; a voided document keeps its number and leaves no gap
with numbered as (

    select
        invoice_id,
        legal_entity_id,
        document_type,
        {{ replace_all('invoice_number', '[0-9]+$', '') }} as prefix,
        {{ try_cast(replace_all('invoice_number', '^.*[^0-9]', ''), 'bigint') }} as running_number,
        length({{ replace_all('invoice_number', '^.*[^0-9]', '') }}) as digits,
        invoice_date
    from {{ ref('fct_invoice') }}
    where invoice_number is not null and document_type = 'invoice'

),

stepped as (

    select
        invoice_id,
        legal_entity_id,
        prefix,
        running_number,
        digits,
        invoice_date,
        lag(running_number) over (partition by legal_entity_id, prefix order by running_number, invoice_id) as previous_number,
        lag(invoice_date) over (partition by legal_entity_id, prefix order by running_number, invoice_id) as previous_date,
        lag(invoice_id) over (partition by legal_entity_id, prefix order by running_number, invoice_id) as previous_invoice_id
    from numbered
    where running_number is not null

),

steps as (

    select row_number() over (order by invoice_id) as step
    from {{ ref('fct_invoice') }}

)

select
    stepped.legal_entity_id,
    stepped.prefix,
    stepped.previous_number + steps.step as missing_number,
    stepped.prefix || lpad({{ as_text('stepped.previous_number + steps.step') }}, cast(stepped.digits as integer), '0') as missing_invoice_number,
    stepped.previous_date as numbered_after,
    stepped.previous_invoice_id,
    stepped.invoice_id as next_invoice_id
from stepped
inner join steps
    on steps.step < stepped.running_number - stepped.previous_number
where stepped.running_number - stepped.previous_number > 1
