cmake_minimum_required(VERSION 3.24)

# Fails when an actor type declared in one of ARCHIVES (separated by |) is not in PRODUCT.
function(declared file out)
    execute_process(COMMAND "${NM}" "${file}" OUTPUT_VARIABLE symbols ERROR_QUIET)
    string(REGEX MATCHALL "qvt_actor_entry_[A-Za-z0-9_]+" found "${symbols}")
    list(REMOVE_DUPLICATES found)
    set(${out} "${found}" PARENT_SCOPE)
endfunction()

declared("${PRODUCT}" there)
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
