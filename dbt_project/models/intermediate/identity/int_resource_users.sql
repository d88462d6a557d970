select
    users.instance || ':' || users.user_id as psa_user_id,
    links.hr_employee_id,
    coalesce(links.hr_employee_id, users.instance || ':' || users.user_id) as resource_id,
    links.method as link_method
from {{ ref('stg_kantata__users') }} as users
left join {{ ref('int_resource_links') }} as links
    on users.instance || ':' || users.user_id = links.psa_user_id
    and links.link_status = 'linked'
