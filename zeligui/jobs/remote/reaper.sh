# Runs one job on its machine and records what becomes of it: what reaper.py does, with what sh alone can do.
# Its limits: an exit above 128 and a signal look the same, INT and QUIT stay ignored, the environment has names that sh
# can export, the job's use of the processor is not recorded, and the job records itself, not its wrapper.
# Called with FOLDER, the umask of the job, and how to start it in a session of its own; the order on standard input is
# text for this shell: it sets limit, fence, interactive, executable and the arguments, and defines `arrange`.
cd "$1" || exit 1
J=$PWD mask=$2 session=$3
umask 077
order=$(cat)
began_of() { read -r stat 2>/dev/null < "/proc/$1/stat"; set -- ${stat##*) }; began=${20}; }
record() { printf '%s end\n' "$2" > ".$1.$$" && line ".$1.$$" && mv -f ".$1.$$" "$1"; }
uptime() { read -r now rest < /proc/uptime; now=${now%.*}; }
nap() { sleep "$1" 2>/dev/null || sleep 1; }
refuse() { echo "refused $1"; exit 1; }
fail() { record reason "$1"; decide exit.pending exit.error; exit 1; }

case $order in *'
end') ;; *) refuse 'the order was cut' ;; esac
eval "${order%end}"
began_of $$
mine="$$ $began"
record "me.$$" "$mine" 2>/dev/null || refuse 'the wrapper could not be recorded'
ln "me.$$" wrapper 2>/dev/null
rm -f "me.$$"
line wrapper
[ "$line" = "$mine" ] || refuse 'another wrapper was first'
record limits 'watched by sh: an exit above 128 cannot be told from a signal'
echo ready
exec >/dev/null 2>&1 </dev/null

uptime
begun=$now
until [ -e go ]; do
    uptime
    [ $((now - begun)) -le "$limit" ] || decide go.pending go.late
    [ -e go.pending ] || break
    nap 0.05
done
if [ ! -e go ]; then
    [ ! -e go.late ] || rm -rf work
    exit 0
fi

# seek NAME: the path of an executable, in $found; builtins of this shell are none.
seek() {
    found=$1
    case $1 in */*) return ;; esac
    IFS=:
    for folder in $(arrange; printf %s "$PATH"); do
        found=${folder:-.}/$1
        [ -x "$found" ] && [ ! -d "$found" ] && break
    done
    unset IFS
}
# feed: what is appended to the file `stdin`, up to the mark `stdin.end`. This is the only writer of the pipe.
feed() {
    given=0
    while :; do
        last=; [ ! -e stdin.end ] || last=yes   # asked before reading: what was sent stands before the mark
        size=$(wc -c < stdin)
        if [ "$size" -gt "$given" ]; then
            tail -c +$((given + 1)) stdin | head -c $((size - given)) || return
            given=$((size))
        elif [ -n "$last" ]; then return
        else nap 0.05
        fi
    done
}
# guard: end the job when no poll has touched the file `fence` for so long.
guard() {
    touch -r fence .fence
    uptime
    since=$now
    until [ $((now - since)) -gt "${fence%.*}" ]; do
        nap 0.5
        uptime
        [ ! fence -nt .fence ] || { touch -r fence .fence; since=$now; }
    done
    decide fenced.pending fenced
    $session sh killer 1000 &
}

seek "$executable"
cd work
[ -e "$found" ] || { cd ..; fail "$executable: No such file or directory"; }
[ ! -d "$found" ] && [ -x "$found" ] || { cd ..; fail "$executable: Permission denied"; }
cd ..
stdin=/dev/null
if [ "$interactive" = 1 ]; then
    stdin=$J/.stdin
    mkfifo "$stdin" || fail 'its standard input could not be made'
    feed > "$stdin" &
    feeder=$!
fi
(
    read -r own rest < /proc/self/stat
    began_of "$own"
    record pid "$own $began $(date +%s)" || exit 127
    [ ! -e cancel ] || { decide exit.pending exit.killed; exit 127; }
    umask "$mask"
    arrange
    cd work && exec $session "$found" "$@" < "$stdin" >> ../stdout 2>> ../stderr
) &
job=$!
[ "${fence%.*}" = 0 ] || { guard & guard=$!; }
wait "$job"
status=$?
for p in ${feeder:-} ${guard:-}; do kill "$p" 2>/dev/null; done
[ -e pid ] || fail 'its process could not be recorded'
record usage "$(date +%s) - -"
name=
[ "$status" -le 128 ] || name=$(kill -l $((status - 128)) 2>/dev/null)
case $name in
'' | *[!A-Z0-9]*) decide exit.pending "exit.$status" ;;
*) decide exit.pending "exit.sig${name#SIG}" ;;
esac
