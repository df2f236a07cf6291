// Aggregate states as SQL types. The core says what a state is (core/state.hpp: encode, decode,
// merge); here it becomes a base type with in, out, recv and send, and the transition value of
// aggregates without `internal`. Two forms, both modified in place, row by row:
//
//   FixedState<S>     S is trivially copyable: a plain pass-by-reference type (INTERNALLENGTH =
//                     sizeof(S), ALIGNMENT = double), stored as it is in memory.
//   ExpandedState<S>  S grows: an expanded object (utils/expandeddatum.h) in memory, its stored
//   form
//                     (a varlena) everywhere else. S is built from an Env and takes all its memory
//                     from there; its destructor never runs.
//
// A binding is then this much (FixedState the same), beside its SQL declarations:
//
//   using States = starhouse::pg::ExpandedState<Sketch>;
//   STARHOUSE_STATE_TYPE(sketch_state, States)         // starhouse_sketch_state_in, _out, _recv,
//   _send STARHOUSE_STATE_COMBINE(sketch_combine, States)    // COMBINEFUNC, and SFUNC of
//   sketch_merge
//
//   STARHOUSE_FUNCTION(starhouse_sketch_transition) {  // not STRICT: the first state is NULL
//     if (PG_ARGISNULL(1)) {
//       return States::unchanged(fcinfo);
//     }
//     const double value = PG_GETARG_FLOAT8(1);
//     return States::update(fcinfo, [&](Sketch &sketch) { sketch.add(value); });
//   }
//   STARHOUSE_FUNCTION(starhouse_sketch_value) {       // STRICT: NULL of an empty aggregate
//     const Sketch &sketch = States::argument(fcinfo, 0);
//     double value = 0;
//     compute([&] { value = sketch.value(); });
//     PG_RETURN_FLOAT8(value);
//   }
//
// Why no expanded object has a memory context of its own while it is aggregated: hash aggregation
// adds up the memory of all contexts below its own at each new group, so a context per group makes
// the time grow with the square of the groups (200,000 rows in 50,000 groups: 57 s against 0.3 s),
// and costs a kilobyte each. All states of one aggregate context share one child of it. That is
// sound because a read-write pointer to them never leaves the executor node: it hands out read-only
// pointers or copies, and a state is never replaced by another, which would delete its context.
#pragma once

#include "pg/boundary.hpp"

#include "core/state.hpp"
#include "core/waiting_rows.hpp"

extern "C" {
#include "nodes/execnodes.h"
#include "utils/expandeddatum.h"
}

#include <concepts>
#include <new>
#include <type_traits>

namespace starhouse::pg {

// Memory of one state, up to a limit beyond which its stored form could not be a value of the
// server (1 GB): passing it is an error (54000) that says so.
class StateMemory final : public ContextMemory {
public:
  StateMemory(MemoryContext context, const char *type) noexcept
      : ContextMemory(context), type_(type) {}

private:
  void *do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void *pointer, std::size_t bytes, std::size_t alignment) override;
  static constexpr std::size_t limit = MaxAllocSize;
  std::size_t left_ = limit;
  const char *type_;
};

