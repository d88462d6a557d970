{# One column per name, `template` with every # replaced by it. #}
{% macro columns_of(names, template) -%}
    {%- for name in names %}{{ template | replace('#', name) }}{{ ', ' if not loop.last }}{% endfor -%}
{%- endmacro %}

{# Amounts as decimal(18, 4): `figures` maps each column to its expression. #}
{% macro amounts_of(figures) -%}
    {%- for name, expression in figures.items() %}cast({{ expression }} as decimal(18, 4)) as {{ name }}{{ ', ' if not loop.last }}{% endfor -%}
{%- endmacro %}

{# One column per name: itself where it is among those given, else 0. For unions of relations that know different measures. #}
{% macro columns_or_zero(names, given) -%}
    {%- for name in names %}{{ name if name in given else 'cast(0 as decimal(18, 4)) as ' ~ name }}{{ ', ' if not loop.last }}{% endfor -%}
{%- endmacro %}
