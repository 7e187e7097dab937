# probe: what this machine has to run jobs with, and old tombstones swept.
sweep() {
    find "$jobs/$key/claims" -type f -mtime +30 -exec grep -l '^tomb ' {} + 2>/dev/null |
        while IFS= read -r path; do rm -f "$path"; done
}
# logout_kills: whether logind ends what this login leaves behind.
logout_kills() {
    grep -q 'session-[^/]*\.scope' /proc/self/cgroup 2>/dev/null || return 1
    set -- $(busctl get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager \
        KillUserProcesses 2>/dev/null)
    [ "${2:-}" = true ]
}
lingers() { [ "$(loginctl show-user "$(id -un)" -p Linger --value 2>/dev/null)" = yes ]; }

python=$(command -v python3 >/dev/null && python3 -I -S -c 'import os, sys
if sys.version_info >= (3, 6): print(sys.executable)' 2>/dev/null)
perl=$(command -v perl >/dev/null && perl -MTime::HiRes -MPOSIX -MConfig -MFcntl -MErrno -e 'print $^X' 2>/dev/null)
setsid=$(command -v setsid)
leave=no
if logout_kills; then
    leave=refused
    lingers && command -v systemd-run >/dev/null && leave=scope
fi
printf '%s\n' "python $python" "perl ${perl:+perl}" "setsid $setsid" "leave $leave" \
    "ticks $(getconf CLK_TCK 2>/dev/null || echo 100)" "page $(getconf PAGESIZE 2>/dev/null || echo 4096)"
sweep
