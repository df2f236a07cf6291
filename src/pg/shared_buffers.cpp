#include "pg/shared_buffers.hpp"

extern "C" {
#include "postgres.h"
#include "storage/bufmgr.h"
#include "storage/fd.h"
#include "utils/guc.h"
}

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace starhouse::pg {

namespace {

// Linux names such a mapping of the server's "/anon_hugepage (deleted)".
bool mapped_by_huge_pages(const void *place) {
  FILE *maps = AllocateFile("/proc/self/maps", "r");
  if (maps == nullptr) {
    return false;
  }
  const auto wanted = reinterpret_cast<std::uintptr_t>(place);
  char line[1024];
  bool huge = false;
  while (std::fgets(line, sizeof line, maps) != nullptr) {
    std::uintptr_t first = 0;
    std::uintptr_t end = 0;
    if (std::sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &first, &end) == 2 && wanted >= first &&
        wanted < end) {
      huge = std::strstr(line, "/anon_hugepage") != nullptr;
      break;
    }
  }
  FreeFile(maps);
  return huge;
}

bool find_out() {
  if (const char *status = GetConfigOption("huge_pages_status", true, false)) { // from 17 on
    return std::strcmp(status, "on") == 0;
  }
  const char *wish = GetConfigOption("huge_pages", true, false);
  if (wish == nullptr || std::strcmp(wish, "off") == 0) {
    return false;
  }
  return std::strcmp(wish, "on") == 0 || mapped_by_huge_pages(BufferBlocks);
}

} // namespace

bool shared_buffers_in_huge_pages() {
  enum class Known : std::uint8_t { not_yet, yes, no };
  static Known known = Known::not_yet; // it does not change while a server runs
  if (known == Known::not_yet) {
    known = find_out() ? Known::yes : Known::no;
  }
  return known == Known::yes;
}

} // namespace starhouse::pg
