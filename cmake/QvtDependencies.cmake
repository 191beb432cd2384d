# Third-party libraries as imported SYSTEM targets dep::<name>, each created only where the library is installed.
# qvt_require(<name>...) stops the configuration with the names that are missing.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

function(qvt_find_dependency name module)
    pkg_check_modules(DEP_${name} QUIET IMPORTED_TARGET GLOBAL ${module})
    if(TARGET PkgConfig::DEP_${name})
        add_library(dep::${name} ALIAS PkgConfig::DEP_${name})
    endif()
endfunction()

qvt_find_dependency(nghttp2 libnghttp2)
qvt_find_dependency(uv libuv)
qvt_find_dependency(microhttpd libmicrohttpd)
qvt_find_dependency(hiredis hiredis)
qvt_find_dependency(sqlite3 sqlite3)
qvt_find_dependency(gnutls gnutls)
qvt_find_dependency(jansson jansson)
qvt_find_dependency(protobuf_c libprotobuf-c)
qvt_find_dependency(cunit cunit)
qvt_find_dependency(xxhash libxxhash)
qvt_find_dependency(zlib zlib)

# nanopb ships neither a pkg-config file nor a shared library.
find_path(QVT_NANOPB_INCLUDE pb_decode.h PATH_SUFFIXES nanopb)
find_library(QVT_NANOPB_ARCHIVE NAMES libprotobuf-nanopb.a)
mark_as_advanced(QVT_NANOPB_INCLUDE QVT_NANOPB_ARCHIVE)
if(QVT_NANOPB_INCLUDE AND QVT_NANOPB_ARCHIVE)
    add_library(dep::nanopb STATIC IMPORTED GLOBAL)
    set_target_properties(dep::nanopb PROPERTIES
        IMPORTED_LOCATION "${QVT_NANOPB_ARCHIVE}"
        INTERFACE_INCLUDE_DIRECTORIES "${QVT_NANOPB_INCLUDE}")
endif()

find_path(QVT_UTHASH_INCLUDE uthash.h)
mark_as_advanced(QVT_UTHASH_INCLUDE)
if(QVT_UTHASH_INCLUDE)
    add_library(dep::uthash INTERFACE IMPORTED GLOBAL)
    target_include_directories(dep::uthash INTERFACE "${QVT_UTHASH_INCLUDE}")
endif()

function(qvt_require)
    set(missing)
    foreach(name IN LISTS ARGN)
        if(NOT TARGET dep::${name})
            list(APPEND missing ${name})
        endif()
    endforeach()
    if(missing)
        message(FATAL_ERROR "missing libraries: ${missing}; ./dev build installs them")
    endif()
endfunction()
