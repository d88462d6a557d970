{# Whether a tax number can be right at all, whatever the systems say of each other. #}
with numbers as (
    select distinct
        tax_id_key,
        coalesce(country_code, '') as country_code
    from {{ ref('int_customer_records') }}
    where tax_id_key is not null
),

schemes as (
    select
        tax_id_key,
        country_code,
        {{ tax_id_scheme('tax_id_key', 'country_code') }} as tax_id_scheme,
        {{ replace_all('tax_id_key', '^(GB|DE|T)', '') }} as digits
    from numbers
),

-- one digit after the other: each product needs the one before
product_0 as (
    select
        *,
        10 as product
    from schemes
),
{% for place in range(1, 9) %}
product_{{ place }} as (
    select
        tax_id_key,
        country_code,
        tax_id_scheme,
        digits,
        {{ iso7064_product('digits', place, 'product') }} as product
    from product_{{ place - 1 }}
){{ ',' if not loop.last }}
{% endfor %}

select
    tax_id_key,
    country_code,
    tax_id_scheme,
    {{ is_tax_id_right('tax_id_scheme', 'digits', 'product') }} as is_tax_id_valid
from product_8
