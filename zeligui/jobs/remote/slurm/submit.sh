# claim ID NONCE FENCE INTERACTIVE ORDER: make sure that this attempt is ours and was not started yet.
# To start a process takes longer than all else here, so there are few; a file that must not be there holds on NFS too.
# The order lies in the file that lets the job go: it has secrets, and is overwritten when the job has ended.
claim() {
    locate "$1"
    new=
    if [ -z "$claimed" ]; then
        new=$jobs/$key/claims/$1
        [ -d "$jobs/$key/$1" ] || mkdir -p "$jobs/$key/$1"
        set -C
        printf 'claim %s %s %s end\n' "$2" "$boot" "$ns" 2>/dev/null > "$new"
        set +C
        locate "$1"
    fi
    [ -n "$claim" ] || { sleep 1; locate "$1"; } # who else claims it just now may be about to write it
    case $claim in
    'tomb '*) refuse 'it was canceled or ended before' ;;
    'claim '*) here || refuse 'it was claimed for another cluster, or on a machine' ;;
    *) [ -z "$new" ] || rm -f "$new"; refuse 'its claim could not be written, or read back' ;;
    esac
    if line "$J/native"; then
        [ -e "$J/exit.pending" ] || refuse 'it has ended'
        revoke "$line"
        echo "ready $J"
        exit 0
    fi
    [ -d "$J" ] || mkdir -p "$J"
    if ! line "$J/go.pending"; then
        set -C
        printf 'go end\n%s' "$5" 2>/dev/null > "$J/go.pending"
        for name in exit.pending ${3:+fence fenced.pending} ${4:+stdin.pending}; do echo end 2>/dev/null > "$J/$name"; done
        set +C
        [ -z "$4" ] || [ -e "$J/stdin" ] || printf '' > "$J/stdin"
    fi
    whole "$J/exit.pending" && whole "$J/go.pending" || refuse 'its state files could not be written'
    for other in "$J"/go.* "$J/decided"; do
        [ "$other" = "$J/go.pending" ] || [ ! -e "$other" ] || refuse 'it was canceled or came too late'
    done
}
# whole FILE: whether it is one; who prepares the same attempt just now may be about to write it.
whole() { line "$1" || { sleep 1; line "$1"; }; }
# revoke NATIVE: take back what was submitted just now, where that is not the job that counts.
revoke() { [ "${native:-$1}" = "$1" ] || scancel "$native"; }
refuse() { revoke ''; echo "refused $1"; exit 0; }
give_up() { withhold late; refuse "$1"; }

CLAIMED=7 # with which its claim ends where nothing was amiss; one that refuses ends with 0

# submit ID NONCE FENCE INTERACTIVE ORDER TOOLS UMASK OPTION...: claim it and hand it to Slurm, both at the same time.
# It is to begin later than anybody waits for a commit: what was not committed finds so when it begins, and ends.
# Only the job whose id stands in the file `native` ever runs: another one of the same attempt ends when it begins.
submit() {
    id=$1 nonce=$2 fence=$3 interactive=$4 order=$5 tools=$jobs/$key/tools/$6 mask=$7 native=
    shift 7
    locate "$id"
    if [ -z "$claimed" ]; then
        { claim "$id" "$nonce" "$fence" "$interactive" "$order"; sent alone && exit $CLAIMED; } </dev/null >/dev/null 2>&1 &
    else
        claim "$id" "$nonce" "$fence" "$interactive" "$order"
        [ ! -e "$J/sent" ] || native=$(named "$id")
        [ -n "$native" ] || sent alone
    fi
    [ -n "$native" ] || hand_over "zeligrid:$id" "$jobs/$key/$id" --output=slurm.out "$@" \
        "$tools/batch" "$jobs/$key/$id" "$tools"
    wait $!
    conclude $?
}
# conclude STATUS: what is to be said of it, now that it was handed over; `status` is that of its claim.
conclude() {
    [ -n "$native" ] || { failed || { locate "$id"; withhold late; echo "failed $said"; }; return; }
    J=$jobs/$key/$id
    [ "$1" = $CLAIMED ] && [ ! -e "$J/decided" ] || claim "$id" "$nonce" "$fence" "$interactive" "$order"
    keep
}
# handed ID NONCE FENCE INTERACTIVE ORDER NATIVE SAID: conclude what was handed over without this shell.
handed() {
    id=$1 nonce=$2 fence=$3 interactive=$4 order=$5 native=$6 said=$7
    conclude ''
}
# sent HOW: write down that it is handed over now: `alone`, or as which task of an array.
sent() { echo "$1 end" > "$J/sent"; }
# hand_over COMMENT FOLDER OPTION...: its id in $native; without one, what Slurm said is in $said.
hand_over() {
    comment=$1 folder=$2
    shift 2
    said=$(umask "$mask"; restore; exec sbatch --comment="$comment" --chdir="$folder" "$@" 2>&1) && number
}

