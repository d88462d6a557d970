{# What the pages of the latest read added up to, beside the raw rows which that read left. #}
{% set loaded = [
    ('kantata', 'time_entry', 'time_in_minutes'),
    ('kantata', 'expense', 'amount_in_cents'),
    ('netsuite', 'transaction', 'foreigntotal'),
    ('netsuite', 'transactionline', 'foreignamount'),
    ('netsuite', 'transactionaccountingline', 'debit'),
] %}
with latest as (

    select
        *,
        row_number() over (partition by instance, object_type, measure order by loaded_at desc, run_id desc) as recency
    from {{ ref('fct_control_total') }}

),

pages as (

    select * from latest
    where recency = 1

),

landed as (

    {% for system, object, column in loaded %}
    {% set last_table = loop.last %}
    {% for measure, expression in [('rows', 'count(raw_rows._instance)'), (column, 'coalesce(sum(raw_rows.' ~ column ~ '), 0)')] %}
    select
        pages.instance,
        pages.object_type,
        pages.measure,
        cast({{ expression }} as decimal(28, 4)) as amount
    from pages
    left join {{ source('raw_' ~ system, object) }} as raw_rows
        on pages.instance = raw_rows._instance and pages.loaded_at = raw_rows._loaded_at
    where pages.object_type = '{{ object }}' and pages.measure = '{{ measure }}'
    group by pages.instance, pages.object_type, pages.measure
    {{ 'union all' if not (last_table and loop.last) }}
    {% endfor %}
    {% endfor %}

)

select
    pages.instance,
    pages.object_type,
    pages.measure,
    pages.amount as page_amount,
    landed.amount as landed_amount
from pages
inner join landed
    on pages.instance = landed.instance
    and pages.object_type = landed.object_type
    and pages.measure = landed.measure
