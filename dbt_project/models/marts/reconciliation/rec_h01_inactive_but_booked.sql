with broken as (

    select
        bookings.*,
        '' as period,
        projects.customer_id,
        true as is_primary_cause
    from {{ ref('rec_h01_booking') }} as bookings
    left join {{ ref('dim_project') }} as projects
        on bookings.project_id = projects.project_id

)

{{ finding_rows('H01', 'broken') }}
