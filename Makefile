# Parley. `make` lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

demo: bin/parley ## build everything and open the seeded brand Fashion Era
	bin/parley demo

build: bin/parley ## build the program with its web app into bin/parley

.PHONY: bin/parley
bin/parley: web/node_modules/.installed-lock
	cd web && npm run --silent build
	CGO_ENABLED=0 go build -tags ui -trimpath -ldflags '-s -w' -o bin/parley ./cmd/parley

web/node_modules/.installed-lock: web/package-lock.json
	cd web && npm ci --no-audit --no-fund --loglevel=error && cp package-lock.json node_modules/.installed-lock

test: ## install what the tests need and pass every one of them
	scripts/install.sh
	scripts/with-postgres.sh scripts/test.sh

test-go: ## the Go tests alone, on both databases, without the race detector
	scripts/with-postgres.sh go test ./...

test-long: ## the tests of faults with their full counts; hours
	scripts/with-postgres.sh env PARLEY_LONG=1 go test -count=1 -v -timeout 6h ./internal/faulttest
	scripts/with-postgres.sh env PARLEY_LONG=1 go test -count=1 -timeout 2h -run 'EveryReplyBeside' ./internal/channel
	scripts/with-postgres.sh go test -count=1 -timeout 2h -run 'LifeOfAMessage' ./internal/channel -rapid.checks=1000

generate: ## write the API description and the client made from it
	go run ./cmd/parley openapi > api/openapi.yaml
	scripts/flags.sh
	scripts/errors.sh > docs/errors.md
	cd web && npm run --silent generate

bench: ## measure, and print the table of docs/performance.md
	scripts/with-postgres.sh go run ./bench

.PHONY: help demo build test test-go test-long generate bench
