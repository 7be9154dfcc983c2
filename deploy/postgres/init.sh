#!/bin/bash
# Runs once, when the volume is empty: a role and a database for the application, and one of each for the gateway.
# Neither role reaches the other's database, and the superuser comes in through the socket of its own container only:
# `docker-compose exec postgres psql -U postgres`.
set -eu
psql -q -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d postgres \
    -v app="$APP_DB_PASSWORD" -v litellm="$LITELLM_DB_PASSWORD" <<'SQL'
CREATE ROLE app LOGIN PASSWORD :'app';
CREATE ROLE litellm LOGIN PASSWORD :'litellm';
CREATE DATABASE app OWNER app;
CREATE DATABASE litellm OWNER litellm;
REVOKE CONNECT ON DATABASE app, litellm, postgres FROM PUBLIC;
SQL
sed -i '1i host all postgres all reject' "$PGDATA/pg_hba.conf"
