#!/bin/bash
# healthy PORT PATH: exit status 0 when this container answers 200 there. No curl in these images, and Python would take
# ten times as long: this runs every other second.
set -eu
exec 3<>"/dev/tcp/127.0.0.1/$1"
printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' "$2" >&3
read -r _ status _ <&3
if [ "$status" != 200 ]; then
    echo "$status"
    head -c 1000 <&3
    exit 1
fi
