# What a poll's owner may wish of an attempt. Each prints one line: a word, and why.
say() { printf '%s\n' "$*"; exit 0; }

# meet ID: find an attempt that may be steered from here, or say why not.
meet() {
    locate "$1"
    [ -n "$claimed" ] || say unknown
    case $claim in 'tomb '*) say gone ;; esac
    for path in "$J"/exit.*; do
        case $path in *.pending | *'*') ;; *) say ended ;; esac
    done
    here && return
    case $claimed/$claim in
    "$jobs/$key/"*" $boot "*) say elsewhere ;;
    "$jobs/$key/"*) say rebooted ;;
    *) say elsewhere ;;
    esac
}

# commit ID: several of one attempt may be under way, so before each refusal it is asked whether another let it go.
commit() {
    locate "$1"
    let_go
    answer=$(meet "$1")
    [ -z "$answer" ] || { let_go; say "$answer"; }
    [ -e "$J/go.pending" ] || { let_go; say refused 'it was canceled or came too late'; }
    wrapper || { decide go.pending go.late; let_go; say refused 'its wrapper has ended'; }
    decide go.pending go
    let_go
    say refused 'it was canceled or came too late'
}
let_go() { if [ -n "$J" ] && [ -e "$J/go" ]; then say ok; fi; }

# bury ID NONCE: a tombstone, which refuses an attempt that was never seen here.
bury() {
    mkdir -p "$jobs/$key/claims"
    echo 'tomb canceled end' > "$jobs/$key/claims/.$2"
    line "$jobs/$key/claims/.$2" && ln "$jobs/$key/claims/.$2" "$jobs/$key/claims/$1" 2>/dev/null
    rm -f "$jobs/$key/claims/.$2"
    locate "$1"
    [ -n "$claimed" ] || say full 'the tombstone could not be written'
}

# cancel ID NONCE GRACE DETACH...: GRACE in hundredths of a second.
cancel() {
    locate "$1"
    [ -n "$claimed" ] || bury "$1" "$2"
    meet "$1"
    id=$1 grace=$3
    shift 3
    decide go.pending go.canceled
    [ -e "$J/wrapper" ] || [ -e "$J/go.canceled" ] || { mkdir -p "$J"; echo end > "$J/go.canceled"; }
    if [ -e "$J/go.canceled" ] || [ -e "$J/go.late" ]; then say ok; fi
    decide cancel.pending cancel
    trap '' HUP # which comes where the connection ends before the killer has left this session
    "$@" sh "$J/killer" "$grace" </dev/null >/dev/null 2>&1 &
    say ok
}

# halt ID, wake ID: to all processes; twice, since one may have forked in between.
halt() {
    meet "$1"
    line "$J/pid" || say early 'it has not started'
    decide suspended.pending suspended
    for turn in 1 2; do
        members "$1"
        [ -z "$members" ] || kill -s STOP $members 2>/dev/null
    done
    say ok
}
wake() {
    meet "$1"
    decide suspended suspended.pending
    members "$1"
    [ -z "$members" ] || kill -s CONT $members 2>/dev/null
    say ok
}

# append ID END BYTES: to standard input what this script's own holds, escaped for printf; END marks the end.
append() {
    meet "$1"
    [ -e "$J/stdin" ] || say closed 'it does not read standard input'
    [ ! -e "$J/stdin.end" ] || say closed 'its standard input has ended'
    size=$(($(wc -c < "$J/stdin") + $3))
    while IFS= read -r piece; do printf %b "$piece"; done >> "$J/stdin"
    [ $(($(wc -c < "$J/stdin"))) -eq "$size" ] || say full 'not all could be written'
    [ -z "$2" ] || decide stdin.pending stdin.end
    say ok
}

# discard ID NONCE: remove the directory; the claim becomes a tombstone. Where there is no room for one, the claim stays.
discard() {
    locate "$1"
    [ -n "$claimed" ] || say ok
    echo 'tomb discarded end' > "${claimed%/*}/.$2"
    if line "${claimed%/*}/.$2"; then mv -f "${claimed%/*}/.$2" "$claimed"; else rm -f "${claimed%/*}/.$2"; fi
    rm -rf "$J" 2>/dev/null || { chmod -R u+rwX "$J"; rm -rf "$J"; }
    say ok
}

# piece ID STREAM FROM MOST: bytes of an output, counted from 1.
piece() {
    locate "$1"
    [ -z "$J" ] || [ ! -r "$J/$2" ] || tail -c "+$3" "$J/$2" | head -c "$4"
}

# extent ID STREAM: how many bytes of an output there are.
extent() {
    locate "$1"
    [ -z "$J" ] || [ ! -r "$J/$2" ] || echo $(($(wc -c < "$J/$2")))
}

# place ID: the work directory, ended by a NUL; nothing where there is none.
place() {
    locate "$1"
    cd "$J/work" 2>/dev/null && printf '%s\0' "$(pwd -P)"
}

# folder ID: where a job that is prepared and not committed has its files.
folder() {
    meet "$1"
    [ -e "$J/go.pending" ] || say started
    say at "$J"
}
