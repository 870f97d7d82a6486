#define _GNU_SOURCE
#include "clinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif

#define MAX_SLOTS 64

static int facts(int directory, const char *path, int flags, struct clinux_file_facts *out) {
    struct statx s;
    if (statx(directory, path, flags | AT_STATX_SYNC_AS_STAT, STATX_BASIC_STATS | STATX_BTIME, &s) != 0) return -errno;
    out->device = makedev(s.stx_dev_major, s.stx_dev_minor);
    out->inode = s.stx_ino;
    out->birth = (s.stx_mask & STATX_BTIME) ? s.stx_btime.tv_sec * 1000000000LL + s.stx_btime.tv_nsec : 0;
    out->modified = s.stx_mtime.tv_sec * 1000000000LL + s.stx_mtime.tv_nsec;
    out->size = s.stx_size;
    out->is_regular = S_ISREG(s.stx_mode);
    return 0;
}

int clinux_facts_of_path(const char *path, int follows, struct clinux_file_facts *out) {
    return facts(AT_FDCWD, path, follows ? 0 : AT_SYMLINK_NOFOLLOW, out);
}

int clinux_facts_of_descriptor(int descriptor, struct clinux_file_facts *out) {
    return facts(descriptor, "", AT_EMPTY_PATH, out);
}

static int bind_network(const char *host, uint16_t *port, int type) {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
    socklen_t length;
    memset(&address, 0, sizeof address);
    if (inet_pton(AF_INET, host, &address.v4.sin_addr) == 1) {
        address.v4.sin_family = AF_INET;
        address.v4.sin_port = htons(*port);
        length = sizeof address.v4;
    } else if (inet_pton(AF_INET6, host, &address.v6.sin6_addr) == 1) {
        address.v6.sin6_family = AF_INET6;
        address.v6.sin6_port = htons(*port);
        length = sizeof address.v6;
    } else {
        return -EINVAL;
    }
    int descriptor = socket(address.any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return -errno;
    // Connections of the last run that linger must not keep a restart from its port; a listener still does.
    int one = 1;
    if (type == SOCK_STREAM) setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(descriptor, &address.any, length) != 0 || getsockname(descriptor, &address.any, &length) != 0) {
        int code = errno;
        close(descriptor);
        return -code;
    }
    *port = ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
    return descriptor;
}

int clinux_bind_udp(const char *host, uint16_t *port) { return bind_network(host, port, SOCK_DGRAM); }

int clinux_listen_tcp(const char *host, uint16_t *port, int backlog) {
    int descriptor = bind_network(host, port, SOCK_STREAM);
    if (descriptor < 0 || listen(descriptor, backlog) == 0) return descriptor;
    int code = errno;
    close(descriptor);
    return -code;
}

static int unix_address(const char *path, struct sockaddr_un *address) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    size_t length = strlen(path);
    if (length == 0) return -EINVAL;
    if (length >= sizeof address->sun_path) return -ENAMETOOLONG;
    memcpy(address->sun_path, path, length);
    return 0;
}

// Whether somebody listens: only a refused connection proves that nobody does.
static int is_stale(const struct sockaddr_un *address, int type) {
    int probe = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0) return -errno;
    int code = connect(probe, (const struct sockaddr *)address, sizeof *address) == 0 ? 0 : errno;
    close(probe);
    if (code == ECONNREFUSED) return 1;
    return code == EACCES || code == EPERM ? -EACCES : 0;
}

static int clear_path(const char *path, const struct sockaddr_un *address, int type) {
    struct stat s;
    if (lstat(path, &s) != 0) return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(s.st_mode)) return -ENOTSOCK;
    int stale = is_stale(address, type);
    if (stale <= 0) return stale < 0 ? stale : -EADDRINUSE;
    return unlink(path) == 0 || errno == ENOENT ? 0 : -errno;
}

