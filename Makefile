# One surface for people and for CI. A machine with Go 1.21 or newer, a C compiler and make can run all of it but
# test-kafka and test-chaos, which also need java and mvn: Go fetches the toolchain that go.mod names, and everything else, by itself.
export GOTOOLCHAIN := auto

GO       ?= go
PKGS     ?= ./...
TIMEOUT  ?= 10m
FUZZTIME ?= 10s
BENCH    ?= .
SEEDS    ?= 2000
KILLS    ?= 10
CHAOS    ?= usual
# A directory for what the processes of a failed make test-chaos said.
KEEP     ?=
LINT     := $(GO) tool -modfile=tools/go.mod golangci-lint

# The packages whose tests run on any broker, and on the one at MILLRACE_BOOTSTRAP if it is set.
KAFKA_PKGS ?= . ./internal/kafka/... ./task/... ./examples/imagepipeline/... ./bench/...
# Golden vectors made with the real Kafka Streams.
VECTORS ?= $(firstword $(wildcard ../shared/conformance internal/conformance/testdata))

# gofmt of the toolchain that builds the code: an older one on the PATH does not parse generic methods.
GOFMT      = "$$($(GO) env GOROOT)/bin/gofmt"
BENCH_PKGS = $(shell grep -rl --include='*_test.go' '^func Benchmark' . | xargs -r -n1 dirname | sort -u)

.DEFAULT_GOAL := help

.PHONY: help
help: ## show the targets
	@echo "millrace: make TARGET"
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

.PHONY: demo
demo: .need-cc ## run the image pipeline on two plates, on the embedded broker (MILLRACE_BOOTSTRAP=host:port: on that one)
	$(GO) run ./examples/imagepipeline

.PHONY: test
test: .need-cc ## run all tests (PKGS=./stream/... for some)
	$(GO) test -timeout $(TIMEOUT) $(PKGS)

.PHONY: race
race: .need-cc ## run all tests with the race detector and the invariants
	$(GO) test -race -tags invariants -timeout 20m $(PKGS)

.PHONY: lint
lint: .need-cc ## check formatting, go vet and golangci-lint
	@unformatted=$$($(GOFMT) -l .) && \
		{ test -z "$$unformatted" || { echo "not formatted, run make fmt:"; echo "$$unformatted"; exit 1; }; }
	$(GO) vet $(PKGS)
	$(LINT) run $(PKGS)

.PHONY: fmt
fmt: ## format all Go code
	$(LINT) fmt

.PHONY: fuzz
fuzz: .need-cc ## run every fuzz target for FUZZTIME (10s)
	@GO="$(GO)" scripts/fuzz $(FUZZTIME)

.PHONY: bench
bench: .need-cc ## run the benchmarks that match BENCH (.)
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 60m $(BENCH_PKGS)

.PHONY: bench-ttd
bench-ttd: .need-cc ## run the job of record in memory, beside the same job on TopologyTestDriver (needs java, mvn and ../shared/baseline)
	scripts/bench-ttd

.PHONY: test-kafka
test-kafka: .need-cc ## run the tests that talk to a broker on a real Kafka, started for them and stopped again
	scripts/kafka run --sasl-tls -- $(GO) test -count 1 -p 1 -timeout 20m $(KAFKA_PKGS)

.PHONY: sim
sim: .need-cc ## run each application in a simulated cluster under SEEDS (2000) seeds, from MILLRACE_SEED (1) on
	MILLRACE_SEEDS=$(SEEDS) $(GO) test -count 1 -timeout 60m ./internal/sim

.PHONY: kill
kill: .need-cc ## kill the job of record in its middle KILLS (10) times, on a real Kafka: every site comes out once
	MILLRACE_KILLS=$(KILLS) scripts/kafka run -- $(GO) test -count 1 -v -timeout 30m -run TestKill ./bench/plates .

.PHONY: test-chaos
test-chaos: .need-cc ## break three instances on a cluster of three brokers: CHAOS=short, usual or long; MILLRACE_SEED=N again
	MILLRACE_CHAOS=$(CHAOS) scripts/kafka run --nodes 3 --heap 512m --proxied -- $(GO) test -count 1 -v -timeout 90m \
		$(if $(KEEP),-artifacts -outputdir $(KEEP)) $(if $(filter short,$(CHAOS)),-run 'TestChaos$$') ./internal/chaos

.PHONY: conformance
conformance: .need-cc ## compare with the real Kafka Streams, scenario by scenario (VECTORS=DIR)
	@test -n "$(VECTORS)" || { echo "no vectors found: make conformance VECTORS=DIR"; exit 1; }
	$(GO) run ./cmd/millrace conformance $(VECTORS)

# librdkafka is linked into every program, and that takes cgo. Without a compiler Go only says that its names are undefined.
.PHONY: .need-cc
.need-cc:
	@command -v $$($(GO) env CC) >/dev/null || { echo "make: no C compiler: install gcc, or set CC (the Kafka client needs cgo)"; exit 1; }
	@test "$$($(GO) env CGO_ENABLED)" = 1 || { echo "make: CGO_ENABLED=0: the Kafka client needs cgo"; exit 1; }
