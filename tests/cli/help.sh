#!/bin/sh
# help.sh RELMAS -- the program teaches its use, and a misspelt word is met with the right one.
. tests/support/cli.sh

for c in train eval capacity report verdict costs inspect list; do
    run 0 "$relmas" "$c" --help
    holds "^usage: relmas $c"
    holds '^example:$'
    holds "^  relmas $c "
    holds '^  --help '
    [ -s "$tmp/err" ] && fail "$c --help chatters"
done
for word in --help -h help; do
    run 0 "$relmas" $word
    holds '^usage: relmas COMMAND'
    for c in train eval report verdict costs inspect list; do holds "^  $c "; done
done
run 2 "$relmas"
holds '^usage: relmas COMMAND' "$tmp/err"
run 0 "$relmas" --version
holds '^relmas [0-9]+\.[0-9]+\.[0-9]+$'

refused 2 "unknown command 'tarin', did you mean 'train'\?" tarin
refused 2 "unknown command 'xyzzyx', try relmas --help" xyzzyx
refused 2 "unknown command '--verison'" --verison
refused 2 "'--stepz', did you mean '--steps'\?" train tiny --stepz 5
refused 2 "'--epsiodes', did you mean '--episodes'\?" eval edf-queue --epsiodes 5
refused 2 "'--netwrk', did you mean '--network'\?" costs --netwrk alexnet
refused 2 "'--confg', did you mean '--config'\?" inspect x.h5 --confg
refused 2 "unknown kind 'network', did you mean networks" list network

for kind in networks accelerators systems scenarios configs schedulers policies; do
    run 0 "$relmas" list $kind
    [ $kind = policies ] || [ -s "$tmp/out" ] || fail "no $kind are listed"
done
run 0 "$relmas" list schedulers
holds '^edf-queue +[^ ]'
run 0 "$relmas" list networks
holds '^vgg16 +15470.26 MMACs +138.344 M weights +16 sub-jobs, +16 in sequence$'
holds '^googlenet .* 70 sub-jobs, +25 in sequence$' # 9 modules of 2, 3 layers, 3 pools, fc
run 0 "$relmas" list accelerators
holds '^simba-16pe +ws +1024 MACs +1000 MHz +8 bits +buffer +64 KB +dram port +17.9 GB/s'
run 0 "$relmas" list systems
holds '^default-6 +6 SAs +12.3 TOPS +57 GB/s +max-min +T_s 0 us +3 simba-16pe, 3 eyeriss-32x32-int8$'
holds '^edge-4 .* 1 simba-256\*, ' # an SA that differs from its preset
run 0 "$relmas" list configs
holds '^tiny$'
run 0 "$relmas" list scenarios
holds '^edge-mixed-h +v2 +edge-4 +mixed +poisson +relative x 0.8 +loads 0.6, 0.8, 0.95 '
verdict
