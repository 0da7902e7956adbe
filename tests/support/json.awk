# json.awk -- exit code 0 if the input is one well-formed JSON value (RFC 8259), else 1.
{ text = text $0 "\n" }
END {
    ok = 1
    at = 1
    value(0)
    blanks()
    exit !(ok && at == length(text) + 1)
}
function blanks() { while (substr(text, at, 1) ~ /^[ \t\r\n]$/) at++ }
function take(pattern) { # the longest match of a token here
    if (match(substr(text, at, 400), "^(" pattern ")")) { at += RLENGTH; return 1 }
    return 0
}
function need(pattern) { if (!take(pattern)) ok = 0; return ok }
function string() { return take("\"([^\"\\\\\001-\037]|\\\\([\"\\\\/bfnrt]|u[0-9a-fA-F][0-9a-fA-F][0-9a-fA-F][0-9a-fA-F]))*\"") }
function value(depth) {
    blanks()
    if (depth > 20) ok = 0
    if (!ok) return
    if (take("\\{")) members(depth, "\\}", 1)
    else if (take("\\[")) members(depth, "\\]", 0)
    else if (!string() && !take("true|false|null")) need("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?")
}
function members(depth, close_, named) {
    blanks()
    if (take(close_)) return
    do {
        blanks()
        if (named) { if (!string()) ok = 0; blanks(); need(":") }
        value(depth + 1)
        blanks()
    } while (ok && take(","))
    need(close_)
}
