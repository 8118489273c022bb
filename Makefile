# chatroom: `make` alone lists the targets.

CARGO ?= cargo
ARGS ?=
SERVER ?=
NAME ?=
SEEDS ?= 10000
MINUTES ?= 60
# What run-server and run-client are built with; `FEATURES=` for the plain programs.
FEATURES ?= terminal

.DEFAULT_GOAL := help
.PHONY: help run-server run-client build test test-terminal sim planted fuzz fuzz-targets mutants prove soak bench bench-room bench-paths bench-instructions bench-halfcopy dist dist-check lint fmt doc ci clean

help: ## lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run-server: ## opens the room; ARGS="--bind 0.0.0.0:9000 …", FEATURES= for the plain program
	@$(CARGO) build --quiet --release --features "$(FEATURES)"
	@$(CARGO) run --quiet --release --features "$(FEATURES)" --bin chat-server -- $(ARGS)

run-client: ## enters the room; SERVER=host:port NAME=小明 ARGS="…", FEATURES= for the plain program
	@$(CARGO) build --quiet --release --features "$(FEATURES)"
	@$(CARGO) run --quiet --release --features "$(FEATURES)" --bin chat-client -- $(if $(NAME),--name "$(NAME)") $(ARGS) $(SERVER)

build: ## builds all programs in release mode
	$(CARGO) build --release

test: ## all tests of the plain build
	$(CARGO) test

test-terminal: ## the tests of the features terminal and gso
	$(CARGO) test --features terminal,gso --lib -- terminal editor outbox
	$(CARGO) test --features terminal,gso --test integration -- terminal finding threads

sim: ## simulates SEEDS=n random conversations from FROM=n on, or one SEED=s
	SEEDS=$(SEEDS) $(if $(SEED),SEED=$(SEED)) $(CARGO) bench --quiet --profile sim --bench simulate

prove: ## the built programs under faults and attacks, at full size
	FULL=1 $(CARGO) test --release --test integration -- attack:: endurance:: --nocapture --test-threads 1

soak: ## 200 members talk, come and go for MINUTES=n
	MINUTES=$(MINUTES) $(CARGO) test --release --test integration -- endurance::soak --nocapture

fuzz: ## made-up and mutated input for MINUTES=n
	MINUTES=$(MINUTES) $(CARGO) bench --quiet --profile sim --bench fuzz

# The bodies of integration/bodies/, as the fuzzer's targets.
BODIES := decode round_trip room session talk names filter command_lines
# With `address` a single allocation of more than 64 MiB is an error too; it takes about three times as long.
SANITIZER ?= none

fuzz-targets: ## the fuzzer's targets for MINUTES=n in all; SANITIZER=address for its allocation bound
	@cargo-fuzz --version > /dev/null 2>&1 || $(CARGO) install --locked cargo-fuzz@0.13.2
	RUSTC_BOOTSTRAP=1 $(CARGO) fuzz build --fuzz-dir integration/fuzz --sanitizer $(SANITIZER) --target-dir target/fuzz
	@for body in $(BODIES); do \
		mkdir -p target/fuzz/corpus/$$body; \
		target/fuzz/*/release/$$body target/fuzz/corpus/$$body integration/fuzz/corpus/$$body \
			-max_total_time=$$(($(MINUTES) * 60 / 8)) -rss_limit_mb=256 -malloc_limit_mb=64 -timeout=600 \
			-artifact_prefix=target/fuzz/$$body- -print_final_stats=1 > target/fuzz/$$body.log 2>&1 \
			|| { tail -40 target/fuzz/$$body.log; exit 1; }; \
		sed -n "s/^Done/$$body:/p" target/fuzz/$$body.log; \
	done

# One mutant of so many is tried.
SHARDS ?= 12
MUTANTS := -f 'src/link/**' -f 'src/room/**' -f 'src/session/**' -f 'src/wire/**' -f src/seal.rs -f 'src/text/**' \
	-e 'src/**/tests.rs' -e 'src/**/tests/**' --shard 0/$(SHARDS) --sharding round-robin \
	--timeout 120 --build-timeout 600 -o target
# Nothing is built but what is run.
BY_TESTS := --profile mutants -j 2 --cargo-arg=--lib
BY_SIMULATION := --profile sim --iterate --cargo-arg=--bench=simulate

mutants: ## changes the core in one of SHARDS=n places, one at a time: do the tests see it, or else the simulation
	@cargo-mutants --version > /dev/null 2>&1 || $(CARGO) install --locked cargo-mutants@27.1.0
	-CARGO_INCREMENTAL=1 $(CARGO) mutants $(MUTANTS) $(BY_TESTS)
	CARGO_INCREMENTAL=1 $(CARGO) mutants $(MUTANTS) $(BY_SIMULATION)

planted: ## plants bugs into a copy of the source, which the simulation must find; ONLY=words
	$(CARGO) bench --quiet --profile sim --bench planted

bench: bench-room bench-paths bench-halfcopy ## measures everything

bench-room: ## the server under load; QUICK=1 for less than 90 s, ROWS=paced,steady N=200 for some of it, GSO=1 with that feature
	$(CARGO) bench $(if $(GSO),--features gso) --bench room

bench-paths: ## the inner paths in process, in nanoseconds
	$(CARGO) bench --bench paths

bench-instructions: ## the inner paths in process, in instructions (valgrind)
	@$(CARGO) bench --bench paths --no-run --message-format json | sed -n 's/.*"executable":"\([^"]*paths-[^"]*\)".*/\1/p' > target/bench-paths
	@printf '| path | instructions |\n| --- | --: |\n'
	@for path in encode seal decode append flush; do \
		PATH_ONLY=$$path valgrind --tool=callgrind --toggle-collect='paths::timed*' --callgrind-out-file=target/callgrind.$$path \
			"$$(cat target/bench-paths)" 2>&1 >/dev/null | awk -v path=$$path '/Collected/ { print "| " path " | " $$NF " |" }'; \
	done

bench-halfcopy: ## halfcopy beside cp: 1 GiB, as a ratio
	$(CARGO) bench --bench halfcopy

dist: ## packs static programs, man pages, completions and a systemd unit into target/dist: an archive and a .deb
	@CARGO="$(CARGO)" src/dist/pack.sh

dist-check: dist ## installs the .deb into an empty root and runs it there
	$(CARGO) test --test integration -- dist::deb --ignored

lint: ## formatting, clippy and documentation, warnings are errors
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets --all-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --all-features --document-private-items

fmt: ## formats the source
	$(CARGO) fmt

doc: ## builds the documentation of the library
	$(CARGO) doc --no-deps --open

ci: lint test test-terminal ## everything that CI checks

clean: ## removes what was built
	$(CARGO) clean
