-- every metric of the catalogue by company, practice, business unit and month: add up numerators and denominators over the
-- rows of a filter, then divide; a value is never averaged
with summed as (

    {#- one select per metric: few lines each, as dbt reads all of them in a unit test -#}
    {% for id, name, unit, model, numerator, denominator, section in metrics() %}
    {%- set has_group = model == 'rpt_dso_month' %}
    {%- set by_company = model in ['rpt_dso_month', 'rpt_close_month', 'rpt_intercompany_month'] %}
    select
        '{{ id }}' as metric_id, legal_entity_id, month, '{{ unit }}' as unit,
        {{ 'cast(null as ' ~ dbt.type_string() ~ ')' if by_company else 'practice_id' }} as practice_id,
        {{ 'cast(null as ' ~ dbt.type_string() ~ ')' if by_company else 'business_unit_id' }} as business_unit_id,
        {{ 'is_group' if has_group else 'false' }} as is_group, {{ 'true' if denominator else 'false' }} as is_ratio,
        cast(sum({{ numerator }}) as decimal(28, 8)) as numerator,
        cast({{ 'sum(' ~ denominator ~ ')' if denominator else 'null' }} as decimal(28, 8)) as denominator
    from {{ ref(model) }} as rows where month <= {{ as_of_date() }}
    group by legal_entity_id, month{{ ', is_group' if has_group }}{{ ', practice_id, business_unit_id' if not by_company }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

firm as (

    select distinct reporting_currency from {{ ref('rec_check_setting') }}

)

select
    summed.metric_id,
    summed.legal_entity_id,
    summed.practice_id,
    summed.business_unit_id,
    summed.is_group,
    summed.month,
    summed.numerator,
    summed.denominator,
    cast(
        case when summed.is_ratio then {{ ratio('summed.numerator', 'summed.denominator') }} else summed.numerator end
        as decimal(28, 8)
    ) as value,
    summed.is_ratio,
    case summed.unit when 'currency' then firm.reporting_currency when 'functional' then entities.functional_currency else summed.unit end as unit,
    {{ month_end('summed.month') }} >= {{ as_of_date() }} as is_open_month,
    {{ as_of() }} as as_of
from summed
cross join firm
left join {{ ref('dim_legal_entity') }} as entities
    on summed.legal_entity_id = entities.legal_entity_id
where summed.numerator is not null or summed.denominator is not null
