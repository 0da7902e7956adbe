# xml.awk -- exits 0 if the input is well-formed XML, as far as pictures need it: tags nest, attributes
# are quoted and different, & begins an entity, nothing stands outside the root.
BEGIN { RS = "<" }
function wrong(what) { print "not XML: " what ": <" substr($0, 1, 60) > "/dev/stderr"; bad = 1; exit 1 }
NR == 1 { if ($0 ~ /[^ \t\r\n]/) wrong("text before the root"); next }
/^[?!]/ { if (!index($0, ">")) open = 1; next }
open { if (index($0, ">")) open = 0; next }
{
    if (!match($0, /^\/?[A-Za-z_:][-A-Za-z0-9_:.]*/)) wrong("no tag")
    name = substr($0, 1, RLENGTH)
    rest = substr($0, RLENGTH + 1)
    split("", seen)
    while (match(rest, /^[ \t\r\n]+[A-Za-z_:][-A-Za-z0-9_:.]*[ \t\r\n]*=[ \t\r\n]*("[^"]*"|'[^']*')/)) {
        attribute = substr(rest, 1, RLENGTH)
        rest = substr(rest, RLENGTH + 1)
        key = attribute
        sub(/=.*/, "", key)
        gsub(/[ \t\r\n]/, "", key)
        if (key in seen) wrong("attribute " key " twice")
        seen[key] = 1
        gsub(/&(#[0-9]+|#x[0-9A-Fa-f]+|[A-Za-z]+);/, "", attribute)
        if (attribute ~ /&/) wrong("bare &")
    }
    if (!match(rest, /^[ \t\r\n]*\/?>/)) wrong("tag does not end")
    empty = substr(rest, 1, RLENGTH) ~ /\//
    text = substr(rest, RLENGTH + 1)
    if (name ~ /^\//) {
        if (depth < 1 || stack[depth] != substr(name, 2)) wrong("end of " name)
        depth--
    } else {
        if (depth == 0 && ++roots > 1) wrong("two roots")
        if (!empty) stack[++depth] = name
    }
    gsub(/&(#[0-9]+|#x[0-9A-Fa-f]+|[A-Za-z]+);/, "", text)
    if (text ~ /&/) wrong("bare &")
    if (depth == 0 && text ~ /[^ \t\r\n]/) wrong("text after the root")
}
END { exit bad || roots != 1 || depth != 0 }
