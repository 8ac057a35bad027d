package cli

// usageRoot is the summary of the program.
func usageRoot() string {
	return `Usage: nhctl [ OPTIONS ] { route | nexthop } [ COMMAND ] [ ARGUMENTS ]
       nhctl [ OPTIONS ] -batch FILE
       nhctl { version | completion SHELL }

Options of ip: -4 -6 -M -0 -f[amily] FAMILY -j[son] -p[retty] -o[neline]
  -d[etails] -s[tatistics] -N[umeric] -r[esolve] -c[olor][=always|auto|never]
  -n[etns] NAME -b[atch] FILE -force -echo -h[uman-readable] -iec -rc[vbuf] SIZE
  -V[ersion]
Of nhctl, here or behind the command: --trace[=hex] --dry-run[=hex] --exact
  --print-id --check-first[=no] --format { auto | text | table | json | jsonl }

  nhctl route help      nhctl nexthop help      nhctl route add --help
`
}

// usageRoute is the grammar of nhctl route.
func usageRoute() string {
	return `Usage: nhctl route { list | flush | save } [ SELECTOR ]
       nhctl route { restore | showdump }
       nhctl route get [ to ] ADDRESS [ from ADDRESS ] [ iif DEVICE ]
                   [ oif DEVICE ] [ vrf NAME ] [ tos TOS ] [ mark NUMBER ]
                   [ uid NUMBER ] [ ipproto PROTOCOL ] [ sport NUMBER ]
                   [ dport NUMBER ] [ flowlabel NUMBER ] [ as ADDRESS ]
                   [ fibmatch ] [ connected ] [ notify ]
       nhctl route { add | change | replace | prepend | append | test | del } ROUTE
SELECTOR := [ [ root | match | exact ] PREFIX ]
            [ from [ root | match | exact ] PREFIX ] [ table TABLE | vrf NAME ]
            [ cache ] [ proto PROTOCOL ] [ type TYPE ] [ scope SCOPE ]
            [ dev DEVICE ] [ iif DEVICE ] [ via PREFIX ] [ src PREFIX ]
            [ tos TOS ] [ metric NUMBER ] [ mark NUMBER ] [ realms REALMS ]
ROUTE := [ TYPE ] PREFIX { HOP | nhid ID | nexthop HOP weight N ... } [ from PREFIX ]
         [ src ADDRESS ] [ metric NUMBER ] [ table TABLE | vrf NAME ]
         [ proto PROTOCOL ] [ scope SCOPE ] [ tos TOS ] [ realms REALMS ]
         [ pref { low | medium | high } ] [ expires SECONDS ]
         [ ttl-propagate { enabled | disabled } ] [ METRICS ]
HOP := [ via [ inet | inet6 | mpls | link ] ADDRESS ] [ dev DEVICE ] [ onlink ]
       [ as LABELS ] [ encap ENCAP ]
METRICS := [ mtu | advmss | hoplimit | window | cwnd | initcwnd | initrwnd |
             ssthresh | reordering ] [ lock ] NUMBER
           [ rtt | rttvar ] [ lock ] TIME   rto_min TIME
           congctl [ lock ] NAME   features { ecn | tcp_usec_ts }
           quickack { 0 | 1 }   fastopen_no_cookie { 0 | 1 }
TYPE := { unicast | local | broadcast | multicast | anycast | throw |
          unreachable | prohibit | blackhole | nat | xresolve }
ENCAP := { mpls LABELS [ ttl N ] | ip ... | ip6 ... | seg6 ... | seg6local ... |
           rpl ... | ioam6 ... | xfrm ... | ila ... | bpf ... }
TIME := NUMBER[ s | ms ]
`
}

// usageNexthop is the grammar of nhctl nexthop.
func usageNexthop() string {
	return `Usage: nhctl nexthop { list | flush } [ SELECTOR ] [ protocol NUMBER ]
       nhctl nexthop { add | replace } [ id ID ] NEXTHOP [ protocol PROTOCOL ]
       nhctl nexthop { get | del } id ID
       nhctl nexthop bucket list [ SELECTOR ] [ nhid ID ]
       nhctl nexthop bucket get id ID index NUMBER
SELECTOR := [ id ID ] [ dev DEVICE ] [ master DEVICE | vrf NAME ] [ groups ] [ fdb ]
NEXTHOP := { blackhole |
             [ via [ inet | inet6 ] ADDRESS ] [ dev DEVICE ] [ onlink ]
             [ encap ENCAP ] [ fdb ] |
             group MEMBERS [ fdb ] [ type TYPE ] [ hw_stats { on | off } ] }
MEMBERS := ID[,WEIGHT][/ID[,WEIGHT]]...        WEIGHT is 1 to 65536
TYPE := { mpath | resilient [ buckets NUMBER ] [ idle_timer SECONDS ]
          [ unbalanced_timer SECONDS ] }
`
}
