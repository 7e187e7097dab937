# claim ID NONCE FENCE INTERACTIVE: make sure that this attempt is ours, on this machine, and not yet started.
# A fresh nonce in a private file, hard-linked to the claim's name, then read back: this holds on NFS.
claim() {
    locate "$1"
    if [ -z "$claimed" ]; then
        mkdir -p "$jobs/$key/claims" "$jobs/$key/$1/work"
        private=$jobs/$key/claims/.$2
        printf 'claim %s %s %s end\n' "$2" "$boot" "$ns" > "$private"
        line "$private" || { rm -f "$private"; refuse 'its claim could not be written'; }
        ln "$private" "$jobs/$key/claims/$1" 2>/dev/null
        rm -f "$private"
        locate "$1"
    fi
    case $claim in
    'tomb '*) refuse 'it was canceled or ended before' ;;
    'claim '*) here || refuse 'it was claimed on another machine, or before this one was booted' ;;
    *) refuse 'its claim cannot be read back' ;;
    esac
    if line "$J/wrapper"; then
        alive $line && [ -e "$J/exit.pending" ] || refuse 'its preparation has ended'
        echo "ready $J"
        exit 0
    fi
    [ -d "$J/work" ] || mkdir -p "$J/work"
    for name in go.pending exit.pending cancel.pending suspended.pending fenced.pending ${3:+fence} ${4:+stdin.pending}; do
        ended "$J/$name" || refuse 'its state files could not be written'
    done
    [ -z "$4" ] || [ -e "$J/stdin" ] || printf '' > "$J/stdin"
    for other in "$J"/go.*; do
        [ "$other" = "$J/go.pending" ] || refuse 'it was canceled or came too late'
    done
}
# ended FILE: make it a state file where it is none. Who prepares the same attempt just now may be about to write it, too.
ended() {
    for _ in 1 2 3 4 5; do
        ! line "$1" || return 0
        echo end > "$1"
    done
    line "$1"
}
refuse() { echo "refused $1"; exit 0; }
# install NAME TEXT: a program of this job, whole.
install() { printf %s "$2" > "$J/$1" || give_up "its $1 could not be written"; }

# start COMMAND...: the wrapper, with the order on standard input; it says whether it is ready.
start() {
    said=$("$@")
    case $said in
    ready) echo "ready $J" ;;
    'refused another'*) line "$J/wrapper" && alive $line && echo "ready $J" || give_up 'its wrapper has ended' ;;
    refused*) give_up "${said#refused }" ;;
    *) give_up 'its wrapper could not be started' ;;
    esac
}
# start_sh DETACH...: the wrapper in plain sh cannot detach itself; the answer is whole when it lets go of its output.
start_sh() {
    exec 3<&0
    "$@" <&3 3<&- &
}
give_up() { decide go.pending go.late; refuse "$1"; }
