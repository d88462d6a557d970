{{ config(severity='warn') }}
-- A vendor uses a code that config/value_maps.csv does not know; the canonical value is null until it is mapped.
select * from {{ ref('int_unmapped_codes') }}
