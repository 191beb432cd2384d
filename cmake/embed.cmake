# cmake -DINPUT=file -DOUTPUT=file.c -DHEADER=path -DNAME=symbol -P embed.cmake: the bytes of a file as a C array.
file(READ "${INPUT}" hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR length "${digits} / 2")
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
file(WRITE "${OUTPUT}"
    "#include \"${HEADER}\"\n\nconst uint8_t ${NAME}[] = {\n${hex}\n};\nconst size_t ${NAME}_len = ${length};\n")