namespace detail {

// The aggregate's memory context; an error for a call that is no aggregate's.
MemoryContext aggregate_context(FunctionCallInfo fcinfo);

// The same error, without asking for the context: what AggCheckCallContext finds out, inline, since
// it is asked for every row.
inline void check_aggregate(FunctionCallInfo fcinfo) {
  const Node *caller = fcinfo->context;
  if (caller == nullptr || !(IsA(caller, AggState) || IsA(caller, WindowAggState))) [[unlikely]] {
    aggregate_context(fcinfo);
  }
}

// The one child of it that holds the expanded states.
MemoryContext states_context(MemoryContext aggregate);

// What the states of one aggregate share, kept with their context: `size` bytes, made by `make` at
// the first call with this tag.
void *shared_object(MemoryContext states, const void *tag, std::size_t size,
                    void (*make)(void *object, MemoryContext states));

// A transition function as called at one place of a plan, kept in its fn_extra: whether rows may
// wait there, and in what.
struct RowSite {
  MemoryContext aggregate; // the aggregate's context whose states they are for; null: none
  void *waiting;
  bool native; // the plan holds what it got from us
};

// Lets rows wait in `waiting`, which lies in the context `states`, until that goes.
void open_row_site(FunctionCallInfo fcinfo, MemoryContext states, void *waiting);

// The site of a call whose state argument is one of those states, or null. Neither the argument nor
// what it points to is looked at.
inline const RowSite *row_site(FunctionCallInfo fcinfo) {
  const auto *site = static_cast<const RowSite *>(fcinfo->flinfo->fn_extra);
  if (site == nullptr || PG_ARGISNULL(0) || fcinfo->context == nullptr ||
      !IsA(fcinfo->context, AggState)) {
    return nullptr;
  }
  const auto *aggregation = reinterpret_cast<const AggState *>(fcinfo->context);
  return site->aggregate == aggregation->curaggcontext->ecxt_per_tuple_memory ? site : nullptr;
}

// The state argument as it came, for a transition that leaves it alone.
Datum unchanged(FunctionCallInfo fcinfo);

// A varlena's bytes, detoasted; valid while the current context lives.
Bytes stored_bytes(Datum value);

// Bytes of the base64 text of a type's input function, in the current context.
Bytes bytes_from_text(const char *text, std::string_view type);
char *text_from_bytes(Bytes bytes);

// Argument of a receive function: all bytes of the message.
Bytes bytes_from_message(Datum message);

// An uninitialised varlena of the current context with room for `size` bytes.
std::span<std::byte> new_varlena(std::size_t size);
Datum varlena_datum(std::span<std::byte> bytes);

} // namespace detail

// States of fixed size
// ------------------------------------------------------------------------------

template <StoredState State>
class FixedState {
  static_assert(std::is_trivially_copyable_v<State> && alignof(State) <= alignof(double));

public:
  static Datum unchanged(FunctionCallInfo fcinfo) { return detail::unchanged(fcinfo); }

  // Runs `change(State &)` on the aggregate's state in place. The first one is made in the current
  // context: the executor copies it once.
  template <class Change>
  static Datum update(FunctionCallInfo fcinfo, Change &&change) {
    detail::check_aggregate(fcinfo);
    State *state = PG_ARGISNULL(0) ? fresh() : pointer(PG_GETARG_DATUM(0));
    if constexpr (std::is_nothrow_invocable_v<Change, State &>) {
      change(*state);
    } else {
      compute([&] { change(*state); });
    }
    return PointerGetDatum(state);
  }

  static const State &argument(FunctionCallInfo fcinfo, int index) {
    return *pointer(PG_GETARG_DATUM(index));
  }

  static Datum datum(const State &state) {
    State *made = fresh();
    *made = state;
    return PointerGetDatum(made);
  }

  static Datum combine(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(1)) {
      return unchanged(fcinfo);
    }
    const State *other = pointer(PG_GETARG_DATUM(1));
    if (PG_ARGISNULL(0)) {
      return datum(*other);
    }
    return update(fcinfo, [&](State &state) { state.merge(*other); });
  }

  static Datum in(FunctionCallInfo fcinfo) {
    return decoded(detail::bytes_from_text(PG_GETARG_CSTRING(0), State::format.type),
                   sqlstate::invalid_text_representation);
  }
  static Datum recv(FunctionCallInfo fcinfo) {
    return decoded(detail::bytes_from_message(PG_GETARG_DATUM(0)),
                   sqlstate::invalid_binary_representation);
  }
  static Datum out(FunctionCallInfo fcinfo) {
    const std::span<std::byte> bytes = encoded(fcinfo);
    PG_RETURN_CSTRING(detail::text_from_bytes(bytes));
  }
  static Datum send(FunctionCallInfo fcinfo) { return detail::varlena_datum(encoded(fcinfo)); }

private:
  static State *pointer(Datum datum) { return reinterpret_cast<State *>(DatumGetPointer(datum)); }
  static State *fresh() { return new (palloc0(sizeof(State))) State(); }

  static Datum decoded(Bytes bytes, const SqlState &code) {
    State *state = fresh();
    compute([&] { read_state(*state, bytes, code); });
    return PointerGetDatum(state);
  }
  static std::span<std::byte> encoded(FunctionCallInfo fcinfo) {
    const State &state = argument(fcinfo, 0);
    const std::span<std::byte> bytes = detail::new_varlena(stored_size(state));
    compute([&] { write_state(state, bytes); });
    return bytes;
  }
};

