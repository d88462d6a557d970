{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['milestone_id', 'known_from'],
    full_refresh=false,
    pre_hook="{{ forget_this_moment() }}",
) }}

{% set columns = [
    'instance',
    'project_id',
    'due_date',
    'accepted_on',
    'is_complete',
    'percent_complete',
    'amount',
    'currency',
    'erp_schedule_stage',
    'invoice_id',
    'source_modified_at',
] %}
{{ history_of('fct_milestone', 'milestone_id', columns) }}
