# Language level, build types, sanitizers and output folders, for every target of the project.

option(QVT_WERROR "Warnings are errors" ON)
set(QVT_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them: address,undefined or thread")
option(QVT_TESTS "Build the tests" ON)
option(QVT_COVERAGE "Instrument for gcov" OFF)
option(QVT_FUZZ "Build the libFuzzer targets (clang only)" OFF)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# QVT_ASSERT stays on in every build, so NDEBUG is never defined.
set(CMAKE_C_FLAGS_DEBUG "-Og -g")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_CXX_FLAGS_DEBUG "-Og -g")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g")

# uv.h needs pthread_rwlock_t, which strict C17 hides without it.
add_compile_definitions(_POSIX_C_SOURCE=200809L)
add_compile_options(
    "-fmacro-prefix-map=${CMAKE_SOURCE_DIR}/="
    -fno-omit-frame-pointer
    -fstack-protector-strong
)

if(QVT_SANITIZE)
    add_compile_options("-fsanitize=${QVT_SANITIZE}" -fno-sanitize-recover=all)
    add_link_options("-fsanitize=${QVT_SANITIZE}")
endif()
if(QVT_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(QVT_COVERAGE)
    add_compile_options(--coverage)
    add_link_options(--coverage)
endif()

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(QVT_MODULE_DIR "${CMAKE_BINARY_DIR}/modules")
set(QVT_TEST_DIR "${CMAKE_BINARY_DIR}/tests/bin")
