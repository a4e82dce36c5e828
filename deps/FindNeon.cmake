# Finds neon and defines the target Neon::Neon.
#
# NEON_ROOT (a CMake variable or an environment variable) names a prefix to use. Without NEON_ROOT, pkg-config and
# neon-config are asked. NEON_TLS=gnutls links neon's GnuTLS build. NODE_EXECUTABLE runs neon-flags.mjs in this folder,
# which searches for neon. The node-gyp build runs neon-flags.mjs, too, because both builds must find the same neon.
# Both builds must also compile with neon's own flags, which determine the size of ne_off_t.
#
# Sets Neon_FOUND, Neon_VERSION, Neon_INCLUDE_DIR and Neon_LIBRARY.

set(settings "NEON_TLS=${NEON_TLS}")
if(NEON_ROOT)
  list(APPEND settings "NEON_ROOT=${NEON_ROOT}")
endif()
execute_process(
  COMMAND "${CMAKE_COMMAND}" -E env ${settings} "${NODE_EXECUTABLE}" "${CMAKE_CURRENT_LIST_DIR}/neon-flags.mjs" json
  OUTPUT_VARIABLE answer
  ERROR_VARIABLE problem
  RESULT_VARIABLE result)

if(result EQUAL 0)
  string(JSON Neon_VERSION GET "${answer}" version)
  string(JSON Neon_INCLUDE_DIR GET "${answer}" include)
  string(JSON Neon_LIBRARY GET "${answer}" library)
  string(JSON defines_count LENGTH "${answer}" defines)
  set(defines)
  if(defines_count GREATER 0)
    math(EXPR last "${defines_count} - 1")
    foreach(index RANGE ${last})
      string(JSON define GET "${answer}" defines ${index})
      list(APPEND defines "${define}")
    endforeach()
  endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  Neon
  REQUIRED_VARS Neon_LIBRARY Neon_INCLUDE_DIR
  VERSION_VAR Neon_VERSION
  REASON_FAILURE_MESSAGE "${problem}")

if(Neon_FOUND AND NOT TARGET Neon::Neon)
  add_library(Neon::Neon UNKNOWN IMPORTED)
  set_target_properties(
    Neon::Neon
    PROPERTIES IMPORTED_LOCATION "${Neon_LIBRARY}"
               INTERFACE_INCLUDE_DIRECTORIES "${Neon_INCLUDE_DIR}"
               INTERFACE_COMPILE_OPTIONS "${defines}")
endif()
