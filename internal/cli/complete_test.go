package cli

import (
	"bytes"
	"context"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl"
	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// A lister stands in for a kernel that has a few devices, routes and nexthop
// objects, and refuses what it is told to.
type lister struct{ refuse *nl.Error }

var _ nl.Conn = (*lister)(nil)

func (l *lister) Do(_ context.Context, req nl.Msg, _ func(nl.Msg) error) error {
	if l.refuse == nil {
		return nil
	}
	e := *l.refuse
	e.Request = &req
	return &e
}

func (l *lister) Get(_ context.Context, req nl.Msg, reply func(nl.Msg) error) error {
	if req.Type != unix.RTM_GETLINK {
		return &nl.Error{Errno: unix.ENOENT}
	}
	var asked rt.Link
	if err := rt.DecodeLink(&asked, req.Body); err != nil {
		return err
	}
	for _, d := range someLinks() {
		if d.Index == asked.Index || d.Name.V == asked.Name.V {
			return reply(nl.Msg{Header: nl.Header{Type: unix.RTM_NEWLINK}, Body: d.Append(nil)})
		}
	}
	return &nl.Error{Errno: unix.ENODEV}
}

func someLinks() []rt.Link {
	vrf := rt.LinkInfo{
		Kind: attr.Some("vrf"),
		Data: attr.Some(attr.Put(nil, 1, []byte{100, 0, 0, 0})), // IFLA_VRF_TABLE
	}
	return []rt.Link{
		{Index: 1, Flags: unix.IFF_UP, Name: attr.Some("eth0")},
		{Index: 2, Name: attr.Some("eth1")},
		{Index: 3, Flags: unix.IFF_UP, Name: attr.Some("vrf-blue"), Info: attr.Some(vrf)},
		{Index: 4, Flags: unix.IFF_UP, Name: attr.Some("$(reboot)")},
	}
}

func (l *lister) Dump(_ context.Context, req nl.Msg, f func(nl.Msg) error) error {
	var all []nl.Msg
	add := func(typ uint16, body []byte) {
		all = append(all, nl.Msg{Header: nl.Header{Type: typ}, Body: body})
	}
	switch req.Type {
	case unix.RTM_GETLINK:
		for _, d := range someLinks() {
			add(unix.RTM_NEWLINK, d.Append(nil))
		}
	case unix.RTM_GETNEXTHOP:
		for _, n := range []rt.Nexthop{
			{ID: attr.Some(uint32(1)), OIF: attr.Some(uint32(1))},
			{ID: attr.Some(uint32(2)), Blackhole: attr.Some(struct{}{})},
			{ID: attr.Some(uint32(10)), Group: attr.Some([]rt.GroupMember{rt.NewMember(1, 1)}), GroupType: attr.Some(uint16(rt.GroupResilient))},
		} {
			add(unix.RTM_NEWNEXTHOP, n.Append(nil))
		}
	case unix.RTM_GETROUTE:
		for i, s := range []string{"10.1.0.0/16", "10.2.0.0/16", "2001:db8:f::/64", "172.16.0.0/12"} {
			p := netip.MustParsePrefix(s)
			r := rt.Route{RouteHeader: rt.RouteHeader{Family: unix.AF_INET, HeaderTable: unix.RT_TABLE_MAIN, Type: unix.RTN_UNICAST, DstLen: uint8(p.Bits())}, OIF: attr.Some(uint32(1))}
			if p.Addr().Is6() {
				r.Family = unix.AF_INET6
			}
			if i == 3 {
				r.HeaderTable = 100
			}
			r.Dst = attr.Some(rt.AddrFrom(p.Addr().AsSlice()))
			add(unix.RTM_NEWROUTE, r.Append(nil))
		}
	}
	for _, m := range all {
		if err := f(m); err != nil {
			return err
		}
	}
	return nil
}

func (l *lister) Send(context.Context, []nl.Msg, func(int, *nl.Error), func(int, nl.Msg)) error {
	return nil
}

func (l *lister) Close() error { return nil }

// listerEnv is a world with that kernel.
func listerEnv(refuse *nl.Error) (env *Env, stdout, stderr *bytes.Buffer) {
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	return &Env{
		In: strings.NewReader(""), Out: stdout, Err: stderr, Getenv: func(string) string { return "" },
		Dial: func(DialOptions) (nl.Conn, error) { return &lister{refuse}, nil },
		Etc:  "testdata/nosuch", Usr: "testdata/nosuch",
	}, stdout, stderr
}

func TestComplete(t *testing.T) {
	for _, tt := range []struct {
		line string // the words behind nhctl; the last is to be completed
		want string // what is offered, in order; … stands for more of the same
	}{
		{"r", "route"},
		{"route|nosuch|", ""},
		{"route|s", "save showdump show"},
		{"r|del", "delete"},
		{"neighbor|", ""},
		{"r|a|10.0.0.0/8|de", "dev"},
		{"r|a|10.0.0.0/8|dev|", "eth0 eth1 vrf-blue"},
		{"r|a|10.0.0.0/8|oif|eth", "eth0 eth1"},
		{"-6|-json|r|a|2001:db8::/32|dev|eth1", "eth1"},
		{"r|a|10.0.0.0/8|dev|eth0|t", "tos table ttl-propagate"},
		{"r|a|10.0.0.0/8|vrf|", "vrf-blue"},
		{"r|a|10.0.0.0/8|table|", "default local main"},
		{"r|s|table|", "default local main all cache"},
		{"r|a|10.0.0.0/8|nhid|", "1 2 10"},
		{"r|a|10.0.0.0/8|via|", ""},
		{"r|a|10.0.0.0/8|via|inet", "inet inet6"},
		{"r|a|10.0.0.0/8|via|inet6|", ""},
		{"r|a|10.0.0.0/8|mtu|l", "lock"},
		{"r|a|10.0.0.0/8|pref|", "low medium high"},
		{"r|a|10.0.0.0/8|features|", "ecn tcp_usec_ts"},
		{"r|a|10.0.0.0/8|ttl-propagate|", "enabled disabled"},
		{"r|a|10.0.0.0/8|encap|se", "seg6 seg6local"},
		{"r|a|10.0.0.0/8|encap|seg6|mode|in", "inline"},
		{"r|a|10.0.0.0/8|encap|seg6|mo", "mode"},
		{"r|a|10.0.0.0/8|proto|bo", "boot"},
		{"r|a|10.0.0.0/8|scope|", "global host link nowhere site"},
		{"r|a|unr", "unreachable"},
		{"r|a|10.0.0.0/8|nexthop|via|192.0.2.1|", "dev weight onlink realms encap as nexthop"},
		{"r|a|10.0.0.0/8|nexthop|dev|eth0|nexthop|d", "dev"},
		{"r|del|1", "10.1.0.0/16 10.2.0.0/16"},
		{"r|del|table|100|1", "172.16.0.0/12"},
		{"r|s|root|2", "2001:db8:f::/64"},
		{"r|s|ro", "root"},
		{"r|get|10", "10.1.0.0 10.2.0.0"},
		{"r|s|type|bl", "blackhole"},
		{"r|s|oif|eth0|i", "iif"},
		{"nex|add|id|", ""},
		{"nex|del|id|", "1 2 10"},
		{"nex|del|", "id"},
		{"nex|add|id|5|group|1,3/", "1,3/1 1,3/2 1,3/10"},
		{"nex|add|id|5|group|1|type|", "mpath resilient"},
		{"nex|add|id|5|group|1|type|resilient|id", "idle_timer"},
		{"nex|add|id|5|hw_stats|", "off on"},
		{"nex|list|master|vrf", "vrf-blue"},
		{"nex|b|l|id|", "10"},
		{"nex|b|g|id|10|", "index"},
		{"--format|j", "json jsonl"},
		{"--format=j", "json jsonl"}, // the shell keeps what is before the =
		{"r|s|--trace=", "text hex"},
		{"-f|", "inet inet6 mpls bridge link"},
		{"-net", "-netns"},
		{"r|s|--tr", "--trace"},
		{"-n|no-such-namespace|r|a|dev|", ""},
		{"completion|", "bash fish zsh"},
	} {
		env, stdout, _ := listerEnv(nil)
		code := Run(env, append([]string{"nhctl", "__complete"}, strings.Split(tt.line, "|")...))
		var got []string
		lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
		for _, l := range lines[:len(lines)-1] {
			w, _, _ := strings.Cut(l, "\t")
			got = append(got, w)
		}
		if strings.Join(got, " ") != tt.want || code != exitOK {
			t.Errorf("%s: want %q, got %q, exit %d", tt.line, tt.want, got, code)
		}
		// Never the names of files.
		if d, err := strconv.Atoi(strings.TrimPrefix(lines[len(lines)-1], ":")); err != nil || d&4 == 0 {
			t.Errorf("%s: want a directive without files, got %q", tt.line, lines[len(lines)-1])
		}
	}
}

func TestCompleteDescribes(t *testing.T) {
	for line, want := range map[string]string{
		"r|a|10.0.0.0/8|dev|eth1":  "eth1\tdown\n",
		"r|a|10.0.0.0/8|vrf|":      "vrf-blue\tvrf table 100\n",
		"r|a|10.0.0.0/8|nhid|2":    "2\tblackhole\n",
		"r|del|10.1":               "10.1.0.0/16\tdev eth0\n",
		"r|a|10.0.0.0/8|initcwn":   "initcwnd\t[ lock ] NUMBER\n",
		"r|a|10.0.0.0/8|expires|1": "",
	} {
		env, stdout, _ := listerEnv(nil)
		Run(env, append([]string{"nhctl", "__complete"}, strings.Split(line, "|")...))
		if got, _, _ := strings.Cut(stdout.String(), ":4\n"); got != want {
			t.Errorf("%s: want %q, got %q", line, want, got)
		}
	}
}

// bashChild makes the test binary the nhctl that a shell calls.
const bashChild = "NHCTL_TEST_COMPLETE"

func init() {
	if os.Getenv(bashChild) != "" {
		env, stdout, _ := listerEnv(nil)
		code := Run(env, append([]string{"nhctl"}, os.Args[1:]...))
		_, _ = io.Copy(os.Stdout, stdout)
		os.Exit(code)
	}
}

// TestBash sources the script in a real bash, without the bash-completion
// package, and presses the key as readline does.
func TestBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal("no bash; install it: apt-get install bash")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const press = `
compopt() { :; } # readline's, which is not there
nhctl() { ` + bashChild + `=1 "$SELF" "$@"; }
source <(nhctl completion bash)
unset -f _init_completion
COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=63 COMP_KEY=9
# Readline breaks words at blanks, colons and equals signs.
s=$1 COMP_WORDS=() w=
while [[ -n $s ]]; do
    c=${s:0:1} s=${s:1}
    case $c in
    [:=]) [[ -n $w ]] && COMP_WORDS+=("$w"); COMP_WORDS+=("$c"); w= ;;
    ' ') [[ -n $w ]] && COMP_WORDS+=("$w"); w= ;;
    *) w+=$c ;;
    esac
done
COMP_WORDS+=("$w")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
COMPREPLY=()
__start_nhctl nhctl "$w" ""
printf '%s\n' "${COMPREPLY[@]}"
`
	for _, tt := range []struct{ line, want string }{
		{"nhctl r a 10.0.0.0/8 de", "dev"},
		{"nhctl r a 10.0.0.0/8 dev eth", "eth0 eth1"},
		{"nhctl -6 r a 2001:db8::/32 dev vrf", "vrf-blue"},
		{"nhctl r s root 2001:db8:", "f::/64"}, // readline keeps what is before the colon
		{"nhctl --format=js", "json jsonl"},
		{"nhctl nexthop add id 5 group 2,5/1", "2,5/1 2,5/10"},
		{"nhctl r a 10.0.0.0/8 via ", ""},
	} {
		cmd := exec.Command(bash, "--noprofile", "--norc", "-c", press, "bash", tt.line)
		cmd.Env = append(os.Environ(), "SELF="+self)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		b, err := cmd.Output()
		var got []string
		for l := range strings.Lines(string(b)) {
			if f := strings.Fields(l); len(f) > 0 {
				got = append(got, f[0]) // a description follows
			}
		}
		if strings.Join(got, " ") != tt.want || err != nil || stderr.Len() > 0 {
			t.Errorf("%s: want %q, got %q, %v, %s", tt.line, tt.want, got, err, &stderr)
		}
	}
}

