# What every script begins with: which machine this is, where its jobs are, and how state files are read.
# A state file is one line that ends in the word `end`; one that is empty or cut is unknown.
jobs=$HOME/.zeligrid/jobs
boot= ns= machine= claimed= claim= J=
# What belongs to a cluster, in a home that all its nodes share, is no machine's.
if [ -n "${zeligrid_cluster:-}" ]; then
    boot=slurm ns=$zeligrid_cluster key=slurm-$zeligrid_cluster
else
    read -r boot 2>/dev/null < "${ZELIGRID_PROC:-/proc}/sys/kernel/random/boot_id" ||
        read -r boot 2>/dev/null < /proc/sys/kernel/random/boot_id || boot=unknown
    ns=$(readlink /proc/self/ns/pid) || ns=unknown
    ns=${ns#*'['} ns=${ns%']'}
    key=${ZELIGRID_HOSTNAME:-}
    if [ -z "$key" ]; then
        # Both: diskless nodes share a machine-id, copied machines a name.
        read -r machine 2>/dev/null < /etc/machine-id
        read -r key 2>/dev/null < /proc/sys/kernel/hostname || key=$(uname -n)
        key=$key${machine:+-$machine}
    fi
    case $key in
    *[!A-Za-z0-9._-]* | .*) key=h$(printf %s "$key" | tr -c 'A-Za-z0-9._-' _) ;;
    esac
fi

# line FILE: its content in $line; false where it is missing, empty or cut.
line() {
    line=
    [ -r "$1" ] && IFS= read -r line < "$1"
    case $line in
    end) line= ;;
    *' end') line=${line%' end'} ;;
    *) line=; return 1 ;;
    esac
}

# locate ID: the path of its claim in $claimed, what that says in $claim, its directory in $J.
# A home may be shared: another machine's claim is found too.
locate() {
    claimed= claim= J=
    for path in "$jobs/$key/claims/$1" "$jobs"/*/claims/"$1"; do
        [ -e "$path" ] || continue
        claimed=$path J=${path%/claims/*}/$1
        line "$path" && claim=$line
        [ ! -f "$J/decided" ] || [ ! -e "$J/go.pending" ] || decide go.pending go
        return
    done
}

# here: whether $claim was made on this machine, since it was booted.
here() {
    case "$claim " in "claim "*" $boot $ns "*) [ "${claimed%/claims/*}" = "$jobs/$key" ] ;; *) false ;; esac
}

# decide PENDING DECISION: rename a file that was made with the claim; whoever is first decides.
decide() { mv -f "$J/$1" "$J/$2" 2>/dev/null; }

# alive PID START: whether this very process runs; a zombie does not, nor one with the id of another.
alive() {
    [ -r "/proc/$1/stat" ] || return 1
    stat=
    while IFS= read -r part || [ -n "$part" ]; do stat="$stat $part"; done 2>/dev/null < "/proc/$1/stat"
    # The name of the program may hold anything: its fields are those after the last bracket.
    set -- "$2" ${stat##*) }
    [ "$1" = "${21}" ] && case $2 in Z | X | x) false ;; esac
}

# wrapper: whether the wrapper of $J runs.
wrapper() { line "$J/wrapper" && alive $line; }
