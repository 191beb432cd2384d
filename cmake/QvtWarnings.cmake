# qvt_warnings: what our own code must pass.  qvt_generated_warnings: what generated code must pass.

set(common
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wpointer-arith
    -Wwrite-strings -Wundef -Wvla -Wformat=2
)
set(c_only -Wstrict-prototypes -Wmissing-prototypes)

# gcc reports impossible paths once sanitizers have split the blocks.
if(NOT QVT_SANITIZE OR CMAKE_C_COMPILER_ID MATCHES Clang)
    list(APPEND common -Wnull-dereference)
endif()
if(QVT_WERROR)
    list(APPEND common -Werror)
endif()

add_library(qvt_warnings INTERFACE)
target_compile_options(qvt_warnings INTERFACE ${common} -Wcast-qual "$<$<COMPILE_LANGUAGE:C>:${c_only}>")

add_library(qvt_generated_warnings INTERFACE)
target_compile_options(qvt_generated_warnings INTERFACE ${common} -Wno-cast-qual "$<$<COMPILE_LANGUAGE:C>:${c_only}>")