// States that grow
// ----------------------------------------------------------------------------------

namespace detail {

struct Nothing {
  explicit Nothing(const Env &) noexcept {}
  Nothing() noexcept = default;
};
template <class State>
struct SharedBy {
  using type = Nothing;
};
template <class State>
requires requires {
  typename State::Shared;
}
struct SharedBy<State> {
  using type = typename State::Shared;
};
template <class State>
struct RowOf {
  using type = Nothing;
};
template <class State>
requires requires {
  typename State::Row;
}
struct RowOf<State> {
  using type = typename State::Row;
};

} // namespace detail

// A State may name a type Shared, of which all states of one aggregate get the same object as a
// second constructor argument (null for a state outside of aggregates). It is built from an Env,
// and gone with the states.
//
// A State may name a type Row: what add(row) puts in. Then rows of many groups wait for their
// states' memory together (core/waiting_rows.hpp), and the State has fetch(row) for that, too. Row
// is plain data that points to nothing; a state must not depend on the order of its rows.
//
// The server does not know that rows wait, so:
//   - they do only while there are `many` states in the aggregate's context, which are those of a
//     hash aggregate: of a sorted one, a window or DISTINCT in an aggregate there are few;
//   - only if the plan is the server's own and the aggregate has no INITCOND, so that a state
//     argument is what this transition function returned before (to look whether it is would be to
//     wait for it);
//   - whatever reads a state (argument(), and the server through the methods of its header, when
//     it sends or copies one) works the waiting rows off first;
//   - they lie in the states' own memory: where the server drops that, for the next grouping set,
//     scan or batch of spilled rows, states and rows go together, and the site learns of it.
template <StoredState State>
class ExpandedState {
  using Shared = typename detail::SharedBy<State>::type;
  using Row = typename detail::RowOf<State>::type;
  static constexpr bool shares = !std::same_as<Shared, detail::Nothing>;
  static constexpr bool waits = !std::same_as<Row, detail::Nothing>;
  static_assert(std::constructible_from<State, const Env &>);
  static_assert(alignof(State) <= MAXIMUM_ALIGNOF && alignof(Shared) <= MAXIMUM_ALIGNOF);
  // States from which on they do not stay in the cache.
  static constexpr std::size_t many = 512;

  struct Common;

  // Groups by the ten thousand are not in the cache, so what a row looks at is to be one line of
  // it: the first of the core state, where it takes rows (static_assert below). Lives in context
  // memory, without a destructor.
  static constexpr std::size_t line = 64;
  static constexpr std::size_t alignment = waits ? line : MAXIMUM_ALIGNOF;
  struct alignas(alignment) Object {
    ExpandedObjectHeader header; // first: the server knows no more of it
    std::size_t flat_size;       // of the stored form with its varlena header; 0: not worked out
    Common *common;              // of an aggregate's states, where they have one
    alignas(State) std::byte state_place[sizeof(State)];
    alignas(StateMemory) std::byte memory_place[sizeof(StateMemory)];

    void fetch(const Row &row) const noexcept { state().fetch(row); }
    // A row that waited. flat_size is 0: what the server has read gets no more rows.
    void add(const Row &row) {
      Assert(flat_size == 0);
      if constexpr (requires(State & state) { state.add_now(row); }) {
        state().add_now(row);
      } else {
        state().add(row);
      }
    }

    State &state() noexcept { return *std::launder(reinterpret_cast<State *>(state_place)); }
    const State &state() const noexcept {
      return *std::launder(reinterpret_cast<const State *>(state_place));
    }
  };

  using Waiting = std::conditional_t<waits, WaitingRows<Object, Row>, detail::Nothing>;

