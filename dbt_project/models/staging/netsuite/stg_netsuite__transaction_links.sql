with source as (
    {{ living('netsuite', 'nexttransactionlinelink', key=['previousdoc', 'nextdoc', 'linktype']) }}
),

renamed as (
    select
        -- ids
        _instance as instance,
        previousdoc as invoice_id,
        previousline as invoice_line_id,
        nextdoc as settling_id,
        nextline as settling_line_id,

        -- text
        linktype as link_type_code,

        -- amounts
        foreignamount as applied_amount,

        -- moments
        lastmodifieddate as source_modified_at,
        _loaded_at as loaded_at
    from source
)

select * from renamed
