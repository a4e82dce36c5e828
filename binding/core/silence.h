// Whether anything waits to be read on a connection.
#pragma once

#include <ne_socket.h>

namespace neon {

/// Whether nothing waits to be read on an idle connection: neither a byte, in the kernel or in the buffers of
/// neon and of the TLS library, nor the end of the connection. Does not wait, and reads nothing that the next
/// response could need. Over TLS, messages of the protocol itself, such as session tickets, do not count with
/// OpenSSL; they count with GnuTLS. If ne_sock_block() does not return at once, only the kernel is asked.
///
/// On a silent connection this costs one poll(2). Only the thread that uses the socket may call it, between
/// two responses.
bool is_silent(ne_socket *socket);

}  // namespace neon
