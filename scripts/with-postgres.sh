#!/usr/bin/env bash
# Runs a command with TEST_POSTGRES_URL set to a PostgreSQL of its own, which goes away with it.
# A TEST_POSTGRES_URL that is set already is used as it is.
set -euo pipefail
if [ -n "${TEST_POSTGRES_URL:-}" ]; then exec "$@"; fi

bin=$(dirname "$(ls /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)")
dir=$(mktemp -d); chmod 755 "$dir"
port=$(( 20000 + RANDOM % 20000 ))
as=()
if [ "$(id -u)" = 0 ]; then chown postgres "$dir"; as=(runuser -u postgres --); fi

stop() { "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true; rm -rf "$dir"; }
trap stop EXIT
cd /
"${as[@]}" "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$dir -c max_connections=200" start >/dev/null \
  || { cat "$dir/log"; exit 1; }
cd - >/dev/null
TEST_POSTGRES_URL="postgres://postgres@127.0.0.1:$port/postgres?sslmode=disable" "$@"
