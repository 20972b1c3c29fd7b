/* Preloaded into a program, shows it another time: the file that CALLHOME_LEAP names holds how many seconds the system's
   clock, and the machine's count since it was switched on, are ahead of the real ones. Read anew at each look. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void leap(long long *wall, long long *uptime) {
    char text[64] = "";
    *wall = *uptime = 0;
    const char *path = getenv("CALLHOME_LEAP");
    if (path == NULL) return;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    if (read(file, text, sizeof text - 1) > 0) sscanf(text, "%lld %lld", wall, uptime);
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (result != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_BOOTTIME)) return result;
    long long wall, uptime;
    leap(&wall, &uptime);
    time->tv_sec += clock == CLOCK_REALTIME ? wall : uptime;
    return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    if (result != NULL) *result = now.tv_sec;
    return now.tv_sec;
}