  // What the states of a context have in common, with the memory it takes.
  struct Common {
    explicit Common(MemoryContext context)
        : memory(context), shared(Env{.memory = &memory, .cancel_requested = cancel_requested}) {}
    ContextMemory memory;
    [[no_unique_address]] Shared shared;
    std::size_t states = 0;     // made so far
    Waiting *waiting = nullptr; // once they are many
    Object *room = nullptr;     // for the next of them, up to room_end
    Object *room_end = nullptr;
  };

public:
  static Datum unchanged(FunctionCallInfo fcinfo) { return detail::unchanged(fcinfo); }

  // Runs `change(State &)` on the aggregate's state in place, made first if the argument is NULL,
  // or read first if it is not in memory yet (an INITCOND, Citus).
  template <class Change>
  static Datum update(FunctionCallInfo fcinfo, Change &&change) {
    Object *object = PG_ARGISNULL(0) ? nullptr : writable(PG_GETARG_DATUM(0));
    if (object == nullptr) {
      object = begin(fcinfo);
    }
    object->flat_size = 0;
    State &state = object->state();
    if constexpr (std::is_nothrow_invocable_v<Change, State &>) {
      change(state);
    } else {
      compute([&] { change(state); });
    }
    return EOHPGetRWDatum(&object->header);
  }

  // For the rows that change a state in its own memory and cannot fail: the aggregate's state if it
  // is there already, else null, and update() is the way.
  static State *in_place(FunctionCallInfo fcinfo) {
    // The state comes with its header from memory, not after it.
    __builtin_prefetch(DatumGetPointer(PG_GETARG_DATUM(0)) + sizeof(ExpandedObjectHeader), 1);
    Object *object = PG_ARGISNULL(0) ? nullptr : writable(PG_GETARG_DATUM(0));
    if (object == nullptr) [[unlikely]] {
      return nullptr;
    }
    object->flat_size = 0;
    return &object->state();
  }

  // A whole transition: the row into the aggregate's state, at once or later.
  [[gnu::always_inline]] static Datum add(FunctionCallInfo fcinfo, Row row) {
    if (const detail::RowSite *site = detail::row_site(fcinfo)) {
      let_wait(*static_cast<Waiting *>(site->waiting), PG_GETARG_DATUM(0), row);
      return PG_GETARG_DATUM(0);
    }
    if constexpr (requires(State & state) { state.add_at_once(row); }) {
      State *state = in_place(fcinfo);
      if (state != nullptr && state->add_at_once(row)) [[likely]] {
        return PG_GETARG_DATUM(0);
      }
    }
    return add_slowly(fcinfo, row);
  }

  // The state of an argument that is not NULL: the one in memory, or read from the stored form into
  // the current context.
  static const State &argument(FunctionCallInfo fcinfo, int index) {
    return state_of(PG_GETARG_DATUM(index));
  }

  static const State &state_of(Datum datum) {
    if (const Object *object = ours(datum)) {
      settle(*object);
      return object->state();
    }
    return read(CurrentMemoryContext, detail::stored_bytes(datum),
                sqlstate::invalid_binary_representation)
        ->state();
  }

  // The stored form of a state, as a value of the type.
  static Datum datum(const State &state) { return detail::varlena_datum(encoded(state)); }

  // The stored form of a fresh state that `change(State &)` was run on.
  template <class Change>
  static Datum datum_made(Change &&change) {
    Object *object = fresh(CurrentMemoryContext);
    compute([&] { change(object->state()); });
    return datum(object->state());
  }

  static Datum combine(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(1)) {
      return unchanged(fcinfo);
    }
    const State *other = &argument(fcinfo, 1);
    return update(fcinfo, [&](State &state) { state.merge(*other); });
  }

  static Datum in(FunctionCallInfo fcinfo) {
    return decoded(detail::bytes_from_text(PG_GETARG_CSTRING(0), State::format.type),
                   sqlstate::invalid_text_representation);
  }
  static Datum recv(FunctionCallInfo fcinfo) {
    return decoded(detail::bytes_from_message(PG_GETARG_DATUM(0)),
                   sqlstate::invalid_binary_representation);
  }
  static Datum out(FunctionCallInfo fcinfo) {
    PG_RETURN_CSTRING(detail::text_from_bytes(encoded(argument(fcinfo, 0))));
  }
  static Datum send(FunctionCallInfo fcinfo) { return datum(argument(fcinfo, 0)); }

  // For objects that are not an aggregate's: a read-write one with a context of its own below the
  // current one, which the server may hand on or delete.
  static Datum expanded(Datum stored) {
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "starhouse state", ALLOCSET_START_SMALL_SIZES);
    Object *object =
        read(context, detail::stored_bytes(stored), sqlstate::invalid_binary_representation);
    return EOHPGetRWDatum(&object->header);
  }

