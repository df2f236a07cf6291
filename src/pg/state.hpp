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

extern "C" {
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

struct NoShared {};
template <class State>
struct SharedBy {
  using type = NoShared;
};
template <class State>
requires requires {
  typename State::Shared;
}
struct SharedBy<State> {
  using type = typename State::Shared;
};

} // namespace detail

// A State may name a type Shared, of which all states of one aggregate get the same object as a
// second constructor argument (null for a state outside of aggregates): rows can wait there and be
// put into many states at once. It is built from an Env, and gone with the states.
template <StoredState State>
class ExpandedState {
  using Shared = typename detail::SharedBy<State>::type;
  static constexpr bool shares = !std::same_as<Shared, detail::NoShared>;
  static_assert(std::constructible_from<State, const Env &>);
  static_assert(alignof(State) <= MAXIMUM_ALIGNOF && alignof(Shared) <= MAXIMUM_ALIGNOF);

  // The core state right after the header, so that both come with one or two cache lines: groups
  // by the ten thousand are not in the cache. Lives in context memory, without a destructor.
  struct Object {
    ExpandedObjectHeader header; // first: the server knows no more of it
    std::size_t flat_size;       // of the stored form with its varlena header; 0: not worked out
    alignas(State) std::byte state_place[sizeof(State)];
    alignas(StateMemory) std::byte memory_place[sizeof(StateMemory)];

    State &state() noexcept { return *std::launder(reinterpret_cast<State *>(state_place)); }
    const State &state() const noexcept {
      return *std::launder(reinterpret_cast<const State *>(state_place));
    }
  };

  // The Shared object of a context of states, with the memory it takes.
  struct Common {
    explicit Common(MemoryContext context)
        : memory(context), shared(Env{.memory = &memory, .cancel_requested = cancel_requested}) {}
    ContextMemory memory;
    Shared shared;
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

  // The state of an argument that is not NULL: the one in memory, or read from the stored form into
  // the current context.
  static const State &argument(FunctionCallInfo fcinfo, int index) {
    return state_of(PG_GETARG_DATUM(index));
  }

  static const State &state_of(Datum datum) {
    if (const Object *object = ours(datum)) {
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
    Shared *shared = shared_in(context);
    if (PG_ARGISNULL(0)) {
      return fresh(context, shared);
    }
    if (const Object *other = ours(PG_GETARG_DATUM(0))) {
      Object *object = fresh(context, shared);
      compute([&] { object->state().merge(other->state()); });
      return object;
    }
    return read(context, detail::stored_bytes(PG_GETARG_DATUM(0)),
                sqlstate::invalid_binary_representation, shared);
  }

  static Shared *shared_in(MemoryContext context) {
    if constexpr (shares) {
      const auto make = [](void *object, MemoryContext states) {
        compute([&] { new (object) Common(states); });
      };
      return &static_cast<Common *>(detail::shared_object(context, &methods, sizeof(Common), make))
                  ->shared;
    } else {
      return nullptr;
    }
  }

  static Object *fresh(MemoryContext context, Shared *shared = nullptr) {
    auto *object = static_cast<Object *>(MemoryContextAlloc(context, sizeof(Object)));
    EOH_init_header(&object->header, &methods, context);
    object->flat_size = 0;
    compute([&] {
      auto *memory = new (object->memory_place) StateMemory(context, State::format.type.data());
      const Env env{.memory = memory, .cancel_requested = cancel_requested};
      if constexpr (shares) {
        new (object->state_place) State(env, shared);
      } else {
        new (object->state_place) State(env);
      }
    });
    return object;
  }

  static Object *read(MemoryContext context, Bytes bytes, const SqlState &code,
                      Shared *shared = nullptr) {
    Object *object = fresh(context, shared);
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
