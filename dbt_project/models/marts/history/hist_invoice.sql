{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['invoice_id', 'known_from'],
    full_refresh=false,
    pre_hook="{{ forget_this_moment() }}",
) }}

{% set columns = [
    'instance',
    'invoice_number',
    'document_type',
    'customer_id',
    'project_id',
    'legal_entity_id',
    'invoice_date',
    'posting_period_start',
    'invoice_status',
    'currency',
    'net_amount',
    'tax_amount',
    'exchange_rate',
    'source_modified_at',
] %}
{{ history_of('fct_invoice', 'invoice_id', columns) }}
