-- the lines of a posted document that do not balance in the company's currency
select
    document_id,
    sum(amount_fc) as difference
from {{ ref('fct_journal_line') }}
group by document_id
having sum(amount_fc) <> 0
