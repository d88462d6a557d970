with source as (
    {{ living('netsuite', 'account') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as account_id,

        -- text
        acctnumber as account_number,
        accountsearchdisplayname as display_name,
        fullname as account_name,
        accttype as account_type,

        -- flags
        issummary as is_summary,
        isinactive as is_inactive,
        eliminate as is_eliminated,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
