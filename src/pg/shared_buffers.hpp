// How shared buffers lie in memory.
#pragma once

namespace starhouse::pg {

// Whether they are in huge pages. Where they are not, each process maps every 4 kB of them for
// itself as it comes to them for the first time: the pages of a large table cost a new worker more
// than to scan their rows. False where that is not to be found out.
bool shared_buffers_in_huge_pages();

} // namespace starhouse::pg
