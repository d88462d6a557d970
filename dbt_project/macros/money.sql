{# Decimals of a currency's minor unit (ISO 4217); two unless listed. #}
{% macro minor_units(currency) -%}
    case
        when {{ currency }} in ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') then 0
        when {{ currency }} in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3
        else 2
    end
{%- endmacro %}

{#
  Amount (or hours) times rate, exact to twelve decimals in at most 38 digits on every engine. Without the wider type
  DuckDB keeps the product in 18 digits and stops at a million.
#}
{% macro product(amount, rate) -%}
    (cast({{ amount }} as decimal(19, 4)) * cast({{ rate }} as decimal(18, 8)))
{%- endmacro %}

{# An amount rounded to the minor unit of its currency, as decimal(18, 4); each branch is cast, as engines do not agree on a common type. #}
{% macro round_money(amount, currency) %}{{ return(adapter.dispatch('round_money')(amount, currency)) }}{% endmacro %}
{% macro default__round_money(amount, currency) -%}
    case {{ minor_units(currency) }}
        when 0 then cast(round(cast({{ amount }} as decimal(38, 12)), 0) as decimal(18, 4))
        when 3 then cast(round(cast({{ amount }} as decimal(38, 12)), 3) as decimal(18, 4))
        else cast(round(cast({{ amount }} as decimal(38, 12)), 2) as decimal(18, 4))
    end
{%- endmacro %}

{# Minor units to the currency's main unit. The vendor's own base unit wins; without one the currency decides. #}
{% macro from_minor(amount, base_unit, currency) -%}
    cast(
        case coalesce({{ base_unit }}, case {{ minor_units(currency) }} when 0 then 1 when 3 then 1000 else 100 end)
            when 1 then cast({{ amount }} as decimal(18, 4))
            when 100 then cast({{ amount }} as decimal(18, 4)) * cast(0.01 as decimal(4, 4))
            when 1000 then cast({{ amount }} as decimal(18, 4)) * cast(0.001 as decimal(4, 4))
        end as decimal(18, 4)
    )
{%- endmacro %}

{# Minutes as hours with four decimals. #}
{% macro hours(minutes) -%}
    cast({{ ratio(minutes, 60) }} as decimal(12, 4))
{%- endmacro %}
