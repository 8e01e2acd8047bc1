#!/bin/bash
# run.sh [quick|usual|all] [PATTERN]
#
# Searches the configurations and mutants of matrix.txt whose name matches PATTERN
# (a regular expression), prints a line for each, and ends with "N passed, N failed";
# the exit status is 1 when an outcome is not the expected one. quick takes only the
# rows marked quick; usual, the default, all but those marked long; all takes all.
# Who names a PATTERN gets each row that matches, but with quick or usual before it.
#
# Environment: LIM seconds per search (usual 60; quick 30; all 180; six times that for rows marked
# deep), MEM megabytes per search (4000), JOBS searches at once (2), WORK folder for what the searches leave (work
# beside this file). A counterexample: cd work/NAME && ./pan -r *.trail
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 2

# rows: those of matrix.txt, and for each mutant what it was made from, named b_ for
# m_, which must pass: else the mutant proves nothing.
rows() {
  awk -F ' *; *' '/^#/ || !NF { next }
    { print; seen[$2 $5] = 1 }
    $1 ~ /^m_/ && /MUT_/ {
      sub(/^m_/, "b_", $1); gsub(/-DMUT_[a-z0-9_]+ */, "", $5); sub(/quick|deep/, "", $4)
      base[++n] = $1 " ; " $2 " ; pass ; " $4 " ; " $5; options[n] = $2 $5
    }
    END { for (i = 1; i <= n; i++) if (!(options[i] in seen)) { seen[options[i]] = 1; print base[i] } }' "$here/matrix.txt"
}

# The columns of the table.
print_row() { printf '%-21s %-9s %10s %-4s %7s  %-9s %s\n' "$@"; }

# classify LOG STATUS: what a search ended with, and whether it saw all states.
classify() {
  local number
  if grep -q 'assertion violated' "$1"; then
    number=$(grep -o 'assertion violated.*0==1[0-9]*' "$1" | grep -o '1[0-9]*$' | head -n 1)
    awk -v n="${number:-none}" '$1 == "#define" && $2 ~ /^P_/ && $3 == n { sub(/^P_/, "", $2); name = $2 }
      END { print (name == "" ? "assertion" : name) " -" }' "$here/common.inc"
  elif grep -q 'invalid end state (' "$1"; then
    echo 'deadlock -'
  elif ! grep -q 'States=\|states, stored' "$1"; then
    echo 'broken -'
  elif [ "$2" = 124 ] || [ "$2" = 137 ] || grep -q 'Search not completed\|max search depth too small' "$1"; then
    echo 'pass no'
  elif grep -q 'errors: 0' "$1"; then
    echo 'pass yes'
  else
    echo 'broken -'
  fi
}

# one ROW: searches one row of the matrix and adds its verdict to $WORK/verdicts.
one() {
  local name model want marks options folder start end status got complete states verdict
  IFS=';' read -r name model want marks options <<<"$1"
  name=${name// /} model=${model// /} want=${want// /}
  folder=$WORK/$name
  rm -rf "$folder" && mkdir -p "$folder" && cd "$folder" || exit 2
  read -ra options <<<"$options"
  if [[ $marks = *deep* ]]; then LIM=$((6 * LIM)); fi
  if spin -a "${options[@]}" "$here/$model.pml" >spin.log 2>&1 &&
    gcc "$OPT" -w -DVECTORSZ=2048 -DCOLLAPSE -DSAFETY -DMEMLIM="$MEM" -o pan pan.c 2>gcc.log; then
    start=$(date +%s%N)
    timeout -k 10 "$LIM" ./pan -m500000 -w23 -n >pan.log 2>&1
    status=$?
    end=$(date +%s%N)
    # pan is killed at its limit without a word: the last progress report is what it had.
    states=$(awk '/states, stored/ { n = $1 } /States=/ { sub(/.*States= */, ""); m = $1 } END { print n != "" ? n : m }' pan.log)
    read -r got complete <<<"$(classify pan.log $status)"
  else
    start=0 end=0 states=0 got='broken' complete=-
  fi
  case $want in
    none) verdict=pass ;; # the step left out is not needed: no error expected
    *) verdict=$want ;;
  esac
  if [ "$got" = "$verdict" ]; then verdict=ok; else verdict=FAIL; fi
  print_row "$name" "$want" "${states:-0}" "$complete" "$(((end - start) / 1000000000)).$(((end - start) / 100000000 % 10))s" "$got" "$verdict"
  echo "$verdict" >>"$WORK/verdicts"
}

if [ "${1-}" = --row ]; then
  one "$2"
  exit
fi

set=usual
if [ $# -eq 1 ]; then set=all; fi
case ${1-} in
  quick | usual | all) set=$1 && shift ;;
esac
case $set in
  quick) LIM=${LIM:-30} OPT=-O1 ;;
  usual) LIM=${LIM:-60} OPT=-O2 ;;
  all) LIM=${LIM:-180} OPT=-O2 ;;
esac
export LIM OPT MEM="${MEM:-4000}" WORK="${WORK:-$here/work}"
for tool in spin gcc timeout xargs awk; do
  command -v "$tool" >/dev/null || { echo "run.sh: $tool is needed (Debian: apt install spin gcc coreutils findutils gawk)" >&2; exit 2; }
done
mkdir -p "$WORK" && : >"$WORK/verdicts" || exit 2
echo "$(spin -V); at most $LIM s and $MEM MB each"
print_row name expected states all time got ''
rows | awk -F ' *; *' -v set="$set" -v pattern="${1:-.}" '
    $1 ~ pattern && (set == "all" || (set == "quick" ? $4 ~ /quick/ : $4 !~ /long/))' |
  tr '\n' '\0' |
  xargs -0 -r -n 1 -P "${JOBS:-2}" "$here/run.sh" --row
passed=$(grep -c ok "$WORK/verdicts")
failed=$(grep -c FAIL "$WORK/verdicts")
echo "$passed passed, $failed failed"
[ "$passed" -gt 0 ] && [ "$failed" -eq 0 ]
