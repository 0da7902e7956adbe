#!/bin/sh
# eval_plot.sh RELMAS -- `relmas eval --plot`: SLA rate against load, drawn with gnuplot.
. tests/support/cli.sh

evaluate() { # evaluate PICTURE ARGUMENTS...
    picture=$1
    shift
    run 0 "$relmas" eval "$@" --scenario light-m --episodes 3 --set scenario.episode_jobs=30 --format csv --plot "$picture"
}

# --- refused before anything is measured ---
refused 2 "a curve needs two loads or more" eval edf-queue --load 0.9 --plot curve.svg
refused 2 "a curve needs two loads or more" eval edf-queue --load 0.9,0.9 --plot curve.svg
for name_of in curve.jpg curve .svg; do
    refused 2 "--plot '$name_of': name the picture FILE.svg or FILE.png" eval edf-queue --plot $name_of
done
plot_refused() { # plot_refused REGEX PATH
    checks=$((checks + 1))
    PATH=$2 "$relmas" eval edf-queue --scenario light-m --episodes 1 --plot curve.svg >"$tmp/out" 2>"$tmp/err"
    code=$?
    [ $code -eq 1 ] || fail "exit code $code instead of 1 without a working gnuplot"
    grep -Eq -- "$1" "$tmp/err" || fail "no /$1/ in: $(cat "$tmp/err")"
    for f in curve*; do [ -e "$f" ] && fail "a failed plot leaves $f"; done
}
mkdir empty failing
plot_refused '^relmas: there is no gnuplot on the PATH .* apt-get install gnuplot-nox$' "$tmp/work/empty"
printf '#!/bin/sh\n[ "$2" = --version ] && exit 0\necho "<svg>"\necho "line 3: no such terminal" >&2\nexit 1\n' >failing/gnuplot
chmod +x failing/gnuplot
[ -s "$tmp/out" ] && fail 'measured although nothing can draw'
plot_refused 'gnuplot failed \(exit code 1\): line 3: no such terminal' "$tmp/work/failing:$PATH"
[ -s "$tmp/out" ] || fail 'a failed plot costs the results'

if command -v gnuplot >/dev/null 2>&1; then
    run 1 "$relmas" eval edf-queue --scenario light-m --episodes 1 --plot none/curve.svg
    holds "cannot create 'none/curve.svg': No such file" "$tmp/err"

    # --- the results are those without a picture; drawn again, the picture is the same ---
    evaluate curve.svg edf-queue fcfs-h sjf-h+
    cut -d, -f1-20 "$tmp/out" >with.csv
    cp curve.svg first.svg
    run 0 "$relmas" eval edf-queue fcfs-h sjf-h+ --scenario light-m --episodes 3 --set scenario.episode_jobs=30 --format csv
    cut -d, -f1-20 "$tmp/out" >without.csv
    same 'the results beside a plot' without.csv with.csv
    evaluate curve.svg edf-queue fcfs-h sjf-h+ --threads 1
    same 'a plot drawn again' first.svg curve.svg
    for text in edf-queue fcfs-h 'sjf-h\+' 'SLA rate against load: scenario light-m on default-6' \
        'mean of 3 episodes of 30 jobs'; do
        holds ">$text" curve.svg
    done

    # --- any number of policies, loads in any order, names of all kinds ---
    run 0 "$relmas" train tiny --steps 2000 --out "it's <run> & _b^c{d}"
    # shellcheck disable=SC2046
    evaluate all.svg $("$relmas" list schedulers | cut -d' ' -f1) --load 0.9,0.5
    evaluate odd.svg "it's <run> & _b^c{d}" edf-queue edf-queue --load 1,0.4,0.7
    for f in curve all odd; do run 0 awk -f "$tree/tests/support/xml.awk" $f.svg; done
    holds '>it.*s &lt;run(>|&gt;) &amp; _b\^c\{d\}<' odd.svg
    for s in $("$relmas" list schedulers | cut -d' ' -f1); do
        grep -Fq ">$s<" all.svg || fail "$s is not in the picture"
    done

    # --- pixels ---
    if echo 'set term pngcairo' | gnuplot 2>/dev/null; then
        evaluate curve.png edf-queue fcfs-h --load 0.5,0.9
        [ "$(head -c 4 curve.png | tail -c 3)" = PNG ] || fail 'no PNG'
        [ "$(wc -c <curve.png)" -gt 5000 ] || fail 'a PNG of no size'
    fi
    for f in *.tmp*; do [ -e "$f" ] && fail "a plot leaves $f"; done
else
    echo "  $name: no gnuplot, its pictures are not tested"
fi
verdict
