select
    {{ canonical_id('expenses.expense_id', 'expenses.instance') }} as expense_id,
    expenses.instance,
    expenses.expense_id as source_id,
    coalesce(users.resource_id, expenses.instance || ':' || expenses.user_id) as resource_id,
    expenses.instance || ':' || expenses.workspace_id as project_id,
    {{ canonical_id('expenses.story_id', 'expenses.instance') }} as task_id,
    expenses.expense_date,
    expenses.category,
    expenses.expense_amount as amount,
    expenses.currency,
    coalesce(expenses.is_billable, false) as is_billable,
    coalesce(expenses.is_approved, false) as is_approved,
    coalesce(expenses.is_invoiced, false) as is_invoiced,
    {{ canonical_id('expenses.psa_invoice_id', 'expenses.instance') }} as psa_invoice_id,
    expenses.source_modified_at,
    expenses.loaded_at
from {{ ref('stg_kantata__expenses') }} as expenses
left join {{ ref('int_resource_users') }} as users
    on expenses.instance || ':' || expenses.user_id = users.psa_user_id
