{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['expense_id', 'known_from'],
    full_refresh=false,
    pre_hook="{{ forget_this_moment() }}",
) }}

{% set columns = [
    'instance',
    'resource_id',
    'project_id',
    'expense_date',
    'category',
    'amount',
    'currency',
    'is_billable',
    'is_approved',
    'is_invoiced',
    'source_modified_at',
] %}
{{ history_of('fct_expense', 'expense_id', columns) }}
