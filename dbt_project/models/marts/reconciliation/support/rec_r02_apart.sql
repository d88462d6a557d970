with settings as (

    select * from {{ ref('rec_check_setting') }} where check_id = 'R02'

)

select
    prices.*,
    cast(abs(prices.billed_rate - prices.expected_rate) as decimal(18, 8)) as rate_difference,
    cast(
        case when prices.invoice_currency = prices.project_currency then {{ product('prices.quantity', 'abs(prices.billed_rate - prices.expected_rate)') }} end
        as decimal(18, 4)
    ) as amount,
    settings.severity,
    settings.tolerance
from {{ ref('rec_r02_price') }} as prices
cross join settings
where prices.invoice_currency <> prices.project_currency
    or (
        prices.price_reason is null
        and abs(prices.billed_rate - prices.expected_rate) > settings.tolerance
        and {{ product('prices.quantity', 'abs(prices.billed_rate - prices.expected_rate)') }} > {{ product('prices.rounded_hours', 'prices.expected_rate') }}
    )
