with source as (
    {{ living('netsuite', 'consolidatedexchangerate') }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        id as consolidated_rate_id,
        postingperiod as period_id,
        fromsubsidiary as from_subsidiary_id,
        tosubsidiary as to_subsidiary_id,

        -- amounts
        averagerate as average_rate,
        currentrate as current_rate,
        historicalrate as historical_rate,

        -- moments
        _loaded_at as loaded_at
    from source
)

select * from renamed
