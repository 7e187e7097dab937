#!/bin/sh
# What Slurm starts on a node: the wrapper, in the directory of the job.
tools=$2
cd "$1" 2>/dev/null && [ -e native ] || { echo "the directory of the job is not there on $(uname -n)" >&2; exit 90; }
read -r native end < native && [ "$native" = "$SLURM_JOB_ID" ] || exit 0
[ -e go ] || { mv -f go.pending go.late 2>/dev/null && rm -rf work; }
[ -e go ] || exit 0
[ -d work ] || mkdir work
if [ "${SLURM_RESTART_COUNT:-0}" -gt 0 ]; then
    for path in exit.*; do [ "$path" = exit.pending ] || mv -f "$path" exit.pending; done
    rm -f wrapper pid usage reason slurm told
fi
echo "${SLURM_RESTART_COUNT:-0} $(uname -n) end" > run
{
    read -r word
    if python3 -I -S -c 'import sys; sys.exit(sys.version_info < (3, 6))' </dev/null 2>/dev/null; then
        exec python3 -I -S "$tools/reaper.py" "$1" stay
    elif perl -MTime::HiRes -MPOSIX -e 1 </dev/null 2>/dev/null; then
        exec perl "$tools/reaper.pl" "$1" stay
    fi
} < go
echo "$(uname -n) has neither python3 nor perl end" > reason
mv -f exit.pending exit.error
exit 91
