// Whether anything waits to be read on a connection.
#pragma once

#include <ne_socket.h>

namespace neon {

/// Whether nothing waits on an idle connection: no byte, in the kernel or in the buffers of neon and of the
/// TLS library, and no end. Does not wait, and reads nothing that the next response could need. Over TLS,
/// messages of the protocol itself, such as session tickets, are not counted; with GnuTLS they are.
///
/// One poll(2) on a silent connection. To be called by the thread that uses the socket, between two
/// responses.
bool is_silent(ne_socket *socket);

}  // namespace neon
