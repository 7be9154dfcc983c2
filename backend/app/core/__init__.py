"""What has no domain: settings, the database, sign-in, errors, ids."""
