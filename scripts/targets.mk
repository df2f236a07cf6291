# Targets beside PGXS's own. Each is one command a person would type.
.PHONY: help setup client unit

help:
	@sed -n 's/^#: //p' scripts/targets.mk

#: make setup      installs what is missing (Debian packages; needs root or sudo)
setup:
	scripts/setup

BUILD ?= build/release
#: make client     builds the program `starhouse` into build/release
client:
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo >/dev/null
	cmake --build $(BUILD) --target starhouse

#: make unit       builds and runs the unit tests of the core (no server)
unit:
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo >/dev/null
	cmake --build $(BUILD)
	ctest --test-dir $(BUILD) --output-on-failure
