select
    calendar as calendar_code,
    holiday_date,
    name as holiday_name
from {{ source('raw_config', 'holiday') }}
