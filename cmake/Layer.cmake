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
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.c)
  add_library(lws_${name} OBJECT ${sources})
  foreach(header IN LISTS L_PUBLIC)
    lws_public_header(${header} path)
    file(CREATE_LINK ${path} ${view}/lwssim/${header} SYMBOLIC)
    set_property(TARGET lws_${name} APPEND PROPERTY LWS_PUBLIC ${path})
  endforeach()
  foreach(header IN LISTS L_HEADERS)
    file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/${header} ${view}/${room}/${header} SYMBOLIC)
  endforeach()
  list(TRANSFORM L_USES PREPEND lws_)
  target_include_directories(lws_${name} PUBLIC ${view})
  target_link_libraries(lws_${name} PUBLIC ${L_USES} PRIVATE lws_flags ${L_LINK})
  set_property(TARGET lws_${name} PROPERTY LWS_LINK ${L_LINK})
  set_property(GLOBAL APPEND PROPERTY LWS_LAYERS ${name})

  # Headers that live on the compiler's default path, and steps sideways into another layer's folder,
  # cannot be hidden from it, so they are searched for before the layer is compiled.
  add_custom_target(check_includes_${name}
    COMMAND ${CMAKE_COMMAND} -DLAYER=${name} -DFOLDER=${CMAKE_CURRENT_SOURCE_DIR}
            -P ${CMAKE_SOURCE_DIR}/cmake/CheckIncludes.cmake
    VERBATIM)
  add_dependencies(lws_${name} check_includes_${name})
endfunction()

# Where a public header lies: in include/lwssim, or in the build tree where it is made of a NAME.in there.
function(lws_public_header header result)
  set(path ${CMAKE_SOURCE_DIR}/include/lwssim/${header})
  if(EXISTS ${path}.in)
    configure_file(${path}.in ${CMAKE_BINARY_DIR}/include/lwssim/${header} @ONLY)
    set(path ${CMAKE_BINARY_DIR}/include/lwssim/${header})
  endif()
  set(${result} ${path} PARENT_SCOPE)
endfunction()

# A library, SHARED or STATIC, of all layers defined so far, or of those named: all their objects.
function(lws_collect name type)
  set(layers ${ARGN})
  if(NOT layers)
    get_property(layers GLOBAL PROPERTY LWS_LAYERS)
  endif()
  set(links)
  foreach(layer IN LISTS layers)
    get_property(link TARGET lws_${layer} PROPERTY LWS_LINK)
    list(APPEND links ${link})
  endforeach()
  list(REMOVE_DUPLICATES links)
  list(TRANSFORM layers REPLACE "(.+)" "$<TARGET_OBJECTS:lws_\\1>" OUTPUT_VARIABLE objects)
  add_library(${name} ${type} ${objects} $<$<BOOL:${LWS_COVERAGE}>:${CMAKE_SOURCE_DIR}/tests/coverage_exit.c>)
  target_link_libraries(${name} PRIVATE lws_flags ${links})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/include ${CMAKE_BINARY_DIR}/include)
endfunction()

#   lws_library(NAME [OF layer… NEEDS layer…] DESCRIPTION text)
#
# A shared library of which users see what the public headers of its layers declare, its install rules and its
# pkg-config file. It holds all objects of the layers OF and, of those in NEEDS, the ones that they call; what only other
# objects of NEEDS link to stays out. Without OF it holds all layers.
function(lws_library name)
  cmake_parse_arguments(L "" "DESCRIPTION" "OF;NEEDS" ${ARGN})
  set(layers ${L_OF} ${L_NEEDS})
  if(NOT layers)
    get_property(layers GLOBAL PROPERTY LWS_LAYERS)
  endif()
  lws_collect(${name} SHARED ${L_OF})
  if(L_NEEDS)
    lws_collect(${name}_needs STATIC ${L_NEEDS})
    target_link_libraries(${name} PRIVATE ${name}_needs)
    # Only what is called is taken from there, and of the libraries only those that it needs in turn.
    target_link_options(${name} PRIVATE LINKER:--undefined=lws_version LINKER:--as-needed)
  endif()
  set(headers)
  foreach(layer IN LISTS layers)
    get_property(public TARGET lws_${layer} PROPERTY LWS_PUBLIC)
    list(APPEND headers ${public})
  endforeach()
  set(exports ${CMAKE_BINARY_DIR}/${name}.exports)
  add_custom_command(OUTPUT ${exports}
    COMMAND ${CMAKE_COMMAND} "-DHEADERS=${headers}" -DNODE=LWSSIM_${LWS_ABI} -DOUTPUT=${exports}
            -P ${CMAKE_SOURCE_DIR}/cmake/Exports.cmake
    DEPENDS ${headers} ${CMAKE_SOURCE_DIR}/cmake/Exports.cmake
    VERBATIM)
  target_sources(${name} PRIVATE ${exports})
  target_link_options(${name} PRIVATE "LINKER:--version-script=${exports}")
  if(NOT LWS_SANITIZE AND NOT LWS_FUZZ) # whose own names come with the program
    target_link_options(${name} PRIVATE LINKER:-z,defs)
  endif()
  set_target_properties(${name} PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${LWS_ABI} LINK_DEPENDS ${exports})
  install(TARGETS ${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/lwssim)
  file(RELATIVE_PATH LWS_PC_TO_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
  set(LWS_PC_NAME ${name})
  set(LWS_PC_DESCRIPTION ${L_DESCRIPTION})
  configure_file(${CMAKE_SOURCE_DIR}/cmake/lwssim.pc.in ${CMAKE_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()