private:
  static Object *ours(Datum datum) {
    const auto *pointer = reinterpret_cast<const varlena *>(DatumGetPointer(datum));
    if (!VARATT_IS_EXTERNAL_EXPANDED(pointer)) {
      return nullptr;
    }
    // DatumGetEOHP, inline: it is asked for every row.
    varatt_expanded stored;
    std::memcpy(&stored, VARDATA_EXTERNAL(pointer), sizeof stored);
    ExpandedObjectHeader *header = stored.eohptr;
    return header->eoh_methods == &methods ? reinterpret_cast<Object *>(header) : nullptr;
  }

  static Object *writable(Datum datum) {
    const auto *pointer = reinterpret_cast<const varlena *>(DatumGetPointer(datum));
    return VARATT_IS_EXTERNAL_EXPANDED_RW(pointer) ? ours(datum) : nullptr;
  }

  [[gnu::noinline]] static Object *begin(FunctionCallInfo fcinfo) {
    MemoryContext context = detail::states_context(detail::aggregate_context(fcinfo));
    Common *common = common_in(context);
    if (PG_ARGISNULL(0)) {
      return fresh(context, common);
    }
    if (const Object *other = ours(PG_GETARG_DATUM(0))) {
      settle(*other);
      Object *object = fresh(context, common);
      compute([&] { object->state().merge(other->state()); });
      return object;
    }
    return read(context, detail::stored_bytes(PG_GETARG_DATUM(0)),
                sqlstate::invalid_binary_representation, common);
  }

  [[gnu::noinline]] static Datum add_slowly(FunctionCallInfo fcinfo, Row row) {
    const bool first = PG_ARGISNULL(0);
    const Datum datum = update(fcinfo, [&](State &state) { state.add(row); });
    if (first) {
      count_state(fcinfo, *ours(datum));
    }
    return datum;
  }

  static Common *common_in(MemoryContext context) {
    if constexpr (shares || waits) {
      const auto make = [](void *object, MemoryContext states) {
        compute([&] { new (object) Common(states); });
      };
      return static_cast<Common *>(detail::shared_object(context, &methods, sizeof(Common), make));
    } else {
      return nullptr;
    }
  }

  // The row's state is not looked at, but begins to be fetched.
  [[gnu::always_inline]] static void let_wait(Waiting &waiting, Datum datum, const Row &row) {
    char *header = DatumGetPointer(datum) - offsetof(ExpandedObjectHeader, eoh_rw_ptr);
    static_assert(offsetof(Object, state_place) % line == 0);
    __builtin_prefetch(header + offsetof(Object, state_place), 1);
    if constexpr (hot_bytes() > line) {
      __builtin_prefetch(header + offsetof(Object, state_place) + line, 1);
    }
    if (waiting.add(reinterpret_cast<Object *>(header), row)) [[unlikely]] {
      work_off(waiting);
    }
  }
  [[gnu::noinline]] static void work_off(Waiting &waiting) {
    compute([&] { waiting.work_off(); });
  }

  // How much of a State a row looks at, from its begin.
  static constexpr std::size_t hot_bytes() {
    if constexpr (requires { State::hot_bytes; }) {
      return State::hot_bytes;
    } else {
      return line;
    }
  }

  // Memory of an object: of an aggregate's, once they are some, a piece of a larger one.
  static Object *place(MemoryContext context, Common *common) {
    constexpr std::size_t some = 32;
    if (!waits || common == nullptr || common->states < some) {
      return aligned(MemoryContextAlloc(context, sizeof(Object) + alignment - MAXIMUM_ALIGNOF));
    }
    if (common->room == common->room_end) {
      common->room =
          aligned(MemoryContextAlloc(context, some * sizeof(Object) + alignment - MAXIMUM_ALIGNOF));
      common->room_end = common->room + some;
    }
    return common->room++;
  }
  static Object *aligned(void *memory) {
    return reinterpret_cast<Object *>(TYPEALIGN(alignment, memory));
  }

  static void count_state(FunctionCallInfo fcinfo, const Object &object) {
    Common &common = *object.common;
    if (++common.states < many) {
      return;
    }
    MemoryContext context = object.header.eoh_context;
    if (common.waiting == nullptr) {
      common.waiting = new (MemoryContextAlloc(context, sizeof(Waiting))) Waiting();
    }
    detail::open_row_site(fcinfo, context, common.waiting);
  }

  // Before a state is read.
  static void settle(const Object &object) {
    if constexpr (waits) {
      Waiting *waiting = object.common != nullptr ? object.common->waiting : nullptr;
      if (waiting != nullptr && !waiting->empty()) {
        work_off(*waiting);
      }
    }
  }

  static Object *fresh(MemoryContext context, Common *common = nullptr) {
    Object *object = place(context, common);
    EOH_init_header(&object->header, &methods, context);
    object->flat_size = 0;
    object->common = common;
    compute([&] {
      auto *memory = new (object->memory_place) StateMemory(context, State::format.type.data());
      const Env env{.memory = memory, .cancel_requested = cancel_requested};
      if constexpr (shares) {
        new (object->state_place) State(env, common != nullptr ? &common->shared : nullptr);
      } else {
        new (object->state_place) State(env);
      }
    });
    return object;
  }

  static Object *read(MemoryContext context, Bytes bytes, const SqlState &code,
                      Common *common = nullptr) {
    Object *object = fresh(context, common);
    compute([&] { read_state(object->state(), bytes, code); });
    return object;
  }

  // What comes in is kept as we write it, whichever version it was.
  static Datum decoded(Bytes bytes, const SqlState &code) {
    return datum(read(CurrentMemoryContext, bytes, code)->state());
  }

  static std::span<std::byte> encoded(const State &state) {
    std::size_t size = 0;
    compute([&] { size = stored_size(state); });
    const std::span<std::byte> bytes = detail::new_varlena(size);
    compute([&] { write_state(state, bytes); });
    return bytes;
  }

  static Size get_flat_size(ExpandedObjectHeader *header) {
    auto *object = reinterpret_cast<Object *>(header);
    settle(*object);
    if (object->flat_size == 0) {
      std::size_t size = 0;
      compute([&] { size = stored_size(object->state()); });
      object->flat_size = VARHDRSZ + size;
    }
    return object->flat_size;
  }

  static void flatten_into(ExpandedObjectHeader *header, void *result, Size allocated_size) {
    const auto *object = reinterpret_cast<Object *>(header);
    auto *bytes = static_cast<std::byte *>(result) + VARHDRSZ;
    compute([&] { write_state(object->state(), {bytes, allocated_size - VARHDRSZ}); });
    SET_VARSIZE(result, allocated_size);
  }

  static constexpr ExpandedObjectMethods methods{get_flat_size, flatten_into};
};

} // namespace starhouse::pg

// In, out, receive and send functions of a type: starhouse_<name>_in and so on.
#define STARHOUSE_STATE_TYPE(name, States)                                                         \
  STARHOUSE_FUNCTION(starhouse_##name##_in) {                                                      \
    return States::in(fcinfo);                                                                     \
  }                                                                                                \
  STARHOUSE_FUNCTION(starhouse_##name##_out) {                                                     \
    return States::out(fcinfo);                                                                    \
  }                                                                                                \
  STARHOUSE_FUNCTION(starhouse_##name##_recv) {                                                    \
    return States::recv(fcinfo);                                                                   \
  }                                                                                                \
  STARHOUSE_FUNCTION(starhouse_##name##_send) {                                                    \
    return States::send(fcinfo);                                                                   \
  }

// (state, state) -> state: NULL on either side is no rows. Not STRICT.
#define STARHOUSE_STATE_COMBINE(name, States)                                                      \
  STARHOUSE_FUNCTION(starhouse_##name) {                                                           \
    return States::combine(fcinfo);                                                                \
  }
