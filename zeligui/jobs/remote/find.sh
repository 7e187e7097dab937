# find ID...: what the files and the processes of many attempts say, in one look.
find_all() {
    printf 'machine %s %s %s\n' "$key" "$boot" "$ns"
    look_at "$@"
    # What began or ended between the look at its files and the one at its processes is looked at anew.
    for turn in 1 2 3 4 5; do
        [ -n "$watched" ] || return
        printf '%s' "$watched" | processes use
        set -- $watched
        watched=
        while [ $# -gt 0 ]; do
            id=$2 pid=$3
            shift 6
            locate "$id"
            if [ ! -e "$J/exit.pending" ] || [ -e "$J/go.late" ] || [ -e "$J/go.canceled" ]; then show
            elif [ "$pid" = 0 ] && [ -e "$J/pid" ]; then show
            fi
        done
    done
}
# look_at ID...: what the files of many attempts say. Polls renew the fence.
look_at() {
    watched= fences=
    for id do
        locate "$id"
        [ -z "$claimed" ] || show
    done
    [ -z "$fences" ] || eval "touch -c $fences"
}
show() {
    owner=${claimed%/claims/*}
    printf 'job %s %s %s\n' "$id" "${owner##*/}" "${claim:-cut}"
    case $claim in 'tomb '*) return ;; esac
    pid='0 0' by='0 0' ended=
    for path in "$J"/*; do
        name=${path##*/}
        case $name in
        go | go.* | exit.* | cancel | suspended | fenced | wrapper | pid | usage | reason | limits) ;;
        native | sent | run | grace | slurm) ;;
        fence) here && fences="$fences \"\$jobs/\$key/$id/fence\""; continue ;;
        *) continue ;;
        esac
        [ -e "$path" ] || continue
        if line "$path"; then printf 'file %s %s\n' "$name" "$line"; else printf 'cut %s\n' "$name"; fi
        case $name in
        pid) pid=${line% *} ;;
        wrapper) by=$line ;;
        exit.pending) ;;
        exit.* | go.late | go.canceled) ended=yes ;;
        esac
    done
    if [ -z "$ended" ] && here; then
        watched="${watched}job $id ${pid:-0 0} ${by:-0 0}
"
    fi
}
