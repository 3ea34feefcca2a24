# Powerline: what a person types. `make help` lists it.
SHELL := bash
.SHELLFLAGS := -o pipefail -ec
.DEFAULT_GOAL := help
.PHONY: help stack build test test-long lint bench demo stop

# Packages tested at once. The tests run real services, so more than the cores
# only makes them late.
PARALLEL ?= 1
# A seed repeats a simulation; empty means the tests' own.
SEED ?=
# What the demo is told, such as ARGS='--fast --duration 1m'.
ARGS ?=
export POWERLINE_SEED := $(SEED)

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

stack: ## fetch Asterisk, Redis, PostgreSQL, SIPp and the rest into .stack (once)
	@deploy/stack/install.sh

build: ## compile every command into bin/
	@mkdir -p bin
	go build -o bin/ ./cmd/...

# The whole-stack tests take times from SIP messages, so nothing runs beside
# them, but for those that mostly wait: these follow, three at a time. They build
# the engine themselves, which the test cache cannot know.
WHOLE := powerline/test/sipp

test: stack lint ## everything that must hold, on the real stack (at most 15 minutes)
	go test -p $(PARALLEL) -timeout 15m $$(go list ./... | grep -v '^$(WHOLE)$$')
	go test -count=1 -parallel 3 -timeout 20m -v $(WHOLE) | grep -v '^=== '

test-long: stack ## the long seeds and floods as well
	POWERLINE_LONG=1 go test -p 1 -count=1 -timeout 180m -v ./...

lint: ## formatting, go vet and staticcheck
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "not formatted (run gofmt -w):"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...

bench: stack ## measure what the documents state
	go test -p 1 -run '^$$' -bench . -benchmem $$(go list ./... | grep -v '^$(WHOLE)$$')
	go test -count=1 -run '^$$' -bench . -benchtime 1x -timeout 60m $(WHOLE)

demo: stack ## a helpline in this terminal: callers, agents, the engine (Ctrl-C ends it); ARGS=--help
	@mkdir -p .stack/bin
	@echo "compiling the demo"; go build -o .stack/bin/demo ./cmd/demo
	@exec .stack/bin/demo $(ARGS)

stop: ## end a demo that runs in another terminal, and wait until it has ended
	@if [ -x .stack/bin/demo ]; then .stack/bin/demo stop; else echo "no demo is running"; fi
