# processes HOW: reads lines `job ID PID START WRAPPER START` and looks at all processes once. A process is the job's
# where its group or session is the job's own, or where its environment is marked with the id. HOW `pids` prints their
# process ids; HOW `use` prints `use ID STATE WRAPPER TICKS PAGES`, states `-` where gone.
processes() {
    {
        cat
        LC_ALL=C grep -aso 'ZELIGRID_JOB=[0-9a-f]*' /dev/null /proc/[0-9]*/environ 2>/dev/null
        cat /proc/[0-9]*/stat 2>/dev/null
    } | LC_ALL=C awk -v how="$1" '
        $1 == "job" && NF == 6 { n++; id[n] = $2; named[$2] = n; pid[n] = $3; start[n] = $4; wrapper[n] = $5; wstart[n] = $6; next }
        /^\/proc\/[0-9]+\/environ:/ { split($0, part, /[\/:=]/); if (part[6] in named) mark[part[3]] = named[part[6]]; next }
        # A program name may hold brackets and line ends: the fields are those after the last bracket.
        /^[0-9]+ \(/ { held = "" }
        {
            held = held $0 "\n"
            if (!match(held, /\)[^)]*$/)) next
            if (split(substr(held, RSTART + 2), field, " ") < 22) next
            p = held + 0; state[p] = field[1]; group[p] = field[3]; session[p] = field[4]; began[p] = field[20]
            ticks[p] = field[12] + field[13] + field[14] + field[15]; pages[p] = field[22]; held = ""
        }
        function lives(p, since) { return (p in state) && began[p] == since && state[p] !~ /[ZXx]/ }
        END {
            for (j = 1; j <= n; j++) {
                # 0 and 1 are no job: the kernel and what came from outside a namespace are of group and session 0.
                # The id of a leader that is gone may be another process by now, and its group another group.
                if (pid[j] > 1 && start[j] > 0 && (!(pid[j] in state) || began[pid[j]] == start[j])) led[pid[j]] = j
            }
            for (p in state) {
                if (p + 0 <= 1 || state[p] ~ /[ZXx]/) continue
                if (group[p] in led) j = led[group[p]]
                else if (session[p] in led) j = led[session[p]]
                else if (p in led) j = led[p]
                else j = 0
                # Nothing of a job is older than its leader.
                if (j && began[p] < start[j]) j = 0
                if (!j && p in mark) j = mark[p]
                if (!j) continue
                if (how == "pids") print p
                used[j] += ticks[p]; held_pages[j] += pages[p]
            }
            if (how == "use") for (j = 1; j <= n; j++)
                print "use", id[j], lives(pid[j], start[j]) ? state[pid[j]] : "-", \
                    lives(wrapper[j], wstart[j]) ? "+" : "-", used[j] + 0, held_pages[j] + 0
        }'
}

# members ID: the process ids of the job in $J, in $members.
members() {
    line "$J/pid" || line="0 0"
    set -- "$1" $line
    members=$(echo "job $1 $2 $3 0 0" | processes pids)
}
