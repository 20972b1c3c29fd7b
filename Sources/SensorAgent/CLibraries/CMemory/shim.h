#pragma once
#include <malloc.h>
#include <sys/prctl.h>

/// PR_SET_THP_DISABLE of prctl(2), which is variadic and so out of Swift's reach. 0, or -1 with errno.
static inline int callhome_disable_huge_pages(void) { return prctl(PR_SET_THP_DISABLE, 1L, 0L, 0L, 0L); }
