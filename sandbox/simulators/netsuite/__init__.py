"""A NetSuite account as SuiteTalk REST and SuiteQL show it, over a store that survives restarts."""
