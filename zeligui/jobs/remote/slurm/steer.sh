# What is wished of a job of Slurm: these stand for the functions of the same names in steer.sh.

# native: the job's id at Slurm, in $native; without one it was not submitted. That of an array's task has a `_`: by it
# Slurm tells no signals right, but as soon as the task begins it writes down an id of its own.
native() {
    line "$J/native" && native=$line || return
    case $native in *_*) ! line "$J/own" || native=$line ;; esac
}
# asked COMMAND...: false where Slurm says no; what it says, on one line, is in $said.
asked() { said=$(slurm "$@" 2>&1); status=$?; said=$(printf %s "$said" | tr '\n' ' '); [ $status = 0 ]; }
# heard: after a no, say so where it is not Slurm that said it.
heard() { case $status/$said in 124/* | 137/* | *'nable to contact'* | *'imed out'* | *'onnect failure'*) say away "$said" ;; esac; }

# commit_all ID...: the same as `commit` for many. Of each is said after its id what `commit` says.
commit_all() {
    later=yes let=
    for id do
        said=$(commit "$id")
        echo "$id $said"
        case $said in ok*) let="$let $id" ;; esac
    done
    [ -z "$let" ] || begin $let
}
# begin ID...: Slurm is told in one word that these need not wait any more, and nobody waits for that. Where it does not
# hear it, a poll tells it again.
begin() {
    {
        natives=
        for id do
            locate "$id"
            [ -z "$claimed" ] || ! native || natives=$natives,$native
        done
        [ -z "$natives" ] || scontrol update JobId="${natives#,}" StartTime=now
    } </dev/null >/dev/null 2>&1 &
}

# commit ID: what follows the decision need not be waited for.
commit() {
    locate "$1"
    let_go
    if [ -e "$J/go.pending" ] && here && native && grant; then
        [ -n "${later:-}" ] || begin "$1"
        say ok
    fi
    let_go
    meet "$1"
    native || say refused 'it did not reach Slurm'
    say refused 'it was canceled or came too late'
}
let_go() { if [ -n "$J" ] && { [ -e "$J/go" ] || [ -f "$J/decided" ]; }; then say ok; fi; }

# cancel ID NONCE GRACE: GRACE in hundredths of a second. What waits is taken back; what runs is told, through its
# wrapper, which ends it in order.
cancel() {
    locate "$1"
    [ -n "$claimed" ] || bury "$1" "$2"
    meet "$1"
    withhold canceled
    echo "$3 $(date +%s) end" > "$J/grace"
    [ -e "$J/go.canceled" ] || echo end > "$J/cancel"
    native || say ok
    case $native in
    *_*) asked scancel "$native" || heard; say ok ;;
    *) asked scancel --state=PENDING "$native" || heard ;;
    esac
    [ ! -e "$J/go.canceled" ] || say ok
    if [ -e "$J/suspended" ]; then
        rm -f "$J/suspended"
        asked scancel --full --signal=CONT "$native" || heard
    fi
    asked scancel --batch --signal=TERM "$native" || heard
    say ok
}

# halt ID, wake ID: through its wrapper, which halts all processes of the job and lets them go on. Slurm's own STOP, which
# anybody may send to his own jobs, stops but the wrapper where Slurm follows no cgroups; its suspension, which operators
# may ask for, stops a job two seconds later, even one that was resumed since. CONT undoes what others stopped.
halt() {
    meet "$1"
    native && [ -e "$J/go" ] || say early 'it has not started'
    echo end > "$J/suspended"
    line "$J/pid" || say ok # the wrapper will see the file when it has started the job
    asked scancel --batch --signal=USR1 "$native" || { rm -f "$J/suspended"; heard; refused; }
    say ok
}
wake() {
    meet "$1"
    native || say early 'it has not started'
    rm -f "$J/suspended"
    line "$J/pid" || say ok
    asked scancel --full --signal=CONT "$native" && asked scancel --batch --signal=USR1 "$native" || { heard; refused; }
    say ok
}
refused() {
    case $said in *ending* | *'not be altered'*) say early 'it has not started' ;; esac
    say no "Slurm says: $said"
}
