# What people and CI type. `make` alone lists the targets; what needs more than a line is a script in infra/.

.DEFAULT_GOAL := help
.PHONY: help run dev test test-fast test-template test-infra chaos bench bench-growth release deploy lint lint-infra fmt doc ci

ifdef DATABASE_URL
export STINT_DATABASE_URL := $(DATABASE_URL)
endif

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: export STINT_ENV = development
run: ## build and start on 127.0.0.1:8080, SQLite under .stint/ or DATABASE_URL=postgres://...
	@infra/dev/require build
	@exec cargo run --locked --package stint-cli -- serve

dev: export STINT_ENV = development
dev: ## the same, rebuilt and restarted whenever the sources change
	@infra/dev/require build
	@exec infra/dev/watch

test: ## every test, with a private Postgres and Redis, or STINT_TEST_DATABASE_URL and STINT_TEST_REDIS_URL
	@infra/dev/require build postgres redis nginx curl python node browser
	infra/test/with-servers cargo test --locked --workspace --all-features

test-fast: ## the tests that need only cargo: the others are behind features
	@infra/dev/require build
	cargo test --locked --workspace

test-template: ## makes an adapter from infra/template, runs its suites and serves it
	@infra/dev/require build curl
	infra/template/test

test-infra: SETS =
test-infra: ARCHIVE =
test-infra: ## infra/ on fresh hosts that boot (root); SETS="one_host small_server three_hosts" for some, ARCHIVE=FILE if built
	@infra/dev/require $(if $(ARCHIVE),,build) python lab
	infra/dev/with-python infra/dev/requirements.txt infra/lab/test $(if $(ARCHIVE),--archive $(ARCHIVE)) $(SETS)

chaos: SECONDS = 60
chaos: ## kill services, workers, Redis and Postgres under pings, and count afterwards; SECONDS=600 for longer
	@infra/dev/require build postgres redis python
	infra/test/chaos --seconds $(SECONDS)

bench: ## how near Stint comes to Postgres, Redis and HTTP alone, and to a bare service; about 45 minutes
	@infra/dev/require build redis
	infra/bench/run

bench-growth: ## the same on 10 thousand, 1 million and 10 million entries
	@infra/dev/require build
	infra/bench/growth

release: ## the archive that a deployment takes, in target/dist
	@infra/dev/require build
	infra/release/build

deploy: INVENTORY = staging
deploy: RELEASE =
deploy: ## a release to the hosts of INVENTORY=staging: the newest in target/dist, or RELEASE=FILE
	@infra/dev/require python
	cd infra/ansible && ../dev/with-python requirements.txt ansible-playbook --inventory inventories/$(INVENTORY) \
		deploy.yml $(if $(RELEASE),--extra-vars stint_release=$(abspath $(RELEASE)))

lint: ## format, clippy (each backend alone, too), dependencies' licences, duplicates and sources
	@infra/dev/require build cargo-deny
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
	for backend in memory sqlite postgres redis; do \
		cargo clippy --locked --package stint-adapters --no-default-features --features $$backend -- -D warnings || exit 1; \
	done
	cargo deny --locked check bans licenses sources

lint-infra: ## infra/ and the workflows, with the programs that its files are for; needs no host
	@infra/dev/require python infra-lint
	infra/dev/with-python infra/dev/requirements.txt infra/lint/run

fmt: ## format the code
	cargo fmt --all

doc: export RUSTDOCFLAGS = -D warnings
doc: ## the crates' documentation, without warnings
	@infra/dev/require build
	cargo doc --locked --workspace --no-deps --document-private-items

ci: lint doc lint-infra test test-template ## all that CI does, but for the tests that take root or Docker, and the advisories
