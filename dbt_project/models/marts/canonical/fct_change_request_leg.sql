{#
  A leg's movement runs from the change's before-image to the before-image of the next change, or to what the copy holds
  now. So two changes that cancel out are told apart from two that nobody carried, though the totals are equal.
#}
with ordered as (
    select
        *,
        row_number() over (
            partition by opportunity_id, leg, is_needed, is_approved
            order by approved_on, created_at, change_request_id
        ) as place,
        coalesce(
            lead(value_before) over (
                partition by opportunity_id, leg, is_needed, is_approved
                order by approved_on, created_at, change_request_id
            ),
            value_now
        ) as value_after
    from {{ ref('int_change_legs') }}
),

moved as (
    select
        *,
        value_after - value_before as actual_delta,
        expected_delta - (value_after - value_before) as shortfall
    from ordered
),

-- a later step that overshoots by exactly what an earlier one lacks has carried both
late_steps as (
    select
        earlier.leg,
        earlier.change_request_id as earlier_id,
        later.change_request_id as later_id
    from moved as earlier
    inner join moved as later
        on earlier.opportunity_id = later.opportunity_id
        and earlier.leg = later.leg
        and earlier.place < later.place
    where earlier.is_needed and earlier.is_approved
        and later.is_needed and later.is_approved
        and abs(earlier.shortfall) > earlier.tolerance
        and abs(later.shortfall + earlier.shortfall) <= later.tolerance
        and abs(later.actual_delta) > later.tolerance
),

caught_up as (
    select leg, earlier_id as change_request_id from late_steps
    union
    select leg, later_id as change_request_id from late_steps
)

select
    moved.change_request_id || ':' || moved.leg as change_request_leg_id,
    moved.change_request_id,
    moved.instance,
    moved.opportunity_id,
    moved.leg,
    cast(moved.leg_order as bigint) as leg_order,
    case
        when not moved.is_needed then 'not_needed'
        when not moved.is_approved or moved.actual_delta is null then 'pending'
        when abs(moved.shortfall) <= moved.tolerance or caught_up.leg is not null then 'applied'
        when abs(moved.actual_delta) <= moved.tolerance then 'pending'
        else 'failed'
    end as leg_state,
    not moved.is_needed or not moved.is_approved or moved.value_before is not null as is_measurable,
    moved.expected_delta,
    cast(case when moved.is_needed and moved.is_approved then moved.actual_delta end as decimal(18, 4)) as actual_delta,
    moved.value_before,
    cast(case when moved.is_approved then moved.value_after end as decimal(18, 4)) as value_after,
    case when moved.leg = 'psa_schedule' then 'days' else 'money' end as unit,
    moved.currency,
    moved.copy_modified_at,
    moved.loaded_at
from moved
left join caught_up
    on moved.change_request_id = caught_up.change_request_id
    and moved.leg = caught_up.leg
