package cli

import (
	"strings"

	"nhctl/internal/cli/grammar"
)

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
MEMBERS := ID[,WEIGHT][/ID[,WEIGHT]]...        WEIGHT is 1 to 65535
TYPE := { mpath | resilient [ buckets NUMBER ] [ idle_timer SECONDS ]
          [ unbalanced_timer SECONDS ] }
`
}

// A help is what --help says of a command: one screen.
type help struct {
	says     string
	usage    []string // behind nhctl
	words    string   // what the keywords are called in usage
	keywords func() []grammar.Keyword
	also     []string // further lines of the grammar
	examples []string // behind nhctl; three
	more     string   // the page, and where the whole grammar is
}

var (
	hopGrammar = []string{
		"HOP := [ via [ FAMILY ] ADDRESS ] [ dev DEVICE ] [ weight NUMBER ] [ onlink ]",
		"       [ realms REALMS ] [ encap ENCAP ] [ as [ to ] ADDRESS ]",
	}
	selectorGrammar = []string{"SELECTOR := [ to ] [ root | match | exact ] PREFIX"}

	routeMore   = "The words are explained in nhctl-route(8); all verbs: nhctl route help"
	nexthopMore = "The words are explained in nhctl-nexthop(8); all verbs: nhctl nexthop help"
)

// changeHelp is the help of a verb that takes a whole route.
func changeHelp(verb, says string, examples ...string) help {
	return help{
		says: says, words: "WORD", keywords: grammar.RouteKeywords, also: hopGrammar, more: routeMore,
		usage:    []string{"route " + verb + " [ TYPE ] PREFIX [ WORD ]... [ nexthop HOP ]..."},
		examples: examples,
	}
}

// helps by the words that lead to the command. Those of an object or of the
// program list the commands below.
var helps = map[string]help{
	"route add": changeHelp("add", "add a route that is not there yet",
		"route add 198.51.100.0/24 via 192.0.2.1",
		"route add default nexthop via 192.0.2.1 weight 2 nexthop via 192.0.2.2",
		"route add unreachable 2001:db8:dead::/48 metric 4096"),
	"route change": changeHelp("change", "change a route that is there",
		"route change default via 192.0.2.1 mtu 1400",
		"route change 198.51.100.0/24 dev eth1",
		"--dry-run route change 198.51.100.0/24 nhid 10"),
	"route replace": changeHelp("replace", "change a route, or add it when it is not there",
		"route replace default via 192.0.2.1",
		"route replace 198.51.100.0/24 nhid 10",
		"route replace blackhole 203.0.113.0/24 proto static"),
	"route prepend": changeHelp("prepend", "add a route before those of the same prefix and metric",
		"route prepend 198.51.100.0/24 via 192.0.2.1",
		"route prepend default dev ppp0",
		"--trace route prepend 198.51.100.0/24 via 192.0.2.2"),
	"route append": changeHelp("append", "add a route behind those of the same prefix and metric",
		"route append 2001:db8:f::/64 via 2001:db8::3",
		"route append 198.51.100.0/24 via 192.0.2.2",
		"--trace route append 2001:db8:f::/64 via 2001:db8::4"),
	"route test": changeHelp("test", "ask whether a route is there; IPv6 adds it if not",
		"route test 198.51.100.0/24 via 192.0.2.1",
		"route test default via 192.0.2.1",
		"--trace route test 2001:db8:f::/64 via 2001:db8::3"),
	"route delete": changeHelp("delete", "delete the first route that has all of what is said",
		"route delete 198.51.100.0/24",
		"route delete default via 192.0.2.1 dev eth0",
		"--exact route delete 198.51.100.0/24 metric 0"),
	"route list": {
		says: "list routes", words: "WORD", keywords: grammar.RouteListKeywords, more: routeMore,
		usage: []string{"route list [ SELECTOR ] [ WORD ]..."}, also: selectorGrammar,
		examples: []string{
			"route list table all", "-6 route list root 2001:db8::/32", "-json route list proto static dev eth0",
		},
	},
	"route flush": {
		says: "delete the routes that a listing would show", words: "WORD", keywords: grammar.RouteListKeywords, more: routeMore,
		usage: []string{"route flush [ SELECTOR ] [ WORD ]..."}, also: selectorGrammar,
		examples: []string{
			"route flush table 100", "route flush root 198.51.100.0/24 proto bgp", "--dry-run route flush dev eth0",
		},
	},
	"route save": {
		says:  "write the routes that a listing would show, for restore",
		words: "WORD", keywords: grammar.RouteListKeywords, more: routeMore,
		usage: []string{"route save [ SELECTOR ] [ WORD ]... >FILE"}, also: selectorGrammar,
		examples: []string{
			"route save >main.routes", "route save table all >all.routes", "-6 route save proto static >static.routes",
		},
	},
	"route restore": {
		says: "add the routes that save wrote, from standard input", more: routeMore,
		usage:    []string{"route restore <FILE"},
		examples: []string{"route restore <main.routes", "--trace route restore <main.routes", "--dry-run route restore <main.routes"},
	},
	"route showdump": {
		says: "show the routes that save wrote, from standard input", more: routeMore,
		usage:    []string{"route showdump <FILE"},
		examples: []string{"route showdump <main.routes", "-d route showdump <main.routes", "-json route showdump <main.routes"},
	},
	"route get": {
		says: "ask which route the kernel takes to an address", words: "WORD", keywords: grammar.RouteGetKeywords, more: routeMore,
		usage: []string{"route get [ to ] ADDRESS [ WORD ]..."},
		examples: []string{
			"route get 198.51.100.7", "route get fibmatch 2001:db8::7", "route get 198.51.100.7 from 192.0.2.9 iif eth0",
		},
	},
	"nexthop add":     nexthopHelp("add", "add a nexthop object", "nexthop add id 1 via 192.0.2.1 dev eth0"),
	"nexthop replace": nexthopHelp("replace", "change a nexthop object, or add it when it is not there", "nexthop replace id 1 via 192.0.2.9 dev eth0"),
	"nexthop delete": {
		says: "delete a nexthop object and the routes that use it", more: nexthopMore,
		usage:    []string{"nexthop delete id ID"},
		examples: []string{"nexthop delete id 10", "--trace nexthop delete id 10", "--dry-run nexthop delete id 10"},
	},
	"nexthop get": {
		says: "show one nexthop object", more: nexthopMore,
		usage:    []string{"nexthop get id ID"},
		examples: []string{"nexthop get id 10", "-s nexthop get id 10", "-json nexthop get id 10"},
	},
	"nexthop list": {
		says: "list nexthop objects", words: "WORD", keywords: grammar.NexthopListKeywords, more: nexthopMore,
		usage:    []string{"nexthop list [ WORD ]..."},
		examples: []string{"nexthop list", "nexthop list groups", "-json nexthop list dev eth0"},
	},
	"nexthop flush": {
		says: "delete the objects that a listing would show", words: "WORD", keywords: grammar.NexthopListKeywords, more: nexthopMore,
		usage:    []string{"nexthop flush [ WORD ]..."},
		examples: []string{"nexthop flush dev eth0", "nexthop flush groups", "nexthop flush id 10"},
	},
	"nexthop bucket list": {
		says: "list buckets of resilient groups", words: "WORD", keywords: grammar.BucketListKeywords, more: nexthopMore,
		usage:    []string{"nexthop bucket list [ WORD ]..."},
		examples: []string{"nexthop bucket list", "nexthop bucket list id 10", "nexthop bucket list nhid 1"},
	},
	"nexthop bucket get": {
		says: "show one bucket of a resilient group", more: nexthopMore,
		usage:    []string{"nexthop bucket get id ID index NUMBER"},
		examples: []string{"nexthop bucket get id 10 index 0", "-d nexthop bucket get id 10 index 0", "-json nexthop bucket get id 10 index 7"},
	},
	"route": {
		says: "show and change routes", more: routeMore,
		usage:    []string{"route VERB [ ARGUMENTS ]          without a verb: list"},
		examples: []string{"route", "route add --help", "route get 198.51.100.7"},
	},
	"nexthop": {
		says: "show and change nexthop objects", more: nexthopMore,
		usage:    []string{"nexthop VERB [ ARGUMENTS ]        without a verb: list"},
		examples: []string{"nexthop", "nexthop add --help", "nexthop bucket list id 10"},
	},
	"nexthop bucket": {
		says: "show buckets of resilient groups", more: nexthopMore,
		usage:    []string{"nexthop bucket VERB [ ARGUMENTS ] without a verb: list"},
		examples: []string{"nexthop bucket", "nexthop bucket list id 10", "nexthop bucket get id 10 index 0"},
	},
	"": {
		says:  "routes and nexthop objects of the kernel, and what goes over the wire",
		usage: []string{"[ OPTIONS ] OBJECT [ VERB ] [ ARGUMENTS ]", "[ OPTIONS ] -batch FILE"},
		also: []string{
			"OPTIONS := [ -4 | -6 ] [ -json ] [ -details ] [ -netns NAME ] ...  as ip has",
			"  --trace[=hex]   show each message to and from the kernel, decoded",
			"  --dry-run[=hex] show what would be sent, send nothing",
			"  --exact         route del: refuse when more than one route matches",
			"  --format { auto | text | table | json | jsonl }",
			"  --print-id      nexthop add: print the id that the kernel chose",
		},
		examples: []string{"route", "route add --help", "--trace route get 198.51.100.7"},
		more:     "All of it: nhctl(8).  Completion: source <(nhctl completion bash)",
	},
}

func nexthopHelp(verb, says, example string) help {
	return help{
		says: says, words: "WORD", keywords: grammar.NexthopKeywords, more: nexthopMore,
		usage: []string{"nexthop " + verb + " [ id ID ] WORD..."},
		also: []string{
			"GROUP := ID[,WEIGHT][/ID[,WEIGHT]]...                WEIGHT is 1 to 65535",
			"TYPE_ARGS := [ buckets NUMBER ] [ idle_timer SECONDS ]",
			"             [ unbalanced_timer SECONDS ]",
		},
		examples: []string{
			example, "nexthop " + verb + " id 10 group 1,10/2,5",
			"nexthop " + verb + " id 11 group 1/2 type resilient buckets 32",
		},
	}
}

// helpOf is the help of the command that the words of path lead to, "" when
// it has none. below lists the commands below it with what they do.
func helpOf(path string, below [][2]string) string {
	h, ok := helps[path]
	if !ok {
		return ""
	}
	var b strings.Builder
	b.WriteString(strings.TrimSpace("nhctl "+path) + ": " + h.says + "\n\n")
	for i, u := range h.usage {
		b.WriteString([]string{"Usage:", "      "}[min(i, 1)] + " nhctl " + u + "\n")
	}
	if h.keywords != nil {
		b.WriteString(grammarOf(h.words, h.keywords()))
	}
	for _, l := range h.also {
		b.WriteString(l + "\n")
	}
	if len(below) > 0 {
		b.WriteString("\n")
	}
	for _, v := range below {
		b.WriteString("  " + v[0] + strings.Repeat(" ", max(12-len(v[0]), 1)) + v[1] + "\n")
	}
	b.WriteString("\nExamples:\n")
	for _, e := range h.examples {
		b.WriteString("  nhctl " + e + "\n")
	}
	b.WriteString("\n" + h.more + "\n")
	return b.String()
}

// helpWidth is what a line of help may be long.
const helpWidth = 80

// grammarOf writes keywords in ip's notation, those that take the same
// together.
func grammarOf(name string, ks []grammar.Keyword) string {
	var values []string
	words := map[string][]string{}
	for _, k := range ks {
		if k.Word == "help" || k.Word == "nexthop" {
			continue
		}
		if words[k.Value] == nil {
			values = append(values, k.Value)
		}
		words[k.Value] = append(words[k.Value], k.Word)
	}
	line := name + " := {"
	indent := strings.Repeat(" ", len(line))
	var b strings.Builder
	for i, v := range values {
		group := words[v]
		// An alternative, in pieces that lines may end between.
		pieces := []string{strings.TrimSpace(group[0] + " " + v)}
		if len(group) > 1 && v != "" {
			pieces = append([]string{"{"}, strings.Split(strings.Join(group, "\x00| "), "\x00")...)
			pieces = append(pieces, "} "+v)
		} else if v == "" {
			pieces = strings.Split(strings.Join(group, "\x00| "), "\x00")
		}
		if i > 0 {
			pieces[0] = "| " + pieces[0]
		}
		if i == len(values)-1 {
			pieces[len(pieces)-1] += " }"
		}
		for _, p := range pieces {
			if len(line)+1+len(p) > helpWidth {
				b.WriteString(line + "\n")
				line = indent
			}
			line += " " + p
		}
	}
	b.WriteString(line + "\n")
	return b.String()
}
