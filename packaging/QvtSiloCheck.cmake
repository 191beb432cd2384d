cmake_minimum_required(VERSION 3.24)

# Fails when an actor type declared in one of ARCHIVES (separated by |) is not in PRODUCT. nm knows the bitcode of clang; of
# objects that gcc made for LTO it asks the linker's plugin, which tells of no static symbols, and readelf does not.
function(declared file out)
    execute_process(COMMAND "${NM}" "${file}" OUTPUT_VARIABLE symbols ERROR_QUIET)
    set(symbols_of_${out} "${symbols}" PARENT_SCOPE)
    if(READELF)
        execute_process(COMMAND "${READELF}" -W -s "${file}" OUTPUT_VARIABLE more ERROR_QUIET)
        string(APPEND symbols "${more}")
    endif()
    string(REGEX MATCHALL "qvt_actor_entry_[A-Za-z0-9_]+" found "${symbols}")
    list(REMOVE_DUPLICATES found)
    set(${out} "${found}" PARENT_SCOPE)
endfunction()

declared("${PRODUCT}" there)
if(symbols_of_there STREQUAL "")
    message(STATUS "${TARGET} has no symbol table (it is stripped): its actor types are not checked")
    return()
endif()
string(REPLACE "|" ";" archives "${ARCHIVES}")
foreach(archive IN LISTS archives)
    declared("${archive}" wanted)
    foreach(entry IN LISTS wanted)
        if(NOT entry IN_LIST there)
            string(REPLACE "qvt_actor_entry_" "" type "${entry}")
            cmake_path(GET archive FILENAME name)
            message(FATAL_ERROR
                "${TARGET}: actor type ${type} of ${name} was dropped by the linker, because nothing refers to its object. "
                "Link the archive whole: qvt_silo(${TARGET} VERSION ... ARCHIVES <the target of ${name}>), or "
                "\$<LINK_LIBRARY:WHOLE_ARCHIVE,...>, or make it an OBJECT library.")
        endif()
    endforeach()
endforeach()