// Two daemons that start at one moment must not take each other's new socket for a stale one: the directory is locked
// between the look and the bind. Returns a descriptor to close, or -1 where a directory cannot be locked.
static int lock_directory(const char *path) {
    char directory[sizeof(((struct sockaddr_un *)0)->sun_path)];
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    if (length >= sizeof directory) return -1;
    memcpy(directory, path, length);
    directory[length] = 0;
    int descriptor = open(length > 0 ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return -1;
    for (int attempt = 0; attempt < 50; attempt++) {
        if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
        struct timespec pause = {.tv_sec = 0, .tv_nsec = 20000000};
        nanosleep(&pause, NULL);
    }
    close(descriptor);
    return -1;
}

int clinux_bind_unix(const char *path, int backlog, uint32_t mode, struct clinux_socket_file *file) {
    struct sockaddr_un address;
    int type = backlog > 0 ? SOCK_STREAM : SOCK_DGRAM;
    int code = unix_address(path, &address);
    if (code != 0) return code;
    int lock = lock_directory(path);
    code = clear_path(path, &address, type);
    int descriptor = code != 0 ? code : socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (code == 0 && descriptor < 0) descriptor = -errno;
    if (descriptor >= 0) {
        struct stat s;
        // The file takes the mode of the descriptor less the mask of the process, so it is never too open.
        mode_t mask = umask(0);
        int failed = fchmod(descriptor, mode & 0777) != 0 ||
                     bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0;
        int bind_code = errno;
        umask(mask);
        if (failed) {
            close(descriptor);
            descriptor = -bind_code;
        } else if (lstat(path, &s) != 0 || (backlog > 0 && listen(descriptor, backlog) != 0)) {
            int listen_code = errno;
            unlink(path);
            close(descriptor);
            descriptor = -listen_code;
        } else {
            file->device = s.st_dev;
            file->inode = s.st_ino;
        }
    }
    if (lock >= 0) close(lock);
    return descriptor;
}

int clinux_remove_socket(const char *path, const struct clinux_socket_file *file) {
    struct stat s;
    if (lstat(path, &s) != 0) return -errno;
    if (!S_ISSOCK(s.st_mode) || s.st_dev != file->device || s.st_ino != file->inode) return -ENOENT;
    return unlink(path) == 0 ? 0 : -errno;
}

int clinux_accept(int descriptor) {
    int connection;
    do {
        connection = accept4(descriptor, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    } while (connection < 0 && errno == EINTR);
    return connection < 0 ? -errno : connection;
}

int clinux_receive(int descriptor, void *slots, size_t slot_bytes, int slot_count, uint32_t *lengths, uint32_t *drops) {
    struct mmsghdr messages[MAX_SLOTS];
    struct iovec vectors[MAX_SLOTS];
    union {
        char bytes[CMSG_SPACE(sizeof(uint32_t))];
        struct cmsghdr align;
    } controls[MAX_SLOTS];
    if (slot_count > MAX_SLOTS) slot_count = MAX_SLOTS;
    memset(messages, 0, sizeof messages[0] * (size_t)slot_count);
    for (int i = 0; i < slot_count; i++) {
        vectors[i].iov_base = (char *)slots + slot_bytes * (size_t)i;
        vectors[i].iov_len = slot_bytes;
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
        messages[i].msg_hdr.msg_control = controls[i].bytes;
        messages[i].msg_hdr.msg_controllen = sizeof controls[i].bytes;
    }
    int count;
    do {
        count = recvmmsg(descriptor, messages, (unsigned)slot_count, MSG_DONTWAIT | MSG_TRUNC, NULL);
    } while (count < 0 && errno == EINTR);
    if (count < 0) return (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : -errno;
    for (int i = 0; i < count; i++) lengths[i] = messages[i].msg_len;
    if (count > 0) {
        struct cmsghdr *control = CMSG_FIRSTHDR(&messages[count - 1].msg_hdr);
        if (control && control->cmsg_level == SOL_SOCKET && control->cmsg_type == SO_RXQ_OVFL)
            memcpy(drops, CMSG_DATA(control), sizeof *drops);
    }
    return count;
}

int clinux_report_drops(int descriptor) {
    int one = 1;
    return setsockopt(descriptor, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof one) == 0 ? 0 : -errno;
}

int clinux_socket_drops(int descriptor, uint32_t *drops) {
    uint32_t info[SK_MEMINFO_VARS];
    socklen_t length = sizeof info;
    memset(info, 0, sizeof info);
    if (getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, info, &length) != 0) return -errno;
    if (length < (SK_MEMINFO_DROPS + 1) * sizeof info[0]) return -ENODATA;
    *drops = info[SK_MEMINFO_DROPS];
    return 0;
}

int clinux_set_receive_buffer(int descriptor, int bytes) {
    if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0 &&
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) != 0)
        return -errno;
    int granted = 0;
    socklen_t length = sizeof granted;
    if (getsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &granted, &length) != 0) return -errno;
    return granted;
}

int clinux_event_create(void) {
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

void clinux_event_signal(int descriptor) {
    uint64_t one = 1;
    ssize_t ignored = write(descriptor, &one, sizeof one);
    (void)ignored;
}

void clinux_event_clear(int descriptor) {
    uint64_t value;
    ssize_t ignored = read(descriptor, &value, sizeof value);
    (void)ignored;
}

void clinux_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

static int release_object(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size;
    (void)context;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        // Pages that were ever writable may hold relocations, which exist nowhere else.
        if (header->p_type != PT_LOAD || (header->p_flags & PF_W) != 0) continue;
        const uintptr_t start = (info->dlpi_addr + header->p_vaddr) & ~(page - 1);
        const uintptr_t end = (info->dlpi_addr + header->p_vaddr + header->p_memsz) & ~(page - 1);
        // Refused for what is no file (the vdso), which is as well.
        if (end > start) madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void clinux_release_code_pages(void) { dl_iterate_phdr(release_object, NULL); }
