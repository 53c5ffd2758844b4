/*
 * Faults between a program and its files, preloaded into it. Only what lies below FAULT_DIR is touched; SQLite's shared
 * memory is not, since nothing of it outlives the process.
 *
 * FAULT_PLAN     what goes wrong: `what:kind:at:count:suffix`, several joined by commas. From the `at`-th call of that
 *                kind on a file whose name ends with `suffix`, `count` calls go wrong, counted from 1.
 *                what: `before`, `torn` or `after` (the process is killed before the call, in the middle of a write, after
 *                it), `eio`, `enospc`, `last` (it fails with EIO, and the next call of any kind kills the process). kind: `write`, `sync`, `any`.
 * FAULT_SWITCH   nothing is counted until this file is there.
 * FAULT_TRACE    a line is appended here for each call that went wrong.
 * FAULT_JOURNAL  every change is appended here in its order, so that the disk can be made as a power cut leaves it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, NAME = 4, TRUNCATE = 8 };
enum { FINE, BEFORE, TORN, AFTER, FAIL_EIO, FAIL_ENOSPC, LAST };
enum { FILES = 65536, RULES = 8 };

struct rule {
    int what, kinds;
    long at, count, seen;
    char suffix[64];
};

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static char *tracked[FILES];
static struct rule rules[RULES];
static int rule_count, is_doomed;
static const char *dir, *switch_file, *trace;
static int journal = -1;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

static void complain(const char *text) {
    (void)!syscall(SYS_write, 2, text, strlen(text));
    _exit(99);
}

static void read_plan(char *plan) {
    for (char *rest, *one = strtok_r(plan, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
        char what[16], kind[16];
        struct rule *rule = &rules[rule_count];
        if (rule_count == RULES) complain("FAULT_PLAN has too many parts\n");
        if (sscanf(one, "%15[^:]:%15[^:]:%ld:%ld:%63s", what, kind, &rule->at, &rule->count, rule->suffix) < 4)
            complain("FAULT_PLAN cannot be read\n");
        rule->what = !strcmp(what, "before") ? BEFORE : !strcmp(what, "torn") ? TORN : !strcmp(what, "after") ? AFTER
                   : !strcmp(what, "eio") ? FAIL_EIO : !strcmp(what, "enospc") ? FAIL_ENOSPC
                   : !strcmp(what, "last") ? LAST : FINE;
        rule->kinds = !strcmp(kind, "write") ? WRITE : !strcmp(kind, "sync") ? SYNC
                    : !strcmp(kind, "any") ? WRITE | SYNC | NAME | TRUNCATE : 0;
        if (rule->what == FINE || !rule->kinds) complain("FAULT_PLAN names something unknown\n");
        rule_count++;
    }
}

/* Ends the journal behind its last whole record: the process before this one may have been killed while it wrote one. */
static void trim_journal(void) {
    uint64_t head[4];
    off64_t end = lseek64(journal, 0, SEEK_END), at = 0;
    while (syscall(SYS_pread64, journal, head, sizeof head, at) == (long)sizeof head && head[0]
           && head[3] <= (uint64_t)(end - at) - sizeof head)
        at += sizeof head + head[3];
    if (at < end && syscall(SYS_ftruncate, journal, at) != 0) complain("FAULT_JOURNAL cannot be trimmed\n");
}

