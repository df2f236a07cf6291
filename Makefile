# starhouse: the extension through PGXS; client and unit tests through CMake (see CMakeLists.txt).
# The targets a user needs: make demo, make check. `make help` lists the rest.
all:

# Goals of ours that need no server's makefiles (see scripts/targets.mk). PGXS has a target `check`
# too, which only refuses, so it is read for other goals alone.
OWN_GOALS    = help setup check check-quick check-versions client unit client-and-unit demo demo-stop demo-remove bench fuzz format lint lint-layout lint-changed
BUILDS       = $(filter-out $(OWN_GOALS),$(or $(MAKECMDGOALS),all))

EXTENSION    = starhouse
EXTVERSION   = $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" starhouse.control)
MODULE_big   = starhouse

OBJS         = $(patsubst %.cpp,%.o,$(wildcard src/core/*.cpp src/core/*/*.cpp src/pg/*.cpp))
UPGRADES     = $(patsubst sql/upgrade/%,sql/%,$(wildcard sql/upgrade/*.sql))
DATA_built   = sql/$(EXTENSION)--$(EXTVERSION).sql $(UPGRADES)
FRAGMENTS    = $(sort $(wildcard sql/install/*.sql))
TEMPLATES    = $(sort $(wildcard sql/warehouse/*/*.sql sql/warehouse/*/VERSIONS sql/warehouse/*/upgrade/*.sql))
EXTRA_CLEAN  = sql/$(EXTENSION)--*.sql $(OBJS:.o=.d) build output_iso

REGRESS      = $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test --load-extension=starhouse
ISOLATION    = $(patsubst test/specs/%.spec,%,$(sort $(wildcard test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test --load-extension=starhouse

WARNINGS     = -Wall -Wextra -Werror -Wno-missing-field-initializers
# Server headers are not ours: -isystem keeps their warnings out, ours stay errors.
PG_CXXFLAGS  = -std=c++20 $(WARNINGS) -Wno-register -Wno-unused-parameter -O2 -g -MMD -MP \
               -fvisibility=hidden -fvisibility-inlines-hidden
# gcc 16 guesses at the target of a memory resource's virtual calls and then warns about its guess.
GUESSING    := $(shell $(CXX) -Werror -fno-devirtualize-speculatively -E -x c++ /dev/null >/dev/null 2>&1 && \
               echo -fno-devirtualize-speculatively)
PG_CXXFLAGS += $(GUESSING)
PG_CPPFLAGS  = -Isrc -isystem $(shell $(PG_CONFIG) --includedir-server) \
               -DSTARHOUSE_VERSION='"$(EXTVERSION)"'
SHLIB_LINK   = -lstdc++ -lsimdjson -lGeographicLib -lre2

PG_CONFIG   ?= pg_config
# No bitcode: 15's rule for it ignores PG_CXXFLAGS, and nothing here gains from inlining by the JIT.
override with_llvm = no
ifneq ($(BUILDS),)
PGXS        := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
endif
ifneq ($(PGXS),)
include $(PGXS)
else ifneq ($(BUILDS),)
all install installcheck clean:
	@echo "pg_config not found: run 'make setup' first (Debian), or set PG_CONFIG" >&2; exit 1
endif

# The server's C flags hold -Werror-free C-only warnings; C++ compiles with its own.
override CXXFLAGS := $(filter-out -Wdeclaration-after-statement -Wmissing-prototypes,$(CXXFLAGS))

# Headers are tracked by the compiler; bindings made for another server, or another version of ours,
# are made anew.
ifneq ($(BUILDS),)
MADE_FOR    := $(shell $(PG_CONFIG) --version) starhouse $(EXTVERSION)
ifneq ($(MADE_FOR),$(shell cat build/made-for 2>/dev/null))
$(shell mkdir -p build && echo "$(MADE_FOR)" >build/made-for)
endif
endif
# The core knows no server: its objects serve them all.
$(filter src/pg/%,$(OBJS)): build/made-for
$(OBJS): Makefile
-include $(wildcard $(OBJS:.o=.d))

sql/$(EXTENSION)--$(EXTVERSION).sql: $(FRAGMENTS) $(TEMPLATES) scripts/embed-templates starhouse.control
	cat $(FRAGMENTS) > $@.tmp
	scripts/embed-templates $(TEMPLATES) >> $@.tmp
	mv $@.tmp $@

# The step to the present version brings the present templates along.
$(UPGRADES): sql/%: sql/upgrade/% $(TEMPLATES) scripts/embed-templates starhouse.control
	cp $< $@.tmp
	case $@ in *--$(EXTVERSION).sql) scripts/embed-templates --replace $(TEMPLATES) >> $@.tmp ;; esac
	mv $@.tmp $@

include scripts/targets.mk
