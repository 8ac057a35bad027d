# `make help` lists the targets.

prefix     ?= /usr/local
bindir     ?= $(prefix)/bin
mandir     ?= $(prefix)/share/man
bashdir    ?= $(prefix)/share/bash-completion/completions
zshdir     ?= $(prefix)/share/zsh/site-functions
fishdir    ?= $(prefix)/share/fish/vendor_completions.d
DESTDIR    ?=
INSTALL    ?= install
GO         ?= go
FUZZTIME   ?= 60s

export CGO_ENABLED = 0

# -buildmode=exe: a plain static executable. A position-independent one would
# be relocated at every start, and a command line tool starts often.
BUILDFLAGS = -trimpath -buildmode=exe

SOURCES := $(shell find cmd internal docs/man -name '*.go' ! -name '*_test.go' 2>/dev/null)
PAGES   := $(wildcard docs/man/*.[1-9])

.DEFAULT_GOAL := build
.PHONY: build install uninstall test demo bench fuzz lint man cover clean help

build: nhctl ## build ./nhctl, one static binary (the default)

nhctl: $(SOURCES) $(PAGES) go.mod go.sum
	$(GO) build $(BUILDFLAGS) -o $@ ./cmd/nhctl

install: nhctl ## install binary, man pages and completion (DESTDIR, prefix=/usr/local)
	$(INSTALL) -d '$(DESTDIR)$(bindir)' '$(DESTDIR)$(bashdir)' '$(DESTDIR)$(zshdir)' '$(DESTDIR)$(fishdir)'
	$(INSTALL) -m 0755 nhctl '$(DESTDIR)$(bindir)/nhctl'
	./nhctl completion bash >'$(DESTDIR)$(bashdir)/nhctl'
	./nhctl completion zsh >'$(DESTDIR)$(zshdir)/_nhctl'
	./nhctl completion fish >'$(DESTDIR)$(fishdir)/nhctl.fish'
	set -e; for page in $(PAGES); do \
	  dir='$(DESTDIR)$(mandir)'/man$${page##*.}; \
	  $(INSTALL) -d "$$dir"; $(INSTALL) -m 0644 "$$page" "$$dir/"; \
	done

uninstall: ## remove what install put there (same DESTDIR and prefix)
	rm -f '$(DESTDIR)$(bindir)/nhctl' '$(DESTDIR)$(bashdir)/nhctl' \
	  '$(DESTDIR)$(zshdir)/_nhctl' '$(DESTDIR)$(fishdir)/nhctl.fish'
	for page in $(notdir $(PAGES)); do rm -f '$(DESTDIR)$(mandir)'/man$${page##*.}/$$page; done

# -count=1: many tests run programs, which the test cache does not look into.
test: ## run every test; missing Debian packages are installed or named
	scripts/deps test
	$(GO) vet ./...
	$(GO) test -count=1 -timeout 10m ./...
	scripts/race

demo: nhctl ## show the main job in a private network namespace (no root needed)
	scripts/deps demo
	scripts/demo

bench: nhctl ## compare speed and memory with ip (N=100000 routes)
	scripts/deps bench
	$(GO) run ./scripts/bench

fuzz: ## run each fuzz target for FUZZTIME=60s
	FUZZTIME='$(FUZZTIME)' scripts/fuzz

lint: ## vet, staticcheck, gofumpt, go.mod, scripts, big endian, man pages
	scripts/lint

man: ## write the generated blocks of the man pages anew
	$(GO) generate ./docs/man

cover: ## run the tests and print the statements covered per package
	$(GO) test -timeout 10m -coverpkg=./internal/... -coverprofile=cover.out ./...
	$(GO) tool cover -html=cover.out -o cover.html
	$(GO) tool cover -func=cover.out | tail -n 1

clean: ## remove what the other targets made here
	rm -rf nhctl cover.out cover.html dist

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