__attribute__((constructor)) static void start(void) {
    char *plan = getenv("FAULT_PLAN"), *changes = getenv("FAULT_JOURNAL");
    dir = getenv("FAULT_DIR");
    switch_file = getenv("FAULT_SWITCH");
    trace = getenv("FAULT_TRACE");
    if (plan) read_plan(strdup(plan));
    if (changes) {
        journal = syscall(SYS_openat, AT_FDCWD, changes, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (journal < 0) complain("FAULT_JOURNAL cannot be opened\n");
        trim_journal();
    }
}

static int ends_with(const char *text, const char *suffix) {
    size_t length = strlen(text), tail = strlen(suffix);
    return length >= tail && !strcmp(text + length - tail, suffix);
}

static int is_ours(const char *path) {
    size_t length = dir ? strlen(dir) : 0;
    return length && path && !strncmp(path, dir, length) && (path[length] == '/' || !path[length]) && !ends_with(path, "-shm");
}

static const char *path_of(int fd) { return fd >= 0 && fd < FILES ? tracked[fd] : NULL; }

/* What is to go wrong with this call. The lock is held. */
static int fate(int kind, const char *path) {
    int found = FINE;
    if (is_doomed) return BEFORE;
    if (!rule_count || (switch_file && syscall(SYS_faccessat, AT_FDCWD, switch_file, F_OK) != 0)) return FINE;
    for (struct rule *rule = rules; rule < rules + rule_count; rule++) {
        if (!(rule->kinds & kind) || !ends_with(path, rule->suffix)) continue;
        long seen = ++rule->seen;
        if (found == FINE && seen >= rule->at && seen < rule->at + rule->count) found = rule->what;
    }
    if (found != FINE && trace) {
        char line[PATH_MAX + 32];
        int fd = syscall(SYS_openat, AT_FDCWD, trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        int length = snprintf(line, sizeof line, "%d %d %s\n", found, kind, path);
        (void)!syscall(SYS_write, fd, line, length);
        syscall(SYS_close, fd);
    }
    return found;
}

static void die(void) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
}

/* Whether the call is to fail, and with what. */
static int fails(int fate) {
    if (fate == BEFORE) die();
    if (fate == LAST) {
        is_doomed = 1;
        fate = FAIL_EIO;
    }
    errno = fate == FAIL_EIO ? EIO : fate == FAIL_ENOSPC ? ENOSPC : errno;
    return fate == FAIL_EIO || fate == FAIL_ENOSPC;
}

/* A record: kind, a number, another one, the length of what follows, and that. */
static void record(char kind, uint64_t a, uint64_t b, const void *data, uint64_t length) {
    if (journal < 0) return;
    uint64_t head[4] = {(uint64_t)kind, a, b, length};
    struct iovec parts[2] = {{head, sizeof head}, {(void *)data, length}};
    if (syscall(SYS_writev, journal, parts, length ? 2 : 1) != (long)(sizeof head + length))
        complain("FAULT_JOURNAL cannot be written\n");
}

static uint64_t journal_end(void) { return journal < 0 ? 0 : (uint64_t)lseek64(journal, 0, SEEK_END); }

static uint64_t number_of(int fd) {
    struct stat64 stat;
    return fstat64(fd, &stat) == 0 ? stat.st_ino : 0;
}

/* Two paths as one text, a line each. */
static void record_names(char kind, const char *from, const char *to) {
    char both[2 * PATH_MAX + 2];
    int length = snprintf(both, sizeof both, "%s\n%s", from, to);
    record(kind, 0, 0, both, length);
}

static int opened(int fd, const char *path, int is_new) {
    if (fd < 0 || fd >= FILES) return fd;
    struct stat64 stat;
    pthread_mutex_lock(&order);
    tracked[fd] = strdup(path);
    if (fstat64(fd, &stat) == 0 && S_ISREG(stat.st_mode)) record(is_new ? 'C' : 'O', stat.st_ino, 0, path, strlen(path));
    pthread_mutex_unlock(&order);
    return fd;
}

static int is_missing(const char *path) {
    struct stat64 stat;
    return fstatat64(AT_FDCWD, path, &stat, 0) != 0;
}

#define OPEN(name)                                                              \
    int name(const char *path, int flags, ...) {                                \
        va_list more;                                                           \
        va_start(more, flags);                                                  \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; \
        va_end(more);                                                           \
        int ours = is_ours(path), is_new = ours && is_missing(path);            \
        int fd = REAL(name)(path, flags, mode);                                 \
        if (fd >= 0 && ours && flags & O_TRUNC) complain("O_TRUNC is not modelled\n"); \
        return ours ? opened(fd, path, is_new) : fd;                            \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    if (path_of(fd)) {
        pthread_mutex_lock(&order);
        free(tracked[fd]);
        tracked[fd] = NULL;
        pthread_mutex_unlock(&order);
    }
    return REAL(close)(fd);
}

static ssize_t written(int fd, const void *data, size_t length, off64_t at, const char *path) {
    pthread_mutex_lock(&order);
    int fate_ = fate(WRITE, path);
    ssize_t done = -1;
    if (!fails(fate_)) {
        if (fate_ == TORN) length = length / 2;
        done = REAL(pwrite64)(fd, data, length, at);
        if (done > 0) record('W', number_of(fd), at, data, done);
        if (fate_ == TORN || fate_ == AFTER) die();
    }
    int error = errno;
    pthread_mutex_unlock(&order);
    errno = error;
    return done;
}

ssize_t write(int fd, const void *data, size_t length) {
    const char *path = path_of(fd);
    if (!path) return REAL(write)(fd, data, length);
    ssize_t done = written(fd, data, length, lseek64(fd, 0, SEEK_CUR), path);
    if (done > 0) lseek64(fd, done, SEEK_CUR);
    return done;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at) {
    const char *path = path_of(fd);
    return path ? written(fd, data, length, at, path) : REAL(pwrite64)(fd, data, length, at);
}
ssize_t pwrite(int fd, const void *data, size_t length, off_t at) { return pwrite64(fd, data, length, at); }

/* The lock is not held meanwhile: what is written during a sync need not be in it. */
static int synced(int fd, int (*sync)(int), const char *path) {
    pthread_mutex_lock(&order);
    int fate_ = fate(SYNC, path);
    uint64_t from = journal_end(), number = number_of(fd);
    int failed = fails(fate_), error = errno;
    struct stat64 stat;
    int is_dir = fstat64(fd, &stat) == 0 && S_ISDIR(stat.st_mode);
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    /* The kernel takes what it failed to write for written: a later sync does not write it. */
    if (failed && !is_dir) record('F', number, from, NULL, 0);
    pthread_mutex_unlock(&order);
    if (failed) {
        errno = error;
        return -1;
    }
    int done = sync(fd);
    error = errno;
    pthread_mutex_lock(&order);
    if (done == 0) record(is_dir ? 'D' : 'S', number, from, copy, strlen(copy));
    if (fate_ == AFTER || fate_ == TORN) die();
    pthread_mutex_unlock(&order);
    errno = error;
    return done;
}
int fsync(int fd) {
    const char *path = path_of(fd);
    return path ? synced(fd, REAL(fsync), path) : REAL(fsync)(fd);
}
int fdatasync(int fd) {
    const char *path = path_of(fd);
    return path ? synced(fd, REAL(fdatasync), path) : REAL(fdatasync)(fd);
}

int ftruncate64(int fd, off64_t size) {
    const char *path = path_of(fd);
    if (!path) return REAL(ftruncate64)(fd, size);
    pthread_mutex_lock(&order);
    int fate_ = fate(TRUNCATE, path), done = -1;
    if (!fails(fate_)) {
        done = REAL(ftruncate64)(fd, size);
        if (done == 0) record('T', number_of(fd), size, NULL, 0);
        if (fate_ == TORN || fate_ == AFTER) die();
    }
    int error = errno;
    pthread_mutex_unlock(&order);
    errno = error;
    return done;
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

/* A change of names: `call` is what is done, `kind` and the paths what is recorded of it. */
#define NAMES(call, kind, from, to)                     \
    pthread_mutex_lock(&order);                         \
    int fate_ = fate(NAME, from), done = -1;            \
    if (!fails(fate_)) {                                \
        done = call;                                    \
        if (done == 0) record_names(kind, from, to);    \
        if (fate_ == TORN || fate_ == AFTER) die();     \
    }                                                   \
    int error = errno;                                  \
    pthread_mutex_unlock(&order);                       \
    errno = error;                                      \
    return done;

int unlink(const char *path) {
    if (!is_ours(path)) return REAL(unlink)(path);
    NAMES(REAL(unlink)(path), 'U', path, "")
}
int rename(const char *from, const char *to) {
    if (!is_ours(from)) return REAL(rename)(from, to);
    NAMES(REAL(rename)(from, to), 'R', from, to)
}
int linkat(int a, const char *from, int b, const char *to, int flags) {
    if (!is_ours(from)) return REAL(linkat)(a, from, b, to, flags);
    NAMES(REAL(linkat)(a, from, b, to, flags), 'L', from, to)
}
int mkdir(const char *path, mode_t mode) {
    if (!is_ours(path)) return REAL(mkdir)(path, mode);
    NAMES(REAL(mkdir)(path, mode), 'M', path, "")
}

/* What is not modelled must not be used unseen. */
ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (path_of(fd)) complain("writev is not modelled\n");
    return REAL(writev)(fd, parts, count);
}
int posix_fallocate64(int fd, off64_t at, off64_t length) {
    if (path_of(fd)) complain("posix_fallocate is not modelled\n");
    return REAL(posix_fallocate64)(fd, at, length);
}
