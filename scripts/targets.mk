# Targets beside PGXS's own. Each is one command a person would type.
.PHONY: help setup demo demo-stop demo-remove dashboards dashboards-stop check check-quick check-versions client unit client-and-unit bench fuzz format lint lint-layout lint-changed

help:
	@sed -n 's/^#: //p' scripts/targets.mk

#: make                   builds the extension (PG_CONFIG=... chooses the server)
#: make install           installs it into that server; needs its owner's rights

#: make setup             installs what is missing (Debian packages; needs root or sudo then)
setup:
	scripts/setup

BUILD ?= build/release
configure = cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo $(CONFIGURE) >/dev/null

#: make client            builds the program `starhouse` into build/release (and the demo's broker)
client:
	@$(configure)
	cmake --build $(BUILD) --target starhouse kafka_tool

client-and-unit:
	@$(configure)
	@cmake --build $(BUILD)

#: make unit              builds and runs the unit tests of the core (no server)
unit: client-and-unit
	ctest --test-dir $(BUILD) --output-on-failure --no-tests=error

#: make demo              a year of ShopSmart on a private server, from nothing to KPI tables;
#:                        DATA=folder loads your files too (ZONE=their time zone), SCALE=0.1 a smaller year
#: make demo-stop         stops that server; make demo-remove removes it and its data
demo:
	@DATA="$(DATA)" ZONE="$(ZONE)" SCALE="$(SCALE)" scripts/demo
demo-stop:
	@scripts/demo stop
demo-remove:
	@scripts/demo remove

#: make dashboards        Apache Superset with dashboards over the demo's warehouses, on loopback (from PyPI, into build/)
#: make dashboards-stop   stops it
dashboards:
	@scripts/dashboards
dashboards-stop:
	@scripts/dashboards stop

#: make check             the whole suite on a private server: unit, pg_regress, isolation, pgTAP, TAP
# PGXS has a target of this name, hence the condition: see OWN_GOALS in the Makefile.
ifneq ($(filter check,$(MAKECMDGOALS)),)
check:
	@scripts/check
endif

#: make check-quick       the same without setup, unit tests and the forced-parallel rerun
check-quick:
	@STARHOUSE_SETUP=no scripts/check regress isolation pgtap tap

#: make check-versions    the suite on PostgreSQL 15, 17 and 18 in a Debian chroot (needs root)
check-versions:
	@scripts/check-versions

FUZZ_SECONDS ?= 60
#: make fuzz              libFuzzer on every decoder, FUZZ_SECONDS each (60); FUZZ_RUNS=n: n inputs, always the same
fuzz:
	@FUZZ_SECONDS=$(FUZZ_SECONDS) FUZZ_RUNS=$(FUZZ_RUNS) scripts/fuzz

#: make bench             every benchmark under bench/, each against its peer
bench:
	@scripts/bench

#: make format            lays the sources out by .clang-format
format:
	@scripts/lint --fix

#: make lint              checks layout and runs clang-tidy (lint-layout: only the former; lint-changed: the latter
#:                        on what differs from origin/main)
lint:
	@scripts/lint
lint-layout:
	@scripts/lint --layout
lint-changed:
	@scripts/lint --changed
