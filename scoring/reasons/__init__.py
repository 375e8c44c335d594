"""From contributions to reasons: ranked groups for lenders, plain sentences for founders."""
