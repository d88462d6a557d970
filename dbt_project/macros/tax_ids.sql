{#
  Tax numbers by the published scheme of the country that issued them: the prefix names it (GB, DE, T for a Japanese corporate
  number), else the country of the address and the length: bare digits of another length are a number of another kind (a
  German Steuernummer, a British UTR), about which nothing is known. Texts are read digit by digit, so nothing is cast that is
  no number.
#}
{% macro tax_id_scheme(key, country) -%}
    case
        when {{ replace_all(key, "^GB[0-9]+$", "") }} = '' then 'GB'
        when {{ replace_all(key, "^DE[0-9]+$", "") }} = '' then 'DE'
        when {{ replace_all(key, "^T[0-9]+$", "") }} = '' then 'JP'
        when {{ replace_all(key, "^[0-9]+$", "") }} <> '' then null
        when {{ country }} = 'US' then 'US'
        when {{ country }} = 'GB' and length({{ key }}) in (9, 12) then 'GB'
        when {{ country }} = 'DE' and length({{ key }}) = 9 then 'DE'
        when {{ country }} = 'JP' and length({{ key }}) = 13 then 'JP'
    end
{%- endmacro %}

{% macro digit_at(text, place) -%} (position(substr({{ text }}, {{ place }}, 1) in '0123456789') - 1) {%- endmacro %}

{% macro weighted_digits(text, weights) -%}
    ({% for weight in weights %}{{ weight }} * {{ digit_at(text, loop.index) }}{{ ' + ' if not loop.last }}{% endfor %})
{%- endmacro %}

{# ISO 7064, MOD 11,10: what the product of the digits before becomes with the one at `place`; it starts from 10. #}
{% macro iso7064_product(text, place, before) -%}
    (2 * (({{ digit_at(text, place) }} + {{ before }} - 1) % 10 + 1) % 11)
{%- endmacro %}

{#
  True when the length fits the scheme and the check digit, where there is one, follows from the others. A British number of twelve
  digits adds three for a branch; series since 2010 count from 55. American numbers have no check digit. Null: no scheme is known.
#}
{% macro is_tax_id_right(scheme, digits, iso7064_product) -%}
    case {{ scheme }}
        when 'GB' then
            length({{ digits }}) in (9, 12)
            and {{ weighted_digits(digits, [8, 7, 6, 5, 4, 3, 2, 10, 1]) }} % 97 in (0, 42)
        when 'DE' then
            length({{ digits }}) = 9
            and {{ digit_at(digits, 1) }} > 0
            and {{ digit_at(digits, 9) }} = (11 - {{ iso7064_product }}) % 10
        when 'JP' then
            length({{ digits }}) = 13
            and {{ digit_at(digits, 1) }} > 0
            and {{ weighted_digits(digits, [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]) }} % 9 = 0
        when 'US' then length({{ digits }}) = 9
    end
{%- endmacro %}
