# declared.awk -- names of the functions and variables that C headers declare, one a line.
# Reads a header without its comments, directives and bodies: what is left is cut at semicolons.
{
    line = $0
    gsub(/"[^"]*"/, "\"\"", line)
    while (in_comment || index(line, "/*")) {
        if (in_comment) {
            end = index(line, "*/")
            if (!end) { line = ""; break }
            line = substr(line, end + 2); in_comment = 0
        } else {
            start = index(line, "/*"); rest = substr(line, start + 2); end = index(rest, "*/")
            if (end) line = substr(line, 1, start - 1) " " substr(rest, end + 2)
            else { line = substr(line, 1, start - 1); in_comment = 1; break }
        }
    }
    directive = continued || line ~ /^[ \t]*#/
    continued = directive && line ~ /\\$/
    if (!directive) text = text " " line
}
END {
    while (match(text, /\{[^{}]*\}/)) # innermost braces first
        text = substr(text, 1, RSTART - 1) "@" substr(text, RSTART + RLENGTH)
    gsub(/__attribute__ *\(\([^)]*(\([^)]*\))*[^)]*\)\)/, "", text)
    n = split(text, decl, ";")
    for (i = 1; i <= n; i++) {
        d = decl[i]
        gsub(/[ \t]+/, " ", d)
        if (d ~ /^ ?(typedef|_Static_assert|enum|struct [A-Za-z_]+ ?@)/ || d ~ /static inline/) continue
        if (d ~ /\(/) sub(/ ?\(.*/, "", d)
        else if (d ~ /^ ?extern /) gsub(/ ?\[[^]]*\]/, "", d)
        else continue
        m = split(d, word, /[^A-Za-z0-9_]+/)
        if (d ~ /extern/ && d ~ /,/) for (j = 3; j <= m; j++) { if (d ~ (word[j] " ?,|" word[j] "$")) print word[j] }
        else print word[m]
    }
}
