# The two libraries that other projects link, in lib/ of the build tree.
#
#   qvt_shared(<name> PARTS <qvt_library>... [LINK <target>...] [HEADERS <dir>...] [EXPORTS <pattern>...])
#       lib<name>.so from every object of PARTS. Exported is what is marked QVT_API and matches EXPORTS, by default
#       qvt_*; archives it pulls in (nanopb) stay inside. LINK is for the shared libraries it needs.
#       HEADERS are folders whose content is installed under include/, base/include comes along.
#
#   qvt_archive(<name> PARTS <qvt_library>... [ABSORB <dep::archive>...] [EXPORTS <pattern>...])
#       lib<name>.a with one relocatable object made from every object of PARTS and what it needs of ABSORB.
#       All symbols are local but the exported ones, so that it cannot clash with its user's code. What base/ exports
#       is weak, because several of these archives may meet in one program.
#
#   Both together, from rpc/CMakeLists.txt:
#       qvt_shared(qvtrpc PARTS qvt_rpc qvt_base LINK dep::nghttp2 dep::uv HEADERS include)
#       qvt_archive(qvtrpc PARTS qvt_rpc qvt_base)
#   The targets are <name>_shared and <name>_archive.

set(QVT_BASE_EXPORTS qvt_blob_* qvt_error_* qvt_slice_* qvt_status_*)

function(qvt_shared name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "PARTS;LINK;HEADERS;EXPORTS")
    set(target ${name}_shared)
    if(NOT arg_EXPORTS)
        set(arg_EXPORTS qvt_*)
    endif()
    list(JOIN arg_EXPORTS ";\n    " exports)
    set(script "${CMAKE_BINARY_DIR}/products/${name}.map")
    file(CONFIGURE OUTPUT "${script}" CONTENT "{\n  global:\n    ${exports};\n  local:\n    *;\n};\n")
    set(anchor "${CMAKE_BINARY_DIR}/products/${name}.c")
    file(CONFIGURE OUTPUT "${anchor}" CONTENT "typedef int ${name}_anchor;\n")
    add_library(${target} SHARED "${anchor}")
    set_target_properties(${target} PROPERTIES
        OUTPUT_NAME ${name}
        VERSION ${PROJECT_VERSION}
        SOVERSION ${PROJECT_VERSION_MAJOR}
        LINK_DEPENDS "${script}")
    target_link_libraries(${target} PRIVATE ${arg_LINK})
    foreach(part IN LISTS arg_PARTS)
        target_link_libraries(${target} PRIVATE "$<LINK_LIBRARY:WHOLE_ARCHIVE,${part}>")
    endforeach()
    # A part is also linked plainly by the parts that need it.
    list(JOIN arg_PARTS "," parts)
    set_property(TARGET ${target} PROPERTY LINK_LIBRARY_OVERRIDE "WHOLE_ARCHIVE,${parts}")
    target_link_options(${target} PRIVATE "LINKER:--version-script=${script}")
    # What no exported function reaches stays out: a client library has no use for a server.
    target_link_options(${target} PRIVATE "LINKER:--gc-sections")
    # The sanitizers' run time is linked to programs only and leaves names open in a library.
    if(NOT QVT_SANITIZE)
        target_link_options(${target} PRIVATE "LINKER:-z,defs")
    endif()
    install(TARGETS ${target} LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
    foreach(dir IN LISTS arg_HEADERS ITEMS "${CMAKE_SOURCE_DIR}/base/include")
        install(DIRECTORY "${dir}/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
    endforeach()
endfunction()

function(qvt_archive name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "PARTS;ABSORB;EXPORTS")
    if(NOT arg_EXPORTS)
        set(arg_EXPORTS qvt_*)
    endif()
    list(TRANSFORM arg_EXPORTS PREPEND --keep-global-symbol= OUTPUT_VARIABLE keep)
    list(TRANSFORM QVT_BASE_EXPORTS PREPEND --weaken-symbol= OUTPUT_VARIABLE weaken)
    set(parts)
    foreach(part IN LISTS arg_PARTS)
        list(APPEND parts "$<TARGET_FILE:${part}>")
    endforeach()
    set(absorbed)
    foreach(dep IN LISTS arg_ABSORB)
        list(APPEND absorbed "$<TARGET_FILE:${dep}>")
    endforeach()
    set(object "${CMAKE_BINARY_DIR}/products/${name}.o")
    set(archive "${CMAKE_BINARY_DIR}/lib/lib${name}.a")
    add_custom_command(OUTPUT "${archive}"
        COMMAND "${CMAKE_COMMAND}" -E make_directory "${CMAKE_BINARY_DIR}/products" "${CMAKE_BINARY_DIR}/lib"
        COMMAND "${CMAKE_LINKER}" -r -o "${object}" --whole-archive ${parts} --no-whole-archive ${absorbed}
        COMMAND "${CMAKE_OBJCOPY}" --localize-hidden --wildcard ${keep} "${object}"
        COMMAND "${CMAKE_OBJCOPY}" --wildcard ${weaken} "${object}"
        COMMAND "${CMAKE_COMMAND}" -E rm -f "${archive}"
        COMMAND "${CMAKE_AR}" rcsD "${archive}" "${object}"
        DEPENDS ${arg_PARTS} ${parts}
        COMMENT "Linking archive lib/lib${name}.a"
        COMMAND_EXPAND_LISTS VERBATIM)
    add_custom_target(${name}_archive ALL DEPENDS "${archive}")
    install(FILES "${archive}" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
endfunction()
