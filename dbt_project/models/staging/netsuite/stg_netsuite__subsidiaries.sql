with source as (
    {{ living('netsuite', 'subsidiary') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as subsidiary_id,
        parent as parent_subsidiary_id,
        currency as currency_id,
        fiscalcalendar as fiscal_calendar_id,

        -- text
        name as subsidiary_name,
        fullname as full_name,
        legalname as legal_name,
        country as country_code,

        -- flags
        iselimination as is_elimination,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