# Many at once are handed over as one array: `together` begins, `offer` names each, `hand_over_all` ends. Of each is said
# after its id what `submit` says, or `alone` where it is to be handed over by itself.
# together NONCE TOOLS UMASK
together() { array=$1 tools=$jobs/$key/tools/$2 mask=$3 count=0 ids= native=; }
# offer ID NONCE FENCE INTERACTIVE ORDER
offer() {
    said=$(claim "$@")
    locate "$1"
    if [ -n "$said" ]; then echo "$1 $said"
    elif [ -e "$J/sent" ] || ! sent "$array $count"; then echo "$1 alone"
    else ids="$ids $1" count=$((count + 1))
    fi
}
# hand_over_all OPTION...: with a task more, which does nothing. The last one to begin has the id of the array as its own,
# by which Slurm understands all of them.
hand_over_all() {
    [ "$count" -gt 0 ] || return
    hand_over "zeligrid:$array" "$jobs/$key" --array="0-$count" --output=/dev/null "$@" \
        "$tools/batch" "$jobs/$key" "$tools" $ids
    job=$native number=0
    for id in $ids; do
        locate "$id"
        native=${job}_$number number=$((number + 1))
        if [ -n "$job" ]; then echo "$id $(settle)"
        else answer=$(failed) || { rm -f "$J/sent"; answer=alone; }
            echo "$id $answer"
        fi
    done
}
# settle: what was claimed may have been canceled since.
settle() {
    line "$J/go.pending" || refuse 'it was canceled or came too late'
    keep
}
# number: the id among the lines that sbatch printed, whatever a site's own words say besides, in $native.
number() {
    set -f
    IFS='
'
    for each in $said; do
        each=${each%%;*}
        case $each in *[!0-9]*) ;; *) native=$each ;; esac
    done
    unset IFS
    set +f
}
# keep: write down the id, where nobody has; it is ready then.
keep() {
    set -C
    echo "$native end" 2>/dev/null > "$J/native"
    set +C
    whole "$J/native" || give_up 'its id could not be written'
    revoke "$line"
    echo "ready $J"
}

# failed: what sbatch said, where that was no refusal: it got no connection and submitted nothing, or may have.
failed() {
    said=$(printf %s "$said" | tr '\n' ' ')
    case $said in
    *'nable to contact'* | *'onnect failure'*) echo "away $said" ;;
    *'imed out'* | *'onnection'*) echo "doubt $said" ;;
    *) false ;;
    esac
}

# named ID: the id of a job that was submitted for it before, by its comment, and its number in an array.
named() {
    line "$J/sent"
    case $line in *' '*) mark=${line% *} task=_${line#* } ;; *) mark=$1 task= ;; esac
    mine JobArrayID:24,Comment:64 | while read -r number comment; do
        case $comment/$number in "zeligrid:$mark/"*"$task") echo "$number"; break ;; esac
    done
}
