# The sensor for machines without python3: POSIX sh, awk, tr, df and what is in every busybox. The lines are those of
# sensor.py; PERIOD is set before. What it cannot do: a process with several threads counts as one runnable one, what a
# job's orphans used is forgotten when they end, samples are taken twice a second where sleep knows fractions, else once,
# and it says nothing of who sits at the machine, of graphics cards and of quotas, nor does it spin to correct cpuAvail.
proc=${ZELIGRID_PROC:-/proc}
period=${PERIOD:-2}
step=0.5
sleep 0.5 2>/dev/null || step=1
samples=$(awk -v p="$period" -v s="$step" 'BEGIN { n = int(p / s + 0.5); print n < 1 ? 1 : n }')
ticks=$(getconf CLK_TCK 2>/dev/null) || ticks=100
page=$(getconf PAGESIZE 2>/dev/null) || page=4096
line_end='
'

# find NAME: $found is the file of that name in $ZELIGRID_PROC, of the real /proc where it is absent there.
find() {
    found=$proc/$1
    [ -r "$found" ] || found=/proc/$1
}

# text NAME VALUE: adds a text to $constant; what would need an escape is left out.
text() {
    value=$(printf %s "$2" | tr -d '\000-\037"\\\177-\377')
    [ -z "$value" ] || constant="$constant\"$1\": \"$value\", "
}

# setting FILE NAME: the value of a NAME=value line, without its quotes.
setting() {
    sed -n "s/^$2=//p" "$1" 2>/dev/null | sed 's/^"\(.*\)"$/\1/; q'
}

constants() {
    constant=
    named=false
    [ -z "${ZELIGRID_HOSTNAME:-}" ] || named=true
    name=$(uname -n)
    full=$(awk -v n="$name" '{ for (i = 2; i <= NF; i++) if ($i == n) for (j = 2; j <= NF; j++)
        if (index($j, n ".") == 1) { print $j; exit } }' /etc/hosts 2>/dev/null)
    text hostName "${ZELIGRID_HOSTNAME:-${full:-$name}}"
    text osName "$(uname -s)"
    release=/etc/os-release
    [ -r "$release" ] || release=/usr/lib/os-release
    text osDistribution "$(setting "$release" NAME | sed 's, GNU/Linux,,')"
    number=$(setting "$release" VERSION_ID)
    text osRelease "${number:-$(uname -r)}"
    text arch "$(uname -m)"
    find cpuinfo
    text cpuModel "$(sed -n 's/^\(model name\|cpu model\|cpu\)[[:blank:]]*:[[:blank:]]*//p' "$found" | sed q)"
    speed=$(awk -F: 'tolower($1) ~ /^(cpu mhz|clock)/ && $2 + 0 > most { most = $2 + 0 } END { print most + 0 }' "$found")
    highest=/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq
    [ "$found" = "/proc/cpuinfo" ] && [ -r "$highest" ] && speed=$(awk '{ print $1 / 1000 }' "$highest")
    [ "$speed" = 0 ] || constant="$constant\"cpuSpeed\": $speed, "
    find sys/kernel/random/boot_id
    read -r boot < "$found" || boot=
    space=$(readlink /proc/self/ns/pid 2>/dev/null | tr -dc 0-9)
    identity=${boot:+$boot:$space}
}

