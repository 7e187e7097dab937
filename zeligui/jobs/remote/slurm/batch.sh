#!/bin/sh
# What Slurm starts on a node, with the directory of the job and the tools: the wrapper, in that directory. For an array
# it is the directory of all jobs, and after the tools come their ids, one for each task but the last.
tools=$2 own=$SLURM_JOB_ID
if [ -n "${SLURM_ARRAY_TASK_ID:-}" ]; then
    own=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID all=$1
    shift 2
    shift "$SLURM_ARRAY_TASK_ID"
    [ $# -gt 0 ] || exit 0
    set -- "$all/$1"
    [ ! -d "$1" ] || exec >> "$1/slurm.out" 2>&1
fi
cd "$1" 2>/dev/null && [ -e native ] || { echo "the directory of the job is not there on $(uname -n)" >&2; exit 90; }
read -r native end < native && [ "$native" = "$own" ] || exit 0
if [ -e go.pending ]; then
    mkdir decided 2>/dev/null
    if [ ! -d decided ]; then mv -f go.pending go 2>/dev/null
    elif mv -f go.pending go.late 2>/dev/null; then rm -rf work
    fi
fi
[ -e go ] || exit 0
echo "$SLURM_JOB_ID end" > own
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
