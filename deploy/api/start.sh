#!/bin/sh
# Decides which MODEL counts, then becomes the program.
#
# A container keeps the environment that it was made with, so `docker-compose restart` alone would never see a changed
# .env. The file is therefore mounted at /app/.env, where the application reads it itself as long as the environment
# does not say otherwise. What Compose put there is compared: MODEL is what .env said when the container was made;
# MODEL_AT_UP is the same, unless the shell that ran `docker-compose up` had a MODEL of its own. Where they differ, the
# shell's counts; where not, the file's, as it is now.
set -eu
shell_model=
if [ "${MODEL_AT_UP:-}" != "${MODEL:-}" ]; then shell_model=${MODEL_AT_UP:-}; fi
unset MODEL_AT_UP

if [ -r .env ]; then
    unset MODEL
    for name in LITELLM_MASTER_KEY LITELLM_API_KEY; do # a new key wants a restart too, no more
        if grep -q "^ *\(export  *\)\?$name *=" .env; then unset "$name"; fi
    done
elif [ -e .env ]; then
    echo "api: /app/.env cannot be read by user $(id -u): 'docker-compose restart api' will not see changes of .env." \
        "Set TRUNKLINE_UID in .env to the owner of the file ('id -u'), then 'docker-compose up -d'." >&2
fi
if [ -n "$shell_model" ]; then export MODEL="$shell_model"; fi
exec "$@"
