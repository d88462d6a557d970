{# A sum that is unknown when a part of it is: a figure that leaves something out does not say so. #}
{% macro sum_if_known(amount) -%}
case when count({{ amount }}) = count(*) then sum({{ amount }}) end
{%- endmacro %}

{#
  The price that held at the end of each month, as a common table expression `priced`: the price of today without the
  changes that came later. `months` has project_id and month, `projects` project_id and budget_amount.
#}
{% macro price_of_month(months, projects) -%}
priced as (
    select
        {{ months }}.project_id,
        {{ months }}.month,
        cast(
            max({{ projects }}.budget_amount)
            - coalesce(sum(case when {{ month_start('changes.effective_on') }} > {{ months }}.month then changes.amount end), 0)
            as decimal(18, 4)
        ) as price,
        max(case when {{ month_start('changes.effective_on') }} = {{ months }}.month then changes.effective_on end) as changed_on,
        -- several changes of a month catch up together and name none
        case
            when sum(case when {{ month_start('changes.effective_on') }} = {{ months }}.month then 1 else 0 end) = 1
                then max(case when {{ month_start('changes.effective_on') }} = {{ months }}.month then changes.change_request_id end)
        end as change_request_id
    from {{ months }}
    inner join {{ projects }} on {{ months }}.project_id = {{ projects }}.project_id
    left join {{ ref('int_price_changes') }} as changes
        on {{ months }}.project_id = changes.project_id
    group by {{ months }}.project_id, {{ months }}.month
)
{%- endmacro %}

{#
  What a changed price makes of the portion recognised before it, in the month of its approval. `months` is `priced` with
  price_before, portion_before and currency beside the columns of `price_of_month`.
#}
{% macro price_change_events(months) -%}
select
    project_id,
    month,
    'price_change' as event_type,
    changed_on as event_date,
    change_request_id as source_record_id,
    {{ round_money(product('price', 'portion_before'), 'currency') }}
    - {{ round_money(product('price_before', 'portion_before'), 'currency') }} as revenue_tc
from {{ months }}
where price <> price_before and portion_before <> 0
{%- endmacro %}
