-- what is known for taxing a customer in each company that sells to it; several ERP records of a pair are one profile
with records as (
    select
        relations.instance || ':' || relations.relationship_id as relation_key,
        accounts.*,
        entities.legal_entity_id as seller_id,
        entities.country_code as seller_country_code
    from {{ ref('stg_netsuite__customer_subsidiaries') }} as relations
    inner join {{ ref('int_erp_entities') }} as subsidiaries
        on relations.instance = subsidiaries.instance
        and relations.subsidiary_id = subsidiaries.subsidiary_id
    inner join {{ ref('dim_legal_entity') }} as entities
        on subsidiaries.legal_entity_id = entities.legal_entity_id
    inner join {{ ref('dim_customer_account') }} as accounts
        on relations.instance || ':customer:' || relations.customer_id = accounts.customer_account_id
),

-- a living record before a retired one, one with a number before one without, then the oldest
ranked as (
    select
        *,
        row_number() over (
            partition by customer_id, seller_id
            order by
                case when coalesce(is_inactive, false) then 1 else 0 end,
                case when tax_id_key is null then 1 else 0 end,
                length(record_id),
                customer_account_id,
                relation_key
        ) as preference
    from records
),

pairs as (
    select
        customer_id,
        seller_id,
        count(distinct tax_id_key) > 1 as has_several_tax_ids,
        min(coalesce(case when is_inactive then 1 end, 0)) = 1 as is_inactive,
        max(source_modified_at) as source_modified_at,
        min(loaded_at) as loaded_at
    from records
    group by customer_id, seller_id
)

select
    ranked.customer_id || '|' || ranked.seller_id as tax_profile_id,
    ranked.customer_id,
    ranked.seller_id as legal_entity_id,
    ranked.customer_account_id,
    ranked.tax_id,
    ranked.tax_id_key,
    ranked.tax_id_scheme,
    ranked.is_tax_id_valid,
    ranked.country_code,
    ranked.seller_country_code,
    ranked.country_code = ranked.seller_country_code as is_domestic,
    pairs.has_several_tax_ids,
    pairs.is_inactive,
    pairs.source_modified_at,
    pairs.loaded_at
from ranked
inner join pairs
    on ranked.customer_id = pairs.customer_id
    and ranked.seller_id = pairs.seller_id
where ranked.preference = 1
