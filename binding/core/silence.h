// Whether anything waits to be read on a connection.
#pragma once

#include <ne_socket.h>

namespace neon {

/// A number of seconds that makes neon's functions return NE_SOCK_TIMEOUT at once when no byte can be read.
/// (0 makes them wait for ever.)
inline constexpr int no_time = 1 << 29;
/// Whether this neon takes `no_time` for no time.
bool knows_no_time();

/// Whether neon makes all its reads by ne_sock_read, _peek and _readline, so that an Interposed receives
/// them. A compiler may have put these functions into their callers.
bool reads_are_interposed();

/// Whether an idle connection is silent: no byte waits to be read, and the peer has not closed the
/// connection. Does not wait, and reads nothing that the next response could need.
///
/// Looks in the kernel, in neon's buffer and in the buffer of the TLS library. If this neon does not know
/// `no_time`, looks only in the kernel. Over TLS, messages of the protocol itself, such as session
/// tickets, may wait to be read. With OpenSSL, such a connection is still silent; with GnuTLS, it is not.
///
/// On a silent connection, the call costs one poll(2). Only the thread that uses the socket may call this
/// function, between two responses.
bool is_silent(ne_socket *socket);

}  // namespace neon
