{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['time_entry_id', 'known_from'],
    full_refresh=false,
    pre_hook="{{ forget_this_moment() }}",
) }}

{% set columns = [
    'instance',
    'resource_id',
    'project_id',
    'work_date',
    'hours',
    'is_billable',
    'is_approved',
    'is_invoiced',
    'currency',
    'bill_rate',
    'bill_amount',
    'project_legal_entity_id',
    'employing_legal_entity_id',
    'practice_id',
    'source_modified_at',
] %}
{{ history_of('fct_time_entry', 'time_entry_id', columns) }}
