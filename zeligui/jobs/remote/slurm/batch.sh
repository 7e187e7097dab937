#!/bin/sh
# What Slurm starts on a node: the wrapper, in the directory of the job.
tools=$2
cd "$1" 2>/dev/null && [ -r order ] || { echo "the directory of the job is not there on $(uname -n)" >&2; exit 90; }
if [ "${SLURM_RESTART_COUNT:-0}" -gt 0 ]; then
    for path in exit.*; do [ "$path" = exit.pending ] || mv -f "$path" exit.pending; done
    rm -f wrapper pid usage reason slurm
fi
echo "${SLURM_RESTART_COUNT:-0} $(uname -n) end" > run
if python3 -I -S -c 'import sys; sys.exit(sys.version_info < (3, 6))' 2>/dev/null; then
    exec python3 -I -S "$tools/reaper.py" "$1" stay < order
elif perl -MTime::HiRes -MPOSIX -e 1 2>/dev/null; then
    exec perl "$tools/reaper.pl" "$1" stay < order
fi
echo "$(uname -n) has neither python3 nor perl end" > reason
mv -f exit.pending exit.error
exit 91
