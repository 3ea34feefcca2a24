# Powerline: what a person types. `make help` lists it.
SHELL := bash
.SHELLFLAGS := -o pipefail -ec
.DEFAULT_GOAL := help
.PHONY: help stack build test test-long night lint bench bench-micro bench-day performance phone-bundle demo stop

# Packages tested at once. The tests run real services, so more than the cores
# only makes them late.
PARALLEL ?= 1
# A seed repeats a simulation; empty means the tests' own.
SEED ?=
# What the demo is told, such as ARGS='--fast --duration 1m'.
ARGS ?=
export POWERLINE_SEED := $(SEED)

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

stack: ## fetch Asterisk, Redis, PostgreSQL, SIPp and the rest into .stack (once)
	@deploy/stack/install.sh

build: ## compile every command into bin/
	@mkdir -p bin
	go build -o bin/ ./cmd/...

# The whole-stack tests take times from SIP messages, so nothing runs beside
# them, but for those that mostly wait: these follow, three at a time. They build
# the engine themselves, which the test cache cannot know.
WHOLE := powerline/test/sipp

test: stack lint ## everything that must hold, on the real stack and in a real browser (about 25 minutes)
	go test -p $(PARALLEL) -timeout 15m $$(go list ./... | grep -v '^$(WHOLE)$$')
	go test -count=1 -parallel 3 -timeout 20m -v $(WHOLE) | grep -v '^=== '

test-long: stack ## the long seeds and floods as well
	POWERLINE_LONG=1 go test -p 1 -count=1 -timeout 180m -v ./...

# How many call-hours a night of simulation lives through.
NIGHT ?= 1000000

night: ## live through call-hours with faults until there are NIGHT of them, or a law is broken
	go test -count=1 -timeout 24h -v -run LawsHoldThroughANight ./internal/simulation -night $(NIGHT) | grep -v '^=== '

lint: ## formatting, go vet and staticcheck
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "not formatted (run gofmt -w):"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...

# Which benchmarks, how often each is repeated, and the share of a day's calls.
ONLY ?= .
ROUNDS ?= 1
SHARE ?= 1
BENCH := powerline/test/bench

bench: stack ## measure beside app_queue: offers, cost, highest rate (half an hour; ROUNDS=3 for a spread: an hour; ONLY=Cost: a piece of it)
	go test -count=1 -run '^$$' -bench '$(ONLY)' -skip Day -benchtime 1x -timeout 180m -v $(BENCH) -rounds $(ROUNDS)

bench-micro: stack ## measure routing, the Lua scripts and the steps of calls; BENCH_MICRO=FILE keeps it for benchstat
	go test -p 1 -count=6 -benchtime 0.2s -run '^$$' -bench . $$(go list ./... | grep -v '^powerline/test/') | tee $${BENCH_MICRO:-/dev/null}

bench-day: stack ## a whole day of real calls in an hour (SHARE=0.05: in three minutes)
	go test -count=1 -run '^$$' -bench Day -benchtime 1x -timeout 120m -v $(BENCH) -share $(SHARE)

performance: ## make the tables and plots of docs/performance.md again out of its results
	go run ./test/bench/report

phone-bundle: ## make the softphone's SIP library again (needs npm), byte for byte as it is committed
	cd internal/console/softphone/bundle && npm ci --ignore-scripts --no-audit --no-fund && npm run --silent make
	cd internal/console/softphone/static/vendor && sha256sum --check ../../bundle/SHA256SUMS

demo: stack ## a helpline in this terminal: callers, agents, the engine (Ctrl-C ends it); ARGS=--help
	@mkdir -p .stack/bin
	@echo "compiling the demo"; go build -o .stack/bin/demo ./cmd/demo
	@exec .stack/bin/demo $(ARGS)

stop: ## end a demo that runs in another terminal, and wait until it has ended
	@if [ -x .stack/bin/demo ]; then .stack/bin/demo stop; else echo "no demo is running"; fi
