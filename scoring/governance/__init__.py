"""Which model and policy serve whom: registry, champion, the lender's policy in force."""
