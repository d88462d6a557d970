with source as (
    {{ living('kantata', 'project_accounting_record') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as accounting_record_id,
        workspace_id,

        -- text
        type as record_type,
        status as status_code,
        currency,

        -- amounts
        {{ from_minor('amount', 'null', 'currency') }} as amount,
        {{ from_minor('budget', 'null', 'currency') }} as budget,
        {{ from_minor('cost', 'null', 'currency') }} as cost,
        {{ from_minor('cost_eac', 'null', 'currency') }} as cost_eac,
        hours,
        hours_etc,
        hours_eac,
        percent_complete,

        -- dates
        start_date,
        end_date,

        -- moments
        created_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
