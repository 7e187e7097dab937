# Jobs of a Slurm cluster, as seen from a machine that has its commands. Stands after common.sh and
# `COMMANDS` of links/slurm.py.
# A job's directory belongs to the cluster, not to the machine of the login: all of them have the same home.

# Of processes on other nodes nothing can be seen from here: Slurm is asked how they are.
alive() { :; }

# Whether a job is let go is decided here by who is first to make `decided`, and a rename only follows: a file of that
# name lets it go, which takes no process, for a shell makes it by itself; a folder does not. `locate` renames, too.
grant() { set -C; printf '' 2>/dev/null > "$J/decided"; granted=$?; set +C; return $granted; }
# withhold DECISION: false where it was let go before.
withhold() { mkdir "$J/decided" 2>/dev/null; [ -d "$J/decided" ] && decide go.pending "go.$1"; }

# mine: the rows of this user's jobs that came from here; at first the time.
mine() {
    printf 'now '
    date +%s
    export SLURM_TIME_FORMAT=%s
    slurm squeue -h -r -t all -u "$(id -un)" -n zeligrid -O "$1" 2>&1
}
