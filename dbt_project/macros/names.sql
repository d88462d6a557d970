{#
  Names of companies made comparable: case folded, '&' spelled out, punctuation dropped (a dot leaves no
  blank, so L.L.C. is llc), legal form taken off.
  The legal form is kept apart by legal_form(), so "Acme Ltd" and "Acme Inc" share a key and differ in form.
#}
{% macro plain_name(name) -%}
    trim({{ replace_all(replace_all("replace(replace(lower(trim(" ~ name ~ ")), '.', ''), '&', ' and ')", "[.,''`´’()/-]", " "), " +", " ") }})
{%- endmacro %}

{% macro legal_forms() -%}
    (gmbh and co kg|gmbh|ltd|limited|plc|llp|inc|incorporated|llc|corp|corporation|company|co|ag|se|kg|sa|sarl|srl|spa|bv|nv|ab|oy|as|kk|k k|godo kaisha|pty ltd|pty)
{%- endmacro %}

{% macro name_key(name) -%}
    trim({{ replace_all(plain_name(name), " " ~ legal_forms() ~ "$", "") }})
{%- endmacro %}

{% macro legal_form(name) -%}
    nullif(trim(substr({{ plain_name(name) }}, length({{ name_key(name) }}) + 1)), '')
{%- endmacro %}

{# Letters and digits only, for tax numbers. #}
{% macro code_key(code) -%} nullif({{ replace_all("upper(trim(" ~ code ~ "))", "[^A-Z0-9]", "") }}, '') {%- endmacro %}
