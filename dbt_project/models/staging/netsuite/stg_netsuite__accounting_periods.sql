with source as (
    {{ living('netsuite', 'accountingperiod') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as period_id,

        -- text
        periodname as period_name,

        -- flags
        closed as is_closed,
        arlocked as is_ar_locked,
        alllocked as is_all_locked,
        isquarter as is_quarter,
        isyear as is_year,
        isadjust as is_adjustment,

        -- dates
        startdate as period_start,
        enddate as period_end,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
