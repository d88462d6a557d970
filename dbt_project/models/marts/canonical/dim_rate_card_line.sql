with versions as (
    select
        cards.instance,
        cards.rate_card_id,
        cards.currency,
        sets.title,
        coalesce(sets.is_account_default, false) as is_account_default,
        card_versions.card_version_id,
        card_versions.default_rate,
        set_versions.effective_date,
        coalesce(set_versions.is_published, false) as is_published
    from {{ ref('stg_kantata__rate_card_versions') }} as card_versions
    inner join {{ ref('stg_kantata__rate_cards') }} as cards
        on card_versions.instance = cards.instance
        and card_versions.rate_card_id = cards.rate_card_id
    inner join {{ ref('stg_kantata__rate_card_set_versions') }} as set_versions
        on card_versions.instance = set_versions.instance
        and card_versions.set_version_id = set_versions.set_version_id
    left join {{ ref('stg_kantata__rate_card_sets') }} as sets
        on cards.instance = sets.instance
        and cards.rate_card_set_id = sets.rate_card_set_id
),

-- only published versions end each other; an unpublished one changes nothing
next_published as (
    select
        versions.instance,
        versions.card_version_id,
        min(later.effective_date) as next_date
    from versions
    left join versions as later
        on versions.instance = later.instance
        and versions.rate_card_id = later.rate_card_id
        and later.is_published
        and later.effective_date > versions.effective_date
    group by versions.instance, versions.card_version_id
),

in_force as (
    select
        versions.*,
        {{ add_days('next_published.next_date', -1) }} as valid_to
    from versions
    inner join next_published
        on versions.instance = next_published.instance
        and versions.card_version_id = next_published.card_version_id
),

rates as (
    select
        in_force.instance || ':role:' || roles.card_role_id as rate_card_line_id,
        in_force.*,
        roles.role_id,
        roles.rate
    from {{ ref('stg_kantata__rate_card_roles') }} as roles
    inner join in_force
        on roles.instance = in_force.instance
        and roles.card_version_id = in_force.card_version_id
    union all
    select
        in_force.instance || ':default:' || in_force.card_version_id as rate_card_line_id,
        in_force.*,
        cast(null as {{ dbt.type_string() }}) as role_id,
        in_force.default_rate as rate
    from in_force
    where in_force.default_rate is not null
)

select
    rate_card_line_id,
    instance,
    {{ canonical_id('rate_card_id') }} as rate_card_id,
    title as rate_card_title,
    is_account_default,
    {{ canonical_id('role_id') }} as role_id,
    currency,
    rate,
    effective_date as valid_from,
    valid_to,
    is_published
from rates