// TestHelpFitsScreen: --help of every command is there, on standard output,
// and fits 24 lines of 80 columns.
func TestHelpFitsScreen(t *testing.T) {
	paths := [][]string{{}}
	var walk func(path []string, vs []verb)
	walk = func(path []string, vs []verb) {
		for _, v := range vs {
			if v.name == "help" {
				continue
			}
			p := append(slices.Clone(path), v.name)
			paths = append(paths, p)
			walk(p, v.verbs)
		}
	}
	walk(nil, objects())
	if len(paths) < 25 {
		t.Fatalf("want all commands, got %q", paths)
	}
	for _, p := range paths {
		name := strings.Join(p, " ")
		env, stdout, stderr := listerEnv(nil)
		if code := Run(env, append(append([]string{"nhctl"}, p...), "--help")); code != exitOK || stderr.Len() > 0 {
			t.Errorf("%s --help: want exit 0 and nothing on standard error, got %d, %q", name, code, stderr)
		}
		got := stdout.String()
		lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
		if len(lines) > 24 {
			t.Errorf("%s --help: want at most 24 lines, got %d", name, len(lines))
		}
		for _, l := range lines {
			if utf8.RuneCountInString(l) > 80 {
				t.Errorf("%s --help: more than 80 columns: %s", name, l)
			}
		}
		if !strings.HasPrefix(got, strings.TrimSpace("nhctl "+name)+": ") || strings.Count(got, "\n  nhctl ") < 3 {
			t.Errorf("%s --help: want a sentence and three examples, got\n%s", name, got)
		}
	}
}

// TestHelpExamples: the grammar takes the examples of help.
func TestHelpExamples(t *testing.T) {
	for path, h := range helps {
		for _, e := range h.examples {
			if strings.Contains(e, "--help") || strings.ContainsAny(e, "<>") {
				continue
			}
			env, _, stderr := listerEnv(nil)
			args := append([]string{"nhctl", "--dry-run"}, strings.Fields(strings.ReplaceAll(e, "ppp0", "eth1"))...)
			if code := Run(env, args); code == exitUsage || code == exitSyntax {
				t.Errorf("%s: example %q: exit %d, %s", path, e, code, stderr)
			}
		}
	}
}
