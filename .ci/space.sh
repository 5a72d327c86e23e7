# Disk space: asked for before it is needed, since nothing says clearly that it was not there. To be sourced.

# Megabytes that are free where the folder $1 is.
free_space() { df --output=avail --block-size=1MB "$1" | tail -1 | tr -d ' '; }

# Fail unless there are $1 megabytes where the folder $2 is, counting what is in it already.
require_space() {
    local free used missing
    free=$(free_space "$2")
    used=$(du --summarize --one-file-system --block-size=1MB "$2" 2>/dev/null | cut -f1) || true
    missing=$(($1 - used - free))
    [ "$missing" -le 0 ] || {
        echo "${0##*/}: $2 needs $1 MB of disk and has $used; $free MB are free: $missing MB too few" >&2
        return 1
    }
}

# Say how much is left where the folder $1 is, if it is little.
say_what_is_left() {
    local free
    free=$(free_space "$1")
    [ "$free" -ge 500 ] || echo "${0##*/}: only $free MB of disk are left for $1, which may be why this has failed"
}

# Remove the folder $1, also where debootstrap was killed in it, with /proc and /sys mounted.
remove_scratch() {
    umount --lazy "$1"/*/proc "$1"/*/sys 2>/dev/null || true
    rm -rf "$1"
}
