# Sourced after common.sh, as root: two machines, $a and $b, that are network namespaces of this one. The caller joins them
# by a device "wire" in each and calls join_machines; jobs then run by on_machines.
#
# shellcheck shell=bash disable=SC2154 # of common.sh

[ "$(id -u)" = 0 ] || skip "needs root"
for tool in ip unshare; do
    command -v $tool >/dev/null || skip "needs $tool"
done

a=lwssim-a-$$ b=lwssim-b-$$ address=10.77.0
for name in "$a" "$b"; do
    ip netns add "$name" 2>err || skip "cannot make network namespaces: $(cat err)"
    namespaces+=("$name")
    ip -n "$name" link set lo up
done

# Gives the wires their addresses, and the daemons of mpirun this in place of ssh; each believes to be on a machine of its own.
join_machines() {
    local i=1 name
    for name in "$a" "$b"; do
        ip -n "$name" addr add $address.$i/24 dev wire
        ip -n "$name" link set wire up
        i=$((i + 1))
    done
    cat >agent <<END
#!/bin/sh
[ "\$1" = $address.1 ] && name=$a || name=$b
shift
exec ip netns exec \$name unshare --uts sh -c "hostname \$name; \$*"
END
    chmod +x agent
}

# on_machines MPIRUN ARGUMENT…: one rank on each.
on_machines() {
    ip netns exec "$a" unshare --uts sh -c "hostname $a; exec \"\$@\"" sh \
        "$1" -n 2 --host $address.1,$address.2 --bind-to none --mca plm_rsh_agent "$tmp/agent" \
        --mca btl tcp,self --mca btl_tcp_if_include wire --mca oob_tcp_if_include wire "${@:2}"
}
