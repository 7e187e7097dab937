# killer GRACE: ends all processes of the job in whose directory it lies: TERM, and KILL after GRACE hundredths of a
# second. It is started in a session of its own and outlives the connection that asked for it.
# killer settle: halts them or lets them go on, as the file `suspended` says; twice, since one may have forked, or
# somebody may have thought better of it, in between.
J=$(cd "$(dirname "$0")" && pwd)
id=${J##*/}
told=' '
uptime() { read -r now rest < /proc/uptime; now=${now%.*}${now#*.}; now=${now#0}; }
starting() { [ -e "$J/go" ] && [ -e "$J/exit.pending" ] && [ ! -e "$J/pid" ] && wrapper; }
if [ "$1" = settle ]; then
    for turn in 1 2; do
        signal=CONT
        [ ! -e "$J/suspended" ] || signal=STOP
        members "$id"
        [ -z "$members" ] || kill -s $signal $members 2>/dev/null
    done
    exit
fi
uptime
deadline=$((now + $1))
while members "$id"; [ -n "$members" ] || starting; do
    uptime
    if [ "$now" -ge "$deadline" ]; then
        [ -z "$members" ] || kill -s KILL $members 2>/dev/null
        [ "$now" -lt $((deadline + 6000)) ] || break
    else
        for p in $members; do
            case $told in *" $p "*) continue ;; esac
            kill -s TERM "$p" 2>/dev/null; kill -s CONT "$p" 2>/dev/null
            told="$told$p "
        done
    fi
    sleep 0.1 2>/dev/null || sleep 1
done
wrapper || decide exit.pending exit.killed
