{#
  The severity of a difference in money (rules common to all checks, tolerances): the check's own severity needs the
  absolute limit in main units and the limit relative to `base` both passed; else it is hygiene. An unknown base leaves the
  absolute limit alone.
#}
{% macro money_severity(difference, base, severity, absolute='cast(1 as decimal(18, 4))', share='cast(0.001 as decimal(18, 8))') -%}
    case
        when abs({{ difference }}) <= {{ absolute }} then 'S4'
        when abs({{ difference }}) <= cast({{ share }} as decimal(18, 8)) * cast(abs({{ base }}) as decimal(18, 4)) then 'S4'
        else {{ severity }}
    end
{%- endmacro %}

{# What rounding alone explains: one minor unit of the currency, or half a one for each line when that is more. #}
{% macro rounding_allowance(currency, lines) -%}
    (
        greatest(cast(1 as decimal(18, 4)), cast(0.5 as decimal(18, 4)) * {{ lines }})
        * case {{ minor_units(currency) }}
            when 0 then cast(1 as decimal(18, 4))
            when 3 then cast(0.001 as decimal(18, 4))
            else cast(0.01 as decimal(18, 4))
        end
    )
{%- endmacro %}
