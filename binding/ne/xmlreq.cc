// ne_xmlreq.h: responses that are read into an XML parser.
#include <ne_xmlreq.h>

#include "core/error.h"
#include "core/since.h"
#include "core/topic.h"
#include "ne/request/request.h"
#include "ne/xml.h"

namespace neon {

namespace {

// The index of the acceptance function among the values that an operation holds. The request and the parser
// precede it.
constexpr std::uint32_t acceptor_place = 2;

/// Reports the failure of a callback in an earlier call. C does not know of the failure, and would report
/// success.
int checked(Request &request, XmlParser &parser, int result) {
  if (result != NE_OK || !parser.failed()) return result;
  ne_set_error(request.session().c(), "Could not parse response: %s", ne_xml_get_error(parser.c()));
  return NE_ERROR;
}

// A blocking call that reads a response into a parser.
template <class Run>
std::shared_ptr<Operation> parsing(const Arguments &arguments, Run run) {
  auto request = arguments.handle<Request>(0, "req");
  auto parser = arguments.handle<XmlParser>(1, "parser");
  parser->require_own("given a document");
  auto made = request_operation(
      arguments, 0, request, [request, parser, run] { return run(*request, *parser); }, true);
  made->use(parser);
  made->hold(arguments[1]);
  return made;
}

std::shared_ptr<Operation> parse_response(const Arguments &arguments, Mode) {
  return parsing(arguments, [](Request &request, XmlParser &parser) {
    return checked(request, parser, request.parse(parser));
  });
}

std::shared_ptr<Operation> dispatch_request(const Arguments &arguments, Mode) {
  return parsing(arguments, [](Request &request, XmlParser &parser) {
    const int result =
        request.run_delegated([&] { return ne_xml_dispatch_request(request.c(), parser.c()); });
    return checked(request, parser, result);
  });
}

int accept(void *userdata, ne_request *, const ne_status *status) noexcept {
  return ask_acceptor(*static_cast<Request *>(userdata), *status, [](Napi::Env env, Operation &operation) {
    return operation.held(env, acceptor_place);
  });
}

std::shared_ptr<Operation> dispatchif_request(const Arguments &arguments, Mode) {
  using DispatchIf = int(ne_request *, ne_xml_parser *, ne_accept_response, void *);
  // Checks the arguments first, so that wrong arguments are reported even if this neon lacks the function.
  arguments.handle<Request>(0, "req");
  arguments.handle<XmlParser>(1, "parser");
  const ne_accept_response native = native_acceptor(arguments, 2);
  if (!native) arguments.function(2, "acpt");
  const auto dispatch = Since<DispatchIf>::required("ne_xml_dispatchif_request");
  auto made = parsing(arguments, [native, dispatch](Request &request, XmlParser &parser) {
    const int result = request.run_delegated(
        [&] { return dispatch(request.c(), parser.c(), native ? native : accept, &request); });
    return checked(request, parser, result);
  });
  made->hold(arguments[2]);
  return made;
}

}  // namespace

void register_xmlreq(Topic &topic) {
  topic.blocking("ne_xml_parse_response", parse_response);
  topic.blocking("ne_xml_dispatch_request", dispatch_request);
  topic.blocking("ne_xml_dispatchif_request", dispatchif_request);
}

}  // namespace neon
