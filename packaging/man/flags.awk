# Turns what --help prints of flags into an mdoc list. Lines: two spaces, "-o, ", --name ARGUMENT, two spaces, text.
function escape(text) {
    gsub(/\\/, "\\e", text)
    gsub(/`/, "\\\\(ga", text)
    return text ~ /^[.']/ ? "\\&" text : text
}
BEGIN { print ".Bl -tag -width Ds" }
/^  -/ {
    sub(/^  /, "")
    at = index($0, "  ")
    flag = at ? substr($0, 1, at - 1) : $0
    text = at ? substr($0, at) : ""
    sub(/^ +/, "", text)
    count = split(flag, words, " ")
    line = ".It"
    for (i = 1; i <= count; i++) {
        if (words[i] ~ /,$/) {
            sub(/,$/, " ,", words[i])
        }
        line = line (words[i] ~ /^-/ ? " Fl " substr(words[i], 2) : " Ar " escape(words[i]))
    }
    print line
    fallback = ""
    if (match(text, / \[[^]]*\]$/)) {
        fallback = substr(text, RSTART + 2, RLENGTH - 3)
        text = substr(text, 1, RSTART - 1)
    }
    print escape(text) "."
    if (fallback != "") {
        print "By default"
        print ".Ql " escape(fallback) " ."
    }
}
END { print ".El" }
