# poll FIELDS ID...: what Slurm and the files say of many attempts, in one look. Slurm is asked first: what it says is
# older than the files, so that an end that is written down is never overlooked.
poll() {
    ready_or out || return
    printf 'machine %s %s %s\n' "$key" "$boot" "$ns"
    echo rows
    mine "$1" || { echo away; return; }
    echo files
    shift
    look_at "$@"
}

# confirm [ID NATIVE]...: of jobs that Slurm did not name: whether it certainly does not know them, then their files.
confirm() {
    printf 'machine %s %s %s\n' "$key" "$boot" "$ns"
    watched= fences=
    while [ $# -gt 0 ]; do
        id=$1
        case $(slurm scontrol -o show job "$2" 2>&1) in *'nvalid job id'*) echo "unknown $id" ;; esac
        locate "$id"
        [ -z "$claimed" ] || show
        shift 2
    done
}

# tend [WHAT ID NATIVE TEXT]...: late: nobody committed it in time; begin: Slurm did not hear that it may; kill: it
# outlived its grace; native: it was found by its comment; note: how Slurm says that it ended, for when Slurm has
# forgotten it.
tend() {
    begin=
    while [ $# -gt 0 ]; do
        locate "$2"
        case $1 in
        late) if [ -z "$claim" ] || withhold late || [ -e "$J/go.late" ]; then slurm scancel "$3"; fi ;;
        begin) begin=$begin,$3 ;;
        kill) slurm scancel "$3" ;;
        native) [ -z "$claim" ] || { set -C; echo "$3 end" 2>/dev/null > "$J/native"; set +C; } ;;
        note) [ -z "$claim" ] || [ ! -d "$J" ] || echo "$4 end" > "$J/slurm" ;;
        esac
        shift 4
    done
    [ -z "$begin" ] || slurm scontrol update JobId="${begin#,}" StartTime=now
}
