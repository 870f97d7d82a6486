#pragma once

// What Swift's C library module does not import because it is a GNU extension: statx, recvmmsg, eventfd, thread names.
// Plain integers and one plain struct of our own cross the border; no system struct is exposed.
// Every function returns a negative errno on failure.

#include <stddef.h>
#include <stdint.h>

/// What identifies a file and how large it is.
struct clinux_file_facts {
    uint64_t device;
    uint64_t inode;
    int64_t birth;     ///< Nanoseconds since the epoch; 0 where the file system does not say.
    int64_t modified;  ///< Nanoseconds since the epoch.
    uint64_t size;
    uint32_t is_regular;
};

/// Facts of what `path` leads to if `follows` is not 0, else of what it is, were it a symbolic link.
int clinux_facts_of_path(const char *path, int follows, struct clinux_file_facts *facts);

/// Facts of an open file.
int clinux_facts_of_descriptor(int descriptor, struct clinux_file_facts *facts);

/// Binds a UDP socket to a numeric IPv4 or IPv6 address, non-blocking and closed on exec. `port` is the port wanted, 0
/// for any, and becomes the port given. Returns the descriptor.
int clinux_bind_udp(const char *host, uint16_t *port);

/// Binds a TCP socket as `clinux_bind_udp` does, and listens on it with a queue of `backlog` connections.
int clinux_listen_tcp(const char *host, uint16_t *port, int backlog);

/// The file that a Unix socket was bound to.
struct clinux_socket_file {
    uint64_t device;
    uint64_t inode;
};

/// Binds a Unix socket to `path`, non-blocking and closed on exec: of datagrams if `backlog` is 0, else of streams, and
/// listening. The file has exactly the permissions `mode` from its first moment on. A socket that nobody listens on is
/// replaced; one that somebody listens on is left alone (EADDRINUSE), and so is every other kind of file (ENOTSOCK).
/// Call it while no other thread makes files without giving their mode. Returns the descriptor.
int clinux_bind_unix(const char *path, int backlog, uint32_t mode, struct clinux_socket_file *file);

/// Removes the file of a socket if it still is the one that was bound.
int clinux_remove_socket(const char *path, const struct clinux_socket_file *file);

/// Takes a waiting connection, non-blocking and closed on exec. Returns its descriptor.
int clinux_accept(int descriptor);

/// Takes up to `slot_count` (at most 64) datagrams without waiting, each into its own slot of `slot_bytes` bytes.
/// `lengths[i]` is the true length of datagram i, larger than `slot_bytes` if it was cut. `drops` is set to the
/// socket's count of datagrams dropped so far (SO_RXQ_OVFL, modulo 2^32) if the kernel said it, else left alone.
/// Returns the number of datagrams, 0 if none waits.
int clinux_receive(int descriptor, void *slots, size_t slot_bytes, int slot_count, uint32_t *lengths, uint32_t *drops);

/// Asks for SO_RXQ_OVFL on a socket.
int clinux_report_drops(int descriptor);

/// The socket's count of dropped datagrams right now, modulo 2^32 (SO_MEMINFO). Knows of drops that no datagram
/// followed.
int clinux_socket_drops(int descriptor, uint32_t *drops);

/// Sets the receive buffer, beyond net.core.rmem_max where the process may. Returns the size granted, in bytes.
int clinux_set_receive_buffer(int descriptor, int bytes);

/// A counter to wake a polling thread: non-blocking, closed on exec.
int clinux_event_create(void);

/// Wakes whoever polls the counter.
void clinux_event_signal(int descriptor);

/// Takes the counter back to zero.
void clinux_event_clear(int descriptor);

/// Names the calling thread, at most 15 bytes.
void clinux_name_thread(const char *name);

/// Unmaps the pages of code and constants from this process; those still needed come back from the page cache, at the
/// cost of a minor fault each. Most of what a start touches is never touched again.
void clinux_release_code_pages(void);
