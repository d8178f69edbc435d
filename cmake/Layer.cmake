# A layer is one folder: an object library that sees only the headers of the layers it names.
#
#   lws_layer(NAME [PUBLIC h…] HEADERS h… [USES layer…] [LINK target…])
#
# Its sources are all that its folder holds, so that to add one is to write it.
# PUBLIC headers live in include/lwssim/ and are installed: #include <lwssim/loss.h>. HEADERS live in the layer's folder
# and are for the layers above: #include "base/log.h". Headers in neither list are the layer's own: #include "arch.h".
# Each layer's headers are linked into a folder of its own in the build tree, and only the folders of the layers in USES
# come on the include path: an upward include does not compile, nor does one of another layer's own headers. Third-party
# headers follow the same way, by LINK.
function(lws_layer name)
  cmake_parse_arguments(L "" "" "PUBLIC;HEADERS;USES;LINK" ${ARGN})
  set(view ${CMAKE_BINARY_DIR}/layers/${name})
  file(RELATIVE_PATH room ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  string(REGEX REPLACE "^src/" "" room ${room})
  file(REMOVE_RECURSE ${view}) # of headers that have moved
  file(MAKE_DIRECTORY ${view}/lwssim ${view}/${room})
  foreach(header IN LISTS L_PUBLIC)
    file(CREATE_LINK ${CMAKE_SOURCE_DIR}/include/lwssim/${header} ${view}/lwssim/${header} SYMBOLIC)
    set_property(GLOBAL APPEND PROPERTY LWS_HEADERS ${CMAKE_SOURCE_DIR}/include/lwssim/${header})
  endforeach()
  foreach(header IN LISTS L_HEADERS)
    file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/${header} ${view}/${room}/${header} SYMBOLIC)
  endforeach()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.c)
  list(TRANSFORM L_USES PREPEND lws_)
  add_library(lws_${name} OBJECT ${sources})
  target_include_directories(lws_${name} PUBLIC ${view})
  target_link_libraries(lws_${name} PUBLIC ${L_USES} PRIVATE lws_flags ${L_LINK})
  set_property(GLOBAL APPEND PROPERTY LWS_LAYERS lws_${name})
  set_property(GLOBAL APPEND PROPERTY LWS_LINKS ${L_LINK})

  # Headers that live on the compiler's default path, and steps sideways into another layer's folder,
  # cannot be hidden from it, so they are searched for before the layer is compiled.
  add_custom_target(check_includes_${name}
    COMMAND ${CMAKE_COMMAND} -DLAYER=${name} -DFOLDER=${CMAKE_CURRENT_SOURCE_DIR}
            -P ${CMAKE_SOURCE_DIR}/cmake/CheckIncludes.cmake
    VERBATIM)
  add_dependencies(lws_${name} check_includes_${name})
endfunction()

# A library, SHARED or STATIC, of all layers defined so far.
function(lws_collect name type)
  get_property(layers GLOBAL PROPERTY LWS_LAYERS)
  get_property(links GLOBAL PROPERTY LWS_LINKS)
  list(TRANSFORM layers REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE objects)
  add_library(${name} ${type} ${objects} $<$<BOOL:${LWS_COVERAGE}>:${CMAKE_SOURCE_DIR}/tests/coverage_exit.c>)
  list(REMOVE_DUPLICATES links)
  target_link_libraries(${name} PRIVATE lws_flags ${links})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/include)
endfunction()

# The shared library of which users see what the public headers declare, its install rules and its pkg-config file.
function(lws_library name)
  lws_collect(${name} SHARED)
  get_property(headers GLOBAL PROPERTY LWS_HEADERS)
  set(exports ${CMAKE_BINARY_DIR}/${name}.exports)
  add_custom_command(OUTPUT ${exports}
    COMMAND ${CMAKE_COMMAND} "-DHEADERS=${headers}" -DOUTPUT=${exports} -P ${CMAKE_SOURCE_DIR}/cmake/Exports.cmake
    DEPENDS ${headers} ${CMAKE_SOURCE_DIR}/cmake/Exports.cmake
    VERBATIM)
  target_sources(${name} PRIVATE ${exports})
  target_link_options(${name} PRIVATE "LINKER:--version-script=${exports}")
  set_target_properties(${name} PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
                        LINK_DEPENDS ${exports})
  install(TARGETS ${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/lwssim)
  file(RELATIVE_PATH LWS_PC_TO_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
  configure_file(${CMAKE_SOURCE_DIR}/cmake/lwssim.pc.in ${CMAKE_BINARY_DIR}/lwssim.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/lwssim.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()
