# submit ID TOOLS OPTION...: hand a claimed job to Slurm, at most once. The order is on standard input.
# It is to begin later than anybody waits for a commit: what was not committed finds so when it begins, and ends.
submit() {
    id=$1 tools=$jobs/$key/tools/$2
    shift 2
    if line "$J/native"; then echo "ready $J"; return; fi
    [ -e "$J/submit" ] || line "$J/submit.pending" || echo end > "$J/submit.pending"
    decide submit.pending submit || { recall "$id"; return; }
    cat > "$J/order"
    native=$(umask "$mask"; restore; slurm sbatch --parsable --no-requeue --comment="zeligrid:$id" --job-name=zeligrid \
        --chdir="$J" --output=slurm.out --open-mode=append --nodes=1 --ntasks=1 "$@" "$tools/batch" "$J" "$tools" 2> "$J/slurm.said")
    status=$?
    native=${native%%;*}
    case $native in
    '' | *[!0-9]*) failed "$status" ;;
    *) if keep "$native"; then echo "ready $J"; else slurm scancel "$native"; give_up 'its id could not be written'; fi ;;
    esac
}
keep() { echo "$1 end" > "$J/native"; line "$J/native"; }

# failed STATUS: what sbatch said. Where it got no connection it submitted nothing, and may be asked again.
failed() {
    said=$(cat "$J/slurm.said")
    case $said in
    *'nable to contact'* | *'onnect failure'*) decide submit submit.pending; echo "away $said" ;;
    *'imed out'* | *'onnection'*) echo "doubt $said" ;;
    *)
        case $1 in
        124 | 137) echo 'doubt it did not answer in time' ;;
        *) decide go.pending go.late; echo "failed $said" ;;
        esac ;;
    esac | tr '\n' ' '
    echo
}

# recall ID: it was submitted before, and by whom is not known: the job is found by its comment, or is given up.
recall() {
    native=$(slurm squeue -h -t all -u "$(id -un)" -n zeligrid -O JobID:24,Comment:64 2>/dev/null |
        while read -r number comment; do [ "$comment" != "zeligrid:$1" ] || echo "$number"; done)
    case $native in
    '' | *[!0-9]*) give_up 'an earlier submission of it was cut off' ;;
    *) if keep "$native"; then echo "ready $J"; else give_up 'its id could not be written'; fi ;;
    esac
}
