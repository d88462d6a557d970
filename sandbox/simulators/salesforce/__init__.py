"""The CRM: Sales Cloud REST, Bulk 2.0 queries and sign-in over a SQLite store."""
