// LD_PRELOAD: a process whose clock is CLOCK_SKEW seconds off. What the kernel counts relatively or
// on the monotonic clock stays as it is; waits until a moment on the wrong clock end when that
// clock says so.
#include <cstdlib>
#include <ctime>
#include <dlfcn.h>
#include <pthread.h>
#include <sys/time.h>

namespace {

time_t skew() {
  static const time_t seconds = [] {
    const char *text = std::getenv("CLOCK_SKEW");
    return text == nullptr ? 0 : static_cast<time_t>(std::atol(text));
  }();
  return seconds;
}

template <class Function>
Function *next(const char *name) {
  void *found = nullptr;
#ifdef __x86_64__ // two of it are there; the unversioned look-up finds the older one, of other
                  // layout
  found = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
#endif
  return reinterpret_cast<Function *>(found != nullptr ? found : dlsym(RTLD_NEXT, name));
}

// A moment of the monotonic clock is far below any of this century.
timespec for_kernel(const timespec &moment) {
  timespec real = moment;
  real.tv_sec -= moment.tv_sec > 1'000'000'000 ? skew() : 0;
  return real;
}

} // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec *now) noexcept {
  static auto *const real = next<int(clockid_t, timespec *)>("clock_gettime");
  const int status = real(clock, now);
  if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    now->tv_sec += skew();
  }
  return status;
}

// C11's, from which librdkafka takes the moments it waits until: in the C library it does not go
// through clock_gettime above.
int timespec_get(timespec *now, int base) noexcept {
  return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, now) == 0 ? base : 0;
}

int gettimeofday(timeval *now, void *) noexcept {
  timespec precise{};
  const int status = clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return status;
}

time_t time(time_t *now) noexcept {
  timespec precise{};
  clock_gettime(CLOCK_REALTIME, &precise);
  if (now != nullptr) {
    *now = precise.tv_sec;
  }
  return precise.tv_sec;
}

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                           const timespec *until) {
  static auto *const real =
      next<int(pthread_cond_t *, pthread_mutex_t *, const timespec *)>("pthread_cond_timedwait");
  const timespec moment = for_kernel(*until);
  return real(condition, mutex, &moment);
}

int pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *mutex, clockid_t clock,
                           const timespec *until) {
  static auto *const real =
      next<int(pthread_cond_t *, pthread_mutex_t *, clockid_t, const timespec *)>(
          "pthread_cond_clockwait");
  const timespec moment = clock == CLOCK_REALTIME ? for_kernel(*until) : *until;
  return real(condition, mutex, clock, &moment);
}

// C11's, which newer librdkafkas wait by; the arguments' types are of <threads.h>, a header of C.
int cnd_timedwait(void *condition, void *mutex, const timespec *until) {
  static auto *const real = next<int(void *, void *, const timespec *)>("cnd_timedwait");
  const timespec moment = for_kernel(*until);
  return real(condition, mutex, &moment);
}
}
