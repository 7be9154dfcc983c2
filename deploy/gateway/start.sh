#!/bin/sh
# Gives the gateway a data folder of its own, then becomes it.
#
# Journals of calls that are not in the database yet live there, and two gateways never share one. So the volume /data
# holds numbered folders, and each replica takes the first that no other holds; the lock goes with the process. A
# replica that was replaced or killed leaves its folder to the next, which ships what is left in it.
set -eu
unset KEYS_AT_UP # what it is for: docker-compose.yml
if [ -z "${TRUNKLINE_DATA:-}" ]; then
    n=1
    while :; do
        mkdir -p -m 700 "/data/$n"
        exec 9>"/data/$n/replica"
        if flock -n 9; then break; fi
        n=$((n + 1))
    done
    export TRUNKLINE_DATA="/data/$n"
fi
exec "$@"
