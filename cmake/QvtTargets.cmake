# How modules, programs and tests are declared.
#
#   qvt_library(<name> SOURCES <file>... [LINK <target>...] [INCLUDE <dir>...] [GENERATED])
#       A static library of position-independent, hidden-by-default code. Everyone who links it sees the source
#       root, base/include, rpc/include, generated/ and INCLUDE. GENERATED compiles with the relaxed warnings.
#       Only what the sources need goes to LINK; other qvt_ libraries and dep:: targets both work there.
#
#   qvt_program(<name> SOURCES <file>... [LINK <target>...] [GENERATED] [INSTALL])
#       An executable in bin/. INSTALL adds it to `cmake --install`.
#
#   qvt_test(<name> SOURCES <file>... [LINK <target>...] [ARGS <arg>...] [LABELS <label>...] [TIMEOUT <seconds>])
#       A CUnit executable, linked to dep::cunit and registered with ctest under <name>.
#       The label `slow` keeps a test out of `./dev test`, `--all` runs it too.
#
#   qvt_script_test(<name> COMMAND <word>... [LABELS <label>...] [TIMEOUT <seconds>] [SERIAL])
#       A test that is no CUnit executable. It runs at the source root with QVT_BIN_DIR (this build's bin/),
#       QVT_LIB_DIR (lib/), QVT_TEST_BIN_DIR and QVT_SOURCE_DIR in its environment.
#
#   qvt_fuzz(<name> SOURCES <file>... [LINK <target>...])
#       A target that defines LLVMFuzzerTestOneInput. The fuzz preset makes fuzz_<name> of it; every other build a
#       test that replays tests/fuzz/corpus/<name>/*.

set(QVT_TEST_ENVIRONMENT
    "QVT_SOURCE_DIR=${CMAKE_SOURCE_DIR}"
    "QVT_BIN_DIR=${CMAKE_BINARY_DIR}/bin"
    "QVT_LIB_DIR=${CMAKE_BINARY_DIR}/lib"
    "QVT_TEST_BIN_DIR=${QVT_TEST_DIR}"
    "PYTHONDONTWRITEBYTECODE=1"
    "ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:detect_stack_use_after_return=1:strict_string_checks=1"
    "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"
    "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=${CMAKE_SOURCE_DIR}/tests/support/tsan.supp"
)

function(qvt_apply_warnings name generated)
    if(generated)
        target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:qvt_generated_warnings>)
    else()
        target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:qvt_warnings>)
    endif()
endfunction()

function(qvt_include_roots name scope)
    target_include_directories(${name} ${scope}
        "${CMAKE_SOURCE_DIR}"
        "${CMAKE_SOURCE_DIR}/base/include"
        "${CMAKE_SOURCE_DIR}/rpc/include"
        "${CMAKE_SOURCE_DIR}/generated"
        ${ARGN})
endfunction()

function(qvt_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "GENERATED" "" "SOURCES;LINK;INCLUDE")
    add_library(${name} STATIC ${arg_SOURCES})
    set_target_properties(${name} PROPERTIES ARCHIVE_OUTPUT_DIRECTORY "${QVT_MODULE_DIR}")
    qvt_include_roots(${name} PUBLIC ${arg_INCLUDE})
    qvt_apply_warnings(${name} "${arg_GENERATED}")
    target_link_libraries(${name} PUBLIC ${arg_LINK})
    # So that a product leaves out, function by function, what nothing in it calls.
    target_compile_options(${name} PRIVATE "$<$<CONFIG:RelWithDebInfo>:-ffunction-sections;-fdata-sections>")
endfunction()

function(qvt_program name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "GENERATED;INSTALL" "" "SOURCES;LINK")
    add_executable(${name} ${arg_SOURCES})
    qvt_include_roots(${name} PRIVATE)
    qvt_apply_warnings(${name} "${arg_GENERATED}")
    target_link_libraries(${name} PRIVATE ${arg_LINK})
    if(arg_INSTALL)
        install(TARGETS ${name} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
    endif()
endfunction()

function(qvt_set_test_properties name labels timeout)
    # Ends what hangs. A machine that is busy with something else takes several times as long as one that is not.
    if(NOT timeout)
        set(timeout 600)
    endif()
    set_tests_properties(${name} PROPERTIES
        ENVIRONMENT "${QVT_TEST_ENVIRONMENT}" TIMEOUT ${timeout} LABELS "${labels}")
endfunction()

function(qvt_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SOURCES;LINK;ARGS;LABELS")
    qvt_require(cunit)
    add_executable(${name} ${arg_SOURCES})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${QVT_TEST_DIR}")
    qvt_include_roots(${name} PRIVATE)
    qvt_apply_warnings(${name} OFF)
    target_link_libraries(${name} PRIVATE ${arg_LINK} dep::cunit)
    add_test(NAME ${name} COMMAND ${name} ${arg_ARGS} WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
    qvt_set_test_properties(${name} "${arg_LABELS}" "${arg_TIMEOUT}")
endfunction()

function(qvt_script_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "TIMEOUT" "COMMAND;LABELS")
    add_test(NAME ${name} COMMAND ${arg_COMMAND} WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
    qvt_set_test_properties(${name} "${arg_LABELS}" "${arg_TIMEOUT}")
    if(arg_SERIAL)
        set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
    endif()
endfunction()

function(qvt_fuzz name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK")
    set(target fuzz_${name})
    add_executable(${target} ${arg_SOURCES})
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${QVT_TEST_DIR}")
    qvt_include_roots(${target} PRIVATE)
    qvt_apply_warnings(${target} OFF)
    target_link_libraries(${target} PRIVATE ${arg_LINK})
    if(QVT_FUZZ)
        target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    else()
        target_sources(${target} PRIVATE "${CMAKE_SOURCE_DIR}/tests/fuzz/replay.c")
        qvt_script_test(${target} COMMAND ${target} "${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name}")
    endif()
endfunction()
