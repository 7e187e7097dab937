# Jobs of a Slurm cluster, as seen from a machine that has its commands. Stands after common.sh and
# `COMMANDS` of links/slurm.py.
# A job's directory belongs to the cluster, not to the machine of the login: all of them have the same home.

# Of processes on other nodes nothing can be seen from here: Slurm is asked how they are.
alive() { :; }

# mine: the rows of this user's jobs that came from here; at first the time.
mine() {
    printf 'now '
    date +%s
    export SLURM_TIME_FORMAT=%s
    slurm squeue -h -r -t all -u "$(id -un)" -n zeligrid -O "$1" 2>&1
}
