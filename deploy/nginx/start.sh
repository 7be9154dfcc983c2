#!/bin/sh
# start CONF: nginx in the foreground with this configuration.
#
# nginx asks the name server given by `resolver` again and again, so that a container which was made anew, at another
# address, is found. Only the first counts, the one of the container's network: nginx would take all in turn, and
# engines add servers of the machine, which do not know the containers.
set -eu
server=$(awk '$1 == "nameserver" { print ($2 ~ /:/) ? "[" $2 "]" : $2; exit }' /etc/resolv.conf)
echo "resolver ${server:?/etc/resolv.conf names no name server} valid=2s ipv6=off; resolver_timeout 2s;" >/tmp/resolver.conf
exec nginx -g 'daemon off;' -e stderr -c "$1"
