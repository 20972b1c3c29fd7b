# Callhome: `make run` shows it, `make test` proves it. See README.md.

.DEFAULT_GOAL := help
.PHONY: help run run-until-ticket test soak bench fuzz fuzz-doors attacks format lint declarations cases build release install packages \
	try-packages repo repo-key try-repo lab clean

help:  ## Say what there is
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run:  ## Start collectors, agent, mailbox and a made-up failing server, and watch a fault become a ticket
	@scripts/run

run-until-ticket:  ## The same, until the three tickets are in the mailbox
	@scripts/run --until-ticket

test:  ## Install what is needed, build, and run every test, or with FILTER=NAME those whose names match
	@scripts/test "$(FILTER)"

soak: build  ## Hold what is said of clocks, silences, agents, sites and a partner over SEEDS=2000 seeds, of fifty sites over MANY=20, with real signatures over SIGNED=100, and find each rule left out within MUTANTS=1000
	@CALLHOME_SEEDS=$(or $(SEEDS),2000) swift test --skip-build --filter ClockPropertyTests
	@scripts/soak $(or $(SEEDS),2000) $(or $(MUTANTS),1000) $(or $(MANY),20) $(or $(SIGNED),100)

bench: release  ## Measure agent, collector and pattern engine in a release build
	@scripts/prepare run
	@scripts/compile --release callhome-load callhome-patterns-bench
	@Benchmarks/run

fuzz: release  ## Feed pattern reader and engine with mutated patterns, for SECONDS=1200
	@scripts/compile --release callhome-patterns-fuzz
	@.build/release/callhome patterns build patterns -o .build/release/patterns.json
	@.build/release/callhome-patterns-fuzz .build/release/patterns.json --seconds $(or $(SECONDS),1200)

fuzz-doors:  ## Feed every door of a collector (or DOORS=intake,api) with signed, hostile messages: INPUTS=1000000 each, HTTP=20000
	@CALLHOME_FUZZ_INPUTS=$(or $(INPUTS),1000000) CALLHOME_FUZZ_HTTP=$(or $(HTTP),20000) \
		$(if $(DOORS),CALLHOME_FUZZ_DOORS=$(DOORS)) scripts/optimised-tests DoorFuzzTests

attacks: release  ## Measure how long agents and console wait while a collector is attacked in every way at once
	@scripts/compile --release callhome-load
	@Benchmarks/collector-attacks .build/release

declarations: build  ## Write anew what is made of the probes' declarations: signal sources, README, docs/signals.md
	@CALLHOME_WRITE_DECLARATIONS=1 swift test --skip-build --filter DeclarationTests/files

cases: build  ## Write anew docs/cases.md out of the right answers in Tests/Fixtures/cases, and docs/patterns.md
	@CALLHOME_WRITE_CASES=1 swift test --skip-build --filter 'CaseTests/page|PatternPageTests/page'

format:  ## Format the sources as CI checks them
	@swift format format -i --parallel -r Sources Tests Demo Benchmarks Package.swift

build:  ## Debug build of everything
	@scripts/prepare build
	@scripts/compile --tests

release:  ## Release build of the three programs
	@scripts/prepare build
	@scripts/compile --release callhome-agent callhome-collector callhome

install: release  ## Install programs, patterns and units under $(DESTDIR)/usr
	@scripts/install "$(DESTDIR)"

packages: release  ## Debian packages of agent, collector and command, in .build/packages
	@packaging/build

try-packages: packages  ## Install, remove and purge the packages in a fresh Debian (root)
	@scripts/prepare packages
	@packaging/try

repo: repo-key packages  ## Signed APT repository of the packages in .build/repository, by KEY=ID of your gpg keyring (SUITE=stable)
	@scripts/prepare packages
	@lintian --allow-root --fail-on error,warning .build/packages/*.deb
	@packaging/repository $(foreach key,$(KEY),--key $(key)) --suite $(or $(SUITE),stable)

# Asked before anything is built.
repo-key:
	@$(if $(KEY),,echo "make repo KEY=ID: which of the keys that gpg --list-secret-keys shows is to sign" >&2; exit 2)

try-repo: packages  ## Take a fresh Debian through install, use, unattended upgrade, downgrade and purge by such a repository (root)
	@scripts/prepare packages
	@packaging/try-repository $(if $(OLDER),--older $(OLDER))

lab: packages  ## Break a virtual server and see what the collector says of it (root, about two hours)
	@scripts/prepare lab
	@Laboratory/run

clean:
	@rm -rf .build .run
