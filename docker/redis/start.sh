#!/bin/sh
# usage: start server [MASTER] | start sentinel MASTER    MASTER: the address of the first one
set -eu

kind=$1 master=${2-}
file=/data/$kind.conf
if [ ! -s "$file" ]; then
    if [ "$kind" = server ]; then
        cp /etc/qvt/redis.conf "$file.new"
        [ -z "$master" ] || echo "replicaof $master 6379" >>"$file.new"
    else
        sed "s/MASTER/$master/" /etc/qvt/sentinel.conf >"$file.new"
    fi
    mv "$file.new" "$file"
fi
exec "redis-$kind" "$file"
