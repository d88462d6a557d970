"""Events of the business and of corrections: written with their cause, delivered at least once as CloudEvents."""
