{# Fails with every key that is null in a part or occurs more than once: one test for the whole key of a model. #}
{% test primary_key(model, columns) %}
select
    {{ columns | join(', ') }},
    count(*) as occurrences
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1 {% for column in columns %} or {{ column }} is null{% endfor %}
{% endtest %}