# sample: counts what wants a processor now, this shell left out, and notes the job of each runnable member.
sample() {
    find loadavg
    read -r one five fifteen tasks rest < "$found" && runnable=$((runnable + ${tasks%%/*} - 1))
    for member in $members; do
        pid=${member%%:*}
        { read -r state < "/proc/$pid/stat"; } 2>/dev/null || continue
        case ${state##*) } in R*) tally="$tally ${member##*:}" ;; esac
    done
}

# marks: looks for jobs in the environments of processes; $marked has PID:JOB words, the job empty where it is not ours.
marks() {
    still=
    for mark in $marked; do
        [ ! -d "/proc/${mark%%:*}" ] || still="$still $mark"
    done
    marked=$still
    for file in $(grep -ls ZELIGRID_JOB= /proc/[0-9]*/environ 2>/dev/null); do
        pid=${file#/proc/}
        pid=${pid%/environ}
        case " $marked" in *" $pid:"*) continue ;; esac
        job=$(tr '\000\n' '\n ' 2>/dev/null < "$file" | awk -v proc="${ZELIGRID_PROC:-}" '
            sub(/^ZELIGRID_JOB=/, "") && /^[0-9A-Za-z_-]+$/ && length($0) <= 64 { job = $0 }
            sub(/^ZELIGRID_PROC=/, "") { its = $0 }
            END { if (its == proc) print job }') 2>/dev/null
        marked="$marked $pid:$job"
    done
}

# jobs: sets $jobs, the JSON text of what each job uses, and $members, PID:START:JOB words.
jobs() {
    marks
    jobs=
    [ -n "$marked$members" ] || return 0
    report=$(cat /proc/[0-9]*/stat 2>/dev/null | awk -v self="$$" -v marked="$marked" -v members="$members" \
        -v tally="$tally" -v n="$taken" -v hz="$ticks" -v page="$page" '
        BEGIN {
            count = split(members, word, " ")
            for (i = 1; i <= count; i++) { split(word[i], part, ":"); member[part[1] ":" part[2]] = part[3] }
            count = split(marked, word, " ")
            for (i = 1; i <= count; i++) { if (split(word[i], part, ":") && part[2] != "") mark[part[1]] = part[2] }
            count = split(tally, word, " ")
            for (i = 1; i <= count; i++) { running[word[i]]++; cpu[word[i]] += 0; memory[word[i]] += 0 }
        }
        # A name may hold brackets and line ends: the fields are what stands after the last bracket of an entry.
        /^[0-9]+ \(/ { entry = "" }
        {
            entry = entry $0 "\n"
            if (!match(entry, /\)[^)]*$/) || split(substr(entry, RSTART + 1), field, " ") < 22) next
            pid = entry + 0
            if (pid == self || field[2] == self || field[1] == "Z") next
            parent[pid] = field[2]; group[pid] = field[3]; session[pid] = field[4]; start[pid] = field[20]
            used[pid] = field[12] + field[13] + field[14] + field[15]; held[pid] = field[22]
            key = pid ":" field[20]
            if (pid in mark) job[pid] = mark[pid]
            else if (key in member) job[pid] = member[key]
        }
        END {
            do {
                found = 0
                for (pid in parent) {
                    if (pid in job) continue
                    if (parent[pid] in job) job[pid] = job[parent[pid]]
                    else if (session[pid] in job && session[session[pid]] == session[pid]) job[pid] = job[session[pid]]
                    else if (group[pid] in job && group[group[pid]] == group[pid]) job[pid] = job[group[pid]]
                    else continue
                    found = 1
                }
            } while (found)
            for (pid in job) { cpu[job[pid]] += used[pid]; memory[job[pid]] += held[pid] }
            for (id in cpu) {
                printf "%s\"%s\": {\"cpu_s\": %.2f, \"memory_mb\": %.1f, \"runnable\": %.3f}", comma, id, \
                    cpu[id] / hz, memory[id] * page / 1e6, running[id] / n
                comma = ", "
            }
            print ""
            for (pid in job) printf " %s:%s:%s", pid, start[pid], job[pid]
        }')
    jobs=${report%%"$line_end"*}
    members=${report#*"$line_end"}
}

# people: prints how many different users are logged in, where there is an account of logins; not on an embedded node.
people() {
    [ "$proc" = /proc ] && [ -r /var/run/utmp ] || return 0
    who 2>/dev/null | awk '!seen[$1]++ { count++ } END { printf "\"users\": %d, ", count }'
}

# measured: prints the values that change, as JSON text without the brackets.
measured() {
    find meminfo; memory=$found
    find stat; stat=$found
    free=$(df -Pk "${HOME:-/}" 2>/dev/null |
        awk 'NR == 2 { printf "\"totalDisk\": %.1f, \"freeDisk\": %.1f, ", $2 * 1024 / 1e6, $4 * 1024 / 1e6 }')
    people
    printf '%s"load1": %s, "load5": %s, "load15": %s, "machines": 1, ' "$free" "$one" "$five" "$fifteen"
    awk -v r="$runnable" -v n="$taken" '
        function mb(name, kib) { if (kib != "") printf "\"%s\": %.1f, ", name, kib * 1024 / 1e6 }
        /^cpu[0-9]/ { count++ }
        /^[A-Za-z]+:/ { kib[$1] = $2 }
        END {
            free = kib["MemAvailable:"]
            if (free == "" && kib["MemFree:"] != "") free = kib["MemFree:"] + kib["Buffers:"] + kib["Cached:"]
            mb("totalMemory", kib["MemTotal:"]); mb("freeMemory", free)
            mb("totalSwap", kib["SwapTotal:"]); mb("freeSwap", kib["SwapFree:"])
            if (count < 1) count = 1
            r = r / n; if (r < 0) r = 0
            left = count - r; share = count / (r + 1); own = count / (r > 1 ? r : 1)
            printf "\"cpuCount\": %d, \"runnable\": %.3f, \"cpuFree\": %.3f, \"cpuAvail\": %.4f, \"cpuCurrent\": %.4f", \
                count, r, (left > 0 ? left : 0), (share < 1 ? share : 1), (own < 1 ? own : 1)
        }' "$memory" "$stat"
}

constants
one=0 five=0 fifteen=0
marked= members=
wanted=1
while :; do
    runnable=0 taken=0 tally=
    while [ "$taken" -lt "$wanted" ]; do
        sample
        taken=$((taken + 1))
        sleep "$step"
    done
    wanted=$samples
    jobs
    printf '{"stamp": %s, "identity": "%s", "named": %s, "values": {%s%s}, "jobs": {%s}}\n' \
        "$(date +%s)" "$identity" "$named" "$constant" "$(measured)" "$jobs" || exit 0
done
