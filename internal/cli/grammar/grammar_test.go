package grammar

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl"
	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// fixtureDevices are the devices of the recorded cases, by index.
var fixtureDevices = map[string]uint32{"lo": 1, "veth0": 10, "veth1": 11, "veth2": 12, "veth3": 13}

func testEnv(family uint8) *Env {
	return &Env{
		Family: family,
		Names:  rt.NewNames("testdata/iproute2", "", false, io.Discard),
		Device: func(name string) uint32 {
			if i, ok := fixtureDevices[name]; ok {
				return i
			}
			if d, ok := strings.CutPrefix(name, "if"); ok {
				v, _ := parseUint(d, 10, maxU32)
				return uint32(v)
			}
			return 0
		},
		VRF: func(name string) (uint32, bool) {
			if name == "default" {
				return unix.RT_TABLE_MAIN, false
			}
			return 0, false
		},
		IPProto: func(name string) (int, bool) {
			n, ok := map[string]int{"icmp": 1, "tcp": 6, "udp": 17}[name]
			return n, ok
		},
	}
}

// verbs are those whose words become one message.
var verbs = map[string]func(*Env, []string) (*nl.Msg, *Error){
	"route add":       modifyWith(unix.RTM_NEWROUTE, nl.Create|nl.Excl),
	"route change":    modifyWith(unix.RTM_NEWROUTE, nl.Replace),
	"route replace":   modifyWith(unix.RTM_NEWROUTE, nl.Create|nl.Replace),
	"route prepend":   modifyWith(unix.RTM_NEWROUTE, nl.Create),
	"route append":    modifyWith(unix.RTM_NEWROUTE, nl.Create|nl.Append),
	"route test":      modifyWith(unix.RTM_NEWROUTE, nl.Excl),
	"route del":       modifyWith(unix.RTM_DELROUTE, 0),
	"nexthop add":     modifyWith(unix.RTM_NEWNEXTHOP, nl.Create|nl.Excl),
	"nexthop replace": modifyWith(unix.RTM_NEWNEXTHOP, nl.Create|nl.Replace),
	"nexthop del":     modifyWith(unix.RTM_DELNEXTHOP, 0),
	"route get": func(e *Env, args []string) (*nl.Msg, *Error) {
		g, err := RouteGet(e, args)
		if err != nil {
			return nil, err
		}
		return &g.Msg, nil
	},
}

func modifyWith(typ, flags uint16) func(*Env, []string) (*nl.Msg, *Error) {
	return func(e *Env, args []string) (*nl.Msg, *Error) {
		f := RouteModify
		if typ == unix.RTM_NEWNEXTHOP || typ == unix.RTM_DELNEXTHOP {
			f = NexthopModify
		}
		r, err := f(e, typ, flags, args)
		if err != nil {
			return nil, err
		}
		r.Msg.Flags |= nl.Ack
		return &r.Msg, nil
	}
}

// wireCases are the lines that were recorded from iproute2 7.1 with the bytes
// it sent (the same file that the tests of the command run for real).
func wireCases(t testing.TB) []wireCase {
	f, err := os.Open("../../../cmd/nhctl/testdata/wire/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []wireCase
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<24)
	for s.Scan() {
		var c wireCase
		if err := json.Unmarshal(s.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

type wireCase struct {
	Setup []string
	Args  string
	Hex   string
	N     int
	RC    int
	Err   string `json:"stderr"`
}

// TestWire parses every recorded line that is one request and needs no more
// than the fixture's devices, and compares the bytes. It needs no kernel.
func TestWire(t *testing.T) {
	compared := 0
	for _, c := range wireCases(t) {
		w := strings.Fields(c.Args)
		var family uint8
		for len(w) > 0 && strings.HasPrefix(w[0], "-") {
			switch w[0] {
			case "-4":
				family = unix.AF_INET
			case "-6":
				family = unix.AF_INET6
			case "-M":
				family = unix.AF_MPLS
			default:
				w = nil
				continue
			}
			w = w[1:]
		}
		if c.N != 1 || len(w) < 2 || strings.ContainsAny(c.Args, `'"`) || strings.Contains(strings.Join(c.Setup, " "), "link") || strings.Contains(strings.Join(c.Setup, " "), "!") {
			continue
		}
		parse, ok := verbs[w[0]+" "+w[1]]
		if !ok {
			continue
		}
		m, err := parse(testEnv(family), w[2:])
		if err != nil {
			t.Errorf("%s: %v", c.Args, err)
			continue
		}
		if got := hex.EncodeToString(m.AppendTo(nil)); got != c.Hex {
			t.Errorf("%s\nwant %s\ngot  %s", c.Args, c.Hex, got)
		}
		compared++
	}
	if compared < 190 {
		t.Errorf("only %d lines were compared; the recordings hold more", compared)
	}
}

// FuzzGrammar: no words make a parser panic or hang, and what it accepts are
// messages whose attributes are well formed.
func FuzzGrammar(f *testing.F) {
	for _, c := range wireCases(f) {
		f.Add(c.Args)
	}
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Fields(line)
		for len(args) > 0 && strings.HasPrefix(args[0], "-") {
			args = args[1:]
		}
		if len(args) > 2 {
			args = args[2:]
		}
		for _, family := range []uint8{0, unix.AF_INET, unix.AF_INET6, unix.AF_MPLS, unix.AF_PACKET} {
			env := testEnv(family)
			for name, parse := range verbs {
				m, err := parse(env, args)
				if err != nil {
					checkError(t, name, err, args)
					continue
				}
				l := rt.LayoutOf(m.Type)
				if e := attr.Check(m.Body[l.HeaderLen:]); e != nil {
					t.Fatalf("%s %q: %v", name, args, e)
				}
				rt.TraceBody(nil, m.Type, m.Body, &attr.Ctx{})
			}
			if l, err := RouteList(env, args); err == nil {
				l.Filter.Request(l.Family)
				var r rt.Route
				l.Filter.Match(&r)
			}
			if l, err := ReadNexthopList(env, args); err == nil {
				l.Request(family)
			}
			if l, err := ReadBucketList(env, args); err == nil {
				l.BucketRequest(family)
			}
			_, _ = NexthopGet(env, args)
			_, _ = BucketGet(env, args)
		}
	})
}

func checkError(t *testing.T, name string, err *Error, args []string) {
	if err.Exit == 0 || !err.Help && err.Text == "" || err.Arg < 0 {
		t.Fatalf("%s %q: an error without an exit code or a text: %+v", name, args, err)
	}
}

// What does not fit the 16-bit length of an attribute is a mistake, not a
// message that says less.
func TestTooLong(t *testing.T) {
	long := strings.Repeat("x", 70000)
	hops := strings.Fields("198.51.100.0/24" + strings.Repeat(" nexthop via 192.0.2.1", 5000))
	for name, args := range map[string][]string{
		"metrics":   {"198.51.100.0/24", "dev", "lo", "mtu", "1400", "congctl", long},
		"multipath": hops,
	} {
		if _, err := RouteModify(testEnv(0), unix.RTM_NEWROUTE, 0, args); err == nil || err.Exit != ExitUsage {
			t.Errorf("%s: want a mistake of exit code 255, got %v", name, err)
		}
	}
	group := "1" + strings.Repeat("/1", 9000)
	if _, err := NexthopModify(testEnv(0), unix.RTM_NEWNEXTHOP, 0, []string{"id", "5", "group", group}); err == nil || err.Exit != ExitUsage {
		t.Errorf("group: want a mistake of exit code 255, got %v", err)
	}
}
