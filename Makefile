# chatroom: `make` alone lists the targets.

CARGO ?= cargo
ARGS ?=
SERVER ?=
NAME ?=
SEEDS ?= 10000

.DEFAULT_GOAL := help
.PHONY: help run-server run-client build test sim bench bench-halfcopy lint fmt doc ci clean

help: ## lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run-server: ## opens the room; ARGS="--bind 0.0.0.0:9000 …"
	@$(CARGO) build --quiet --release --bin chat-server
	@target/release/chat-server $(ARGS)

run-client: ## enters the room; SERVER=host:port NAME=小明 ARGS="…"
	@$(CARGO) build --quiet --release --bin chat-client
	@target/release/chat-client $(if $(NAME),--name "$(NAME)") $(ARGS) $(SERVER)

build: ## builds all programs in release mode
	$(CARGO) build --release

test: ## all tests
	$(CARGO) test

sim: ## simulates SEEDS=n random conversations, or one SEED=s
	SEEDS=$(SEEDS) $(if $(SEED),SEED=$(SEED)) $(CARGO) test --release --test integration simulation -- --nocapture

bench: bench-halfcopy ## measures everything

bench-halfcopy: ## halfcopy beside cp: 1 GiB, as a ratio
	$(CARGO) bench --bench halfcopy

lint: ## formatting, clippy and documentation, warnings are errors
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets --all-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --all-features --document-private-items

fmt: ## formats the source
	$(CARGO) fmt

doc: ## builds the documentation of the library
	$(CARGO) doc --no-deps --open

ci: lint test ## everything that CI checks

clean: ## removes what was built
	$(CARGO) clean
