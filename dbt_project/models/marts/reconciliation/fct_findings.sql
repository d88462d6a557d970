{% set checks = [
    'rec_c01_won_without_project',
    'rec_c02_project_without_customer',
    'rec_c03_customer_attributes_differ',
    'rec_c04_duplicate_accounts',
    'rec_c05_contract_value',
    'rec_c06_change_not_carried_through',
    'rec_t01_approved_time_not_billed',
    'rec_t03_time_on_closed_project',
    'rec_r01_missing_rate_card',
    'rec_t02_time_billed_twice',
    'rec_r02_rate_card_against_invoice',
    'rec_t04_unapproved_at_close',
    'rec_r03_cost_rate_missing',
    'rec_b01_milestone_not_invoiced',
    'rec_b02_milestone_invoiced_early',
    'rec_b03_invoice_against_sources',
    'rec_b04_wrong_entity_or_period',
    'rec_b05_payment_status_drift',
    'rec_h01_inactive_but_booked',
    'rec_h02_overbooking',
    'rec_x01_intercompany_one_sided',
    'rec_x02_currency_mismatch',
    'rec_x03_control_totals',
] %}
{% for check in checks %}
select * from {{ ref(check) }}
{{ 'union all' if not loop.last }}
{% endfor %}
