# qvt_silo(<target> VERSION <version> [NAME <assembly>] [BUILD_ID <id>] [ARCHIVES <target>...])
#     Makes the program or library a silo's assembly: QVT_ACTOR_TYPE in its sources declares actor types with this version,
#     the assembly's name (by default the target's) and a build id (by default the commit of the source tree, if it is one).
#     Links libqvt. ARCHIVES are static libraries with actor types of the same assembly: they get the same stamp and are
#     linked whole, since a linker drops objects of an archive that nothing refers to. Whatever archives the target links,
#     the build fails when an actor type of theirs is not in it. Shared libraries that it links stay linked, too: compilers
#     that pass --as-needed to the linker drop those that nothing refers to.

set(QVT_SILO_CHECK "${CMAKE_CURRENT_LIST_DIR}/QvtSiloCheck.cmake")

function(qvt_silo target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "VERSION;NAME;BUILD_ID" "ARCHIVES")
    if(NOT TARGET ${target})
        message(FATAL_ERROR "qvt_silo(${target}): no such target")
    endif()
    if(DEFINED arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "qvt_silo(${target}): \"${arg_UNPARSED_ARGUMENTS}\" is no argument of it")
    endif()
    set(part "(0|[1-9][0-9]*)")
    if(NOT arg_VERSION MATCHES "^${part}(\\.${part})?(\\.${part})?(\\.${part})?(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)?$")
        message(FATAL_ERROR "qvt_silo(${target}): VERSION \"${arg_VERSION}\" is no version such as 2.1.0 or 2.2.0-rc.1")
    endif()
    if(NOT arg_NAME)
        set(arg_NAME ${target})
    endif()
    if(NOT DEFINED arg_BUILD_ID)
        execute_process(COMMAND git rev-parse --short=12 HEAD WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}"
            OUTPUT_VARIABLE arg_BUILD_ID OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    endif()
    string(REGEX REPLACE "([\\\"])" "\\\\\\1" arg_NAME "${arg_NAME}")
    set(stamp
        "QVT_ASSEMBLY_VERSION=\"${arg_VERSION}\"" "QVT_ASSEMBLY_NAME=\"${arg_NAME}\""
        "QVT_ASSEMBLY_BUILD_ID=\"${arg_BUILD_ID}\"")
    foreach(each IN ITEMS ${target} ${arg_ARCHIVES})
        target_compile_definitions(${each} PRIVATE ${stamp})
        target_link_libraries(${each} PRIVATE qvt::qvt)
    endforeach()
    foreach(archive IN LISTS arg_ARCHIVES)
        target_link_libraries(${target} PRIVATE "$<LINK_LIBRARY:WHOLE_ARCHIVE,${archive}>")
    endforeach()
    get_target_property(type ${target} TYPE)
    target_link_options(${target} PRIVATE "LINKER:--no-as-needed")
    if(type STREQUAL "SHARED_LIBRARY")
        target_link_options(${target} INTERFACE "LINKER:--no-as-needed")
    endif()
    if(NOT type STREQUAL "STATIC_LIBRARY" AND NOT type STREQUAL "OBJECT_LIBRARY")
        cmake_language(EVAL CODE "cmake_language(DEFER CALL qvt_silo_check [[${target}]])")
    endif()
endfunction()

# At the end of the folder, when all that the target links is known: static libraries that it links itself are looked at.
function(qvt_silo_check target)
    set(archives)
    get_target_property(libraries ${target} LINK_LIBRARIES)
    foreach(library IN LISTS libraries)
        string(REGEX REPLACE "^\\$<LINK_LIBRARY:WHOLE_ARCHIVE,(.*)>$" "\\1" library "${library}")
        if(TARGET ${library})
            get_target_property(type ${library} TYPE)
            get_target_property(imported ${library} IMPORTED)
            if(type STREQUAL "STATIC_LIBRARY" AND NOT imported)
                # The check reads symbol tables, which slim LTO objects of gcc do not have.
                target_compile_options(${library} PRIVATE
                    "$<$<OR:$<C_COMPILER_ID:GNU>,$<CXX_COMPILER_ID:GNU>>:-ffat-lto-objects>")
                list(APPEND archives "$<TARGET_FILE:${library}>")
            endif()
        endif()
    endforeach()
    if(archives)
        add_custom_command(TARGET ${target} POST_BUILD
            COMMAND "${CMAKE_COMMAND}" "-DNM=${CMAKE_NM}" "-DREADELF=${CMAKE_READELF}" "-DPRODUCT=$<TARGET_FILE:${target}>" "-DTARGET=${target}"
                "-DARCHIVES=$<JOIN:${archives},|>" -P "${QVT_SILO_CHECK}"
            VERBATIM)
    endif()
endfunction()
