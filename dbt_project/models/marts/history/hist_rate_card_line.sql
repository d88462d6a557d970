{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['rate_card_line_id', 'known_from'],
    full_refresh=false,
    pre_hook="{{ forget_this_moment() }}",
) }}

{% set columns = [
    'instance',
    'rate_card_id',
    'role_id',
    'currency',
    'rate',
    'valid_from',
    'valid_to',
    'is_published',
] %}
{{ history_of('dim_rate_card_line', 'rate_card_line_id', columns) }}
