# The few commands of this project. A fresh machine needs only Go: make test
# installs the rest when it is missing and it may.
.DEFAULT_GOAL := help
.PHONY: help test check lint requirements mutate schema reference package bench soak scale run

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

test: ## every test on both engines, in Chromium, with real SDKs (RACE=1: with the race detector)
	@scripts/test

check: lint ## what CI runs: format, vet, staticcheck, advisories, all tests with -race
	@RACE=1 scripts/test

lint: ## the checks that run no test
	@scripts/lint

requirements: ## each requirement of the catalogue with the tests that carry it
	@go run ./cmd/requirements

mutate: ## switch off each piece of enforcing code and show that its test fails
	@go run ./cmd/mutate

schema: ## write internal/db/schema.sql anew from the migrations
	@go test ./internal/db/schema -run TestSchemaFileIsWhat -update

reference: ## write doc/configuration.md, doc/metrics.md and the tables of doc/scale.md anew from the code
	@go test ./internal/config ./internal/observe ./internal/tool/scale -run TestReference -update

package: ## binaries, what is in them, Debian packages and checksums in dist/ (ARGS="-version 1.4.0 -key FILE")
	@SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) go run ./cmd/release $(ARGS)

bench: ## one table: jobs over HTTP and SMTP on both engines, targets, ratios; ten minutes, never part of a check
	@scripts/bench

soak: ## accidents again and again at other moments, and a minute for each fuzz target; about an hour
	@scripts/soak

scale: ## what 1 million, 100 million and 1 billion customers need, by the costs in doc/performance.md
	@go run ./cmd/scale

run: ## the demo
	@go run ./cmd/candor demo
