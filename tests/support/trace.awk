# trace.awk -- exit code 0 if the input, a trace of `relmas trace`, keeps the rules of the Trace Event
# Format as viewers apply them, and adds up; else 1 and what is wrong. One event a line, as written.
# -v net=NAME: prints the number of that network's sub-jobs.
function wrong(what) {
    if (bad++ < 5) print FILENAME ":" FNR ": " what ": " substr($0, 1, 160) >"/dev/stderr"
}
# The value of a key, without quotes; "" if there is none.
function of(key,   v) {
    if (!match($0, "\"" key "\": (\"[^\"]*\"|[-+0-9.e]+|true|false)")) return ""
    v = substr($0, RSTART + length(key) + 4, RLENGTH - length(key) - 4)
    gsub(/"/, "", v)
    return v
}
function ns(us) { # exact
    if (us !~ /^[0-9]+\.[0-9][0-9][0-9]$/) wrong("not a time in us of whole ns")
    sub(/\./, "", us)
    return us + 0
}
function near(a, b, part) { return a - b <= part * (a + b) && b - a <= part * (a + b) }

/^\{"ph"/ { # an event
    ph = of("ph")
    track = of("pid") "/" of("tid")
    ts = ns(of("ts"))
    if (track !~ /^[1-9][0-9]*\/[1-9][0-9]*$/) wrong("no track")
    if (ph != "E" && of("name") == "") wrong("no name")
    if (ts > last) last = ts
}
ph == "M" && /"thread_name"/ { named[track] = 1 }
ph ~ /^[XBistf]$/ && !(track in named) { wrong("the track has no name") }

# --- slices of a track follow each other ---
ph ~ /^[XB]$/ {
    if (open[track]) wrong("a slice within a slice")
    if (ts < ended[track]) wrong("slices overlap")
    began[track] = ts
}
ph == "X" {
    dur = ns(of("dur"))
    if (dur <= 0) wrong("a slice without length")
    ended[track] = ts + dur
    if (ended[track] > last) last = ended[track]
    if (of("name") != of("network") "/" of("layer") || of("cat") != of("network")) wrong("name")
    if (!near(of("slowdown") * of("isolated_us"), dur / 1000, 1e-5 + 0.6 / dur)) wrong("slowdown")
    if (of("slowdown") < 0.999999) wrong("faster than alone")
    bytes += of("bytes")
    per_net[of("network")]++
    steps[of("job") + 1]++
}
ph == "B" { open[track] = 1; ended[track] = ts + 1 }
ph == "E" {
    if (!open[track] || ts <= began[track]) wrong("an end without a beginning")
    if (ts <= bound[track] + 0) wrong("a flow is bound to a slice that has ended")
    open[track] = 0
    ended[track] = ts
}

# --- flows: one beginning, one end, each bound to the slice written just before it ---
ph ~ /^[stf]$/ {
    id = of("id")
    if (ts < began[track] || (ts >= ended[track] && !open[track])) wrong("no slice around a flow")
    if (open[track]) bound[track] = ts
    if (ph != "s" && of("bp") != "e") wrong("a flow that is not bound to the slice around it")
}
ph == "s" { if (id in from) wrong("two beginnings"); from[id] = ts; arrivals++ }
ph == "t" {
    if (!(id in from) || ts < from[id]) wrong("a flow that has not begun")
    if (!(id in latest) || ts > latest[id]) latest[id] = ts
    links[id]++
}
ph == "f" {
    if (!(id in from) || ts < from[id]) wrong("a flow ends before it begins")
    if (id in to) wrong("two ends")
    to[id] = ts
}

# --- requests ---
ph == "B" && /"slack_us"/ {
    fate[of("name")]++
    slack = of("slack_us") + 0
    if (of("name") == "met" ? slack < 0 : of("name") == "late" && slack >= 0) wrong("fate")
    if (of("name") == "dropped" && slack != 0) wrong("not dropped at its deadline")
    completions++
}
ph == "i" { misses++ }

# --- counters: only forwards; bandwidth x time = bytes ---
ph == "C" {
    key = track "/" of("name")
    if (ts < counted[key] + 0) wrong("a counter goes back in time")
    if (of("name") ~ /bandwidth/) {
        moved += gbps * (ts - counted[key]) # 1 GB/s = 1 byte/ns
        gbps = of("GB.s")
        if (gbps < 0) wrong("negative bandwidth")
    }
    counted[key] = ts
}
/^ "load"/ {
    $0 = $0
    said = of("issued") + 0 == arrivals && of("met") + 0 == fate["met"] && of("late") + 0 == fate["late"] &&
        of("dropped") + 0 == fate["dropped"] && of("rejected") + 0 == fate["rejected"]
}
{ ph = "" }
END {
    if (!said) wrong("the counts are not those of the events")
    if (arrivals == 0 || arrivals != completions) wrong(arrivals " arrivals, " completions " ends")
    if (misses + 0 != arrivals - fate["met"]) wrong(misses " misses of " arrivals ", met " fate["met"])
    for (id in from) {
        if (!(id in to)) wrong("flow " id " does not end")
        if ((id in latest) && latest[id] > to[id]) wrong("flow " id " goes on after its end")
        if (links[id] != steps[id]) wrong("flow " id " passes " links[id] " of " steps[id] " sub-jobs")
    }
    for (track in open) if (open[track]) wrong("a slice of " track " does not end")
    if (!near(moved, bytes, 1e-4)) wrong("bandwidth adds up to " moved " bytes of " bytes)
    if (gbps != 0) wrong("bandwidth after the end")
    if (net != "") print per_net[net] + 0
    exit bad > 0
}
