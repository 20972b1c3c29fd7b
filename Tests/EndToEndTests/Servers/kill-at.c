/* Preloaded into an agent, ends it by SIGKILL at one of the system calls by which it takes other patterns.

   The file that CALLHOME_KILL_AT names holds the number of the call, and how much of it is still done: "17 0" dies before the 17th
   call, "17 1" writes half of what the 17th is to write. Calls that change something below CALLHOME_KILL_STATE are counted, from the
   first that touches a pack under patterns/ on; "0 0" counts and kills nobody. Each is a line of CALLHOME_KILL_LOG. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int counted;
static int armed;

static int below(const char *path) {
    const char *state = getenv("CALLHOME_KILL_STATE");
    return state != NULL && path != NULL && strncmp(path, state, strlen(state)) == 0;
}

/* A pack that is being written: 64 digits, ".json.new". */
static int is_pack(const char *path) {
    const char *name = strrchr(path, '/');
    return name != NULL && strlen(name) == 74 && strstr(path, "/patterns/") != NULL;
}

static void of_file(int file, char path[4096]) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, 4095);
    path[length < 0 ? 0 : length] = 0;
}

static void note(const char *text) {
    const char *name = getenv("CALLHOME_KILL_LOG");
    int log = name == NULL ? -1 : (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0) return;
    syscall(SYS_write, log, text, strlen(text));
    syscall(SYS_close, log);
}

/* Returns whether half of a write is to be done before it dies. */
static int at(const char *call, const char *path, int can_be_half) {
    if (!below(path)) return 0;
    if (!armed && is_pack(path)) __atomic_store_n(&armed, 1, __ATOMIC_SEQ_CST);
    if (!armed) return 0;
    int number = __atomic_add_fetch(&counted, 1, __ATOMIC_SEQ_CST);
    int wanted = 0, half = 0;
    char text[4300] = "";
    const char *name = getenv("CALLHOME_KILL_AT");
    int file = name == NULL ? -1 : (int)syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        if (syscall(SYS_read, file, text, 63) > 0) sscanf(text, "%d %d", &wanted, &half);
        syscall(SYS_close, file);
    }
    snprintf(text, sizeof text, "%d %s %s%s\n", number, call, path, number == wanted ? " killed" : "");
    note(text);
    if (number != wanted) return 0;
    if (half && can_be_half) return 1;
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
}

static void die(void) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
}

static int opened(int folder, const char *path, int flags, mode_t mode) {
    if (flags & (O_CREAT | O_TRUNC)) at("open", path, 0);
    return (int)syscall(SYS_openat, folder, path, flags, mode);
}

#define OPEN(name, large) \
    int name(const char *path, int flags, ...) { \
        va_list list; va_start(list, flags); mode_t mode = va_arg(list, mode_t); va_end(list); \
        return opened(AT_FDCWD, path, flags | (large), mode); \
    }
OPEN(open, 0)
OPEN(open64, O_LARGEFILE)

#define OPENAT(name, large) \
    int name(int folder, const char *path, int flags, ...) { \
        va_list list; va_start(list, flags); mode_t mode = va_arg(list, mode_t); va_end(list); \
        return opened(folder, path, flags | (large), mode); \
    }
OPENAT(openat, 0)
OPENAT(openat64, O_LARGEFILE)

ssize_t write(int file, const void *bytes, size_t count) {
    if (armed) {
        char path[4096];
        of_file(file, path);
        if (at("write", path, 1)) { syscall(SYS_write, file, bytes, count / 2); die(); }
    }
    return syscall(SYS_write, file, bytes, count);
}

static ssize_t placed(int file, const void *bytes, size_t count, off_t place) {
    if (armed) {
        char path[4096];
        of_file(file, path);
        if (at("pwrite", path, 1)) { syscall(SYS_pwrite64, file, bytes, count / 2, place); die(); }
    }
    return syscall(SYS_pwrite64, file, bytes, count, place);
}
ssize_t pwrite(int file, const void *bytes, size_t count, off_t place) { return placed(file, bytes, count, place); }
ssize_t pwrite64(int file, const void *bytes, size_t count, off_t place) { return placed(file, bytes, count, place); }

#define OF_FILE(name, number, ...) \
    if (armed) { char path[4096]; of_file(file, path); at(name, path, 0); } \
    return (int)syscall(number, file, ##__VA_ARGS__);
int fsync(int file) { OF_FILE("fsync", SYS_fsync) }
int fdatasync(int file) { OF_FILE("fdatasync", SYS_fdatasync) }
int fchmod(int file, mode_t mode) { OF_FILE("fchmod", SYS_fchmod, mode) }
int ftruncate(int file, off_t length) { OF_FILE("ftruncate", SYS_ftruncate, length) }
int ftruncate64(int file, off_t length) { OF_FILE("ftruncate", SYS_ftruncate, length) }

int unlink(const char *path) { at("unlink", path, 0); return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0); }
int unlinkat(int folder, const char *path, int flags) {
    at("unlink", path, 0);
    return (int)syscall(SYS_unlinkat, folder, path, flags);
}
int rmdir(const char *path) { at("rmdir", path, 0); return (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR); }
int remove(const char *path) {
    struct stat status;
    if (lstat(path, &status) == 0 && S_ISDIR(status.st_mode)) return rmdir(path);
    return unlink(path);
}
int rename(const char *old, const char *new) {
    at("rename", new, 0);
    return (int)syscall(SYS_renameat2, AT_FDCWD, old, AT_FDCWD, new, 0);
}
int renameat(int from, const char *old, int to, const char *new) {
    at("rename", new, 0);
    return (int)syscall(SYS_renameat2, from, old, to, new, 0);
}
int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
    at("rename", new, 0);
    return (int)syscall(SYS_renameat2, from, old, to, new, flags);
}
int mkdir(const char *path, mode_t mode) { at("mkdir", path, 0); return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode); }
int chmod(const char *path, mode_t mode) { at("chmod", path, 0); return (int)syscall(SYS_fchmodat, AT_FDCWD, path, mode); }
