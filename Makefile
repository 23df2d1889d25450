# gtrace: make build, make run, make test. Everything longer than a line is a script in scripts/.

export CGO_ENABLED := 0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
MAX_SIZE := 20000000
FUZZTIME ?= 10s
BENCHFLAGS ?=

.PHONY: build run test test-unit test-host test-property test-vm test-peer bench check fmt fuzz deps clean

build: ## the static binary ./gtrace
	go build -trimpath -ldflags "$(LDFLAGS)" -o gtrace ./cmd/gtrace
	@size=$$(stat -c %s gtrace); if [ $$size -gt $(MAX_SIZE) ]; then \
		echo "gtrace has $$size bytes, more than $(MAX_SIZE)"; exit 1; fi

run: build ## trace the running kernel for three seconds
	@scripts/run ./gtrace

test: deps ## all tiers of tests
	@scripts/test unit host property vm peer

test-unit test-host test-property test-peer:
	@scripts/test $(@:test-%=%)

test-vm: deps
	@scripts/test vm

bench: build ## against bpftrace: BPFTRACE=path, else an installed one, else Debian's
	@scripts/bench $(BENCHFLAGS)

check: ## what a change must pass before it is committed
	@scripts/check

fmt:
	go tool gofumpt -w .

fuzz: ## every fuzz target for FUZZTIME
	@scripts/fuzz $(FUZZTIME)

deps: ## what the tests need, where it can be installed
	@scripts/deps

clean:
	rm -f gtrace
