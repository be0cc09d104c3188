#!/usr/bin/env bash
# Everything that must hold, in the order in which a failure is cheapest. `make test` calls it; so do the checks of each change.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$1"; }

step "Format"
unformatted=$(gofmt -l cmd internal bench web/*.go api 2>/dev/null || true)
[ -z "$unformatted" ] || { echo "Not formatted, run gofmt -w on: $unformatted"; exit 1; }

step "Generated files are fresh"
go run ./cmd/parley openapi > /tmp/openapi.$$.yaml
diff -u api/openapi.yaml /tmp/openapi.$$.yaml || { echo "api/openapi.yaml is stale: run make generate"; exit 1; }
rm -f /tmp/openapi.$$.yaml
scripts/flags.sh --check
scripts/errors.sh | diff -u docs/errors.md - || { echo "docs/errors.md is stale: run make generate"; exit 1; }
(cd web && npm run --silent generate:check)

step "Web app: types, lint, unit tests, build, sizes"
(cd web && npm run --silent check && npm run --silent build && npm run --silent size)

step "Go: vet and lint"
go vet ./...
.tools/golangci-lint run ./...

step "Go builds without the web app and without C"
CGO_ENABLED=0 go build ./...

step "Go tests with the race detector, on SQLite and PostgreSQL"
PARLEY_PEERS=1 go test -race -timeout 20m ./...

step "Browser stories and accessibility"
CGO_ENABLED=0 go build -tags ui -o bin/parley ./cmd/parley
(cd web && npm run --silent e2e)
