# look TOOLS: which cluster this is, its partitions, and whether the tools of this release are there.
look() {
    ready_or tell || return
    up || { tell config "$said"; return; }
    echo "umask $(umask)"
    tell config "$(slurm scontrol show config 2>&1)"
    tell nodes "$(slurm sinfo -h -o '%R|%a|%l|%c|%m|%C|%D|%T' 2>&1)"
    for path in "$jobs"/slurm-*/tools/"$1"; do [ ! -e "$path" ] || tell tools "${path%/tools/*}"; done
}
# tell WORD TEXT: each line of the text after the word.
tell() { printf '%s\n' "$2" | while IFS= read -r each || [ -n "$each" ]; do printf '%s %s\n' "$1" "$each"; done; }

# tools HASH NONCE [NAME TEXT]...: what runs on the nodes, once for all jobs; it appears whole.
tools() {
    place=$jobs/$key/tools
    made=$place/.$2
    goal=$place/$1
    umask 077
    mkdir -p "$made" "$jobs/$key/claims"
    shift 2
    while [ $# -gt 0 ]; do
        printf %s "$2" > "$made/$1" || { echo "full $made"; return; }
        shift 2
    done
    mv "$made" "$goal" 2>/dev/null
    rm -rf "$made" "$goal/${made##*/}"
    if [ -e "$goal/batch" ]; then echo ok; else echo "full $goal"; fi
}
