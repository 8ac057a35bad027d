package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl"
	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// fakeKernel knows devices by name, has no nexthop objects, takes everything
// and remembers it.
type fakeKernel struct {
	devices map[string]uint32 // nil: any name is device 7
	taken   []nl.Msg
}

func (k *fakeKernel) Do(context.Context, nl.Msg, func(nl.Msg) error) error   { return nil }
func (k *fakeKernel) Dump(context.Context, nl.Msg, func(nl.Msg) error) error { return nil }
func (k *fakeKernel) Close() error                                           { return nil }

func (k *fakeKernel) Get(_ context.Context, req nl.Msg, reply func(nl.Msg) error) error {
	if req.Type != unix.RTM_GETLINK {
		return &nl.Error{Errno: unix.ENOENT}
	}
	var name string
	attr.Each(req.Body[16:], func(typ uint16, p []byte) {
		if typ == unix.IFLA_IFNAME || typ == unix.IFLA_ALT_IFNAME {
			name = strings.TrimRight(string(p), "\x00")
		}
	})
	index, ok := uint32(7), true
	if k.devices != nil {
		index, ok = k.devices[name]
	}
	if !ok {
		return &nl.Error{Errno: unix.ENODEV}
	}
	body := make([]byte, 16)
	ne.PutUint32(body[4:], index)
	return reply(nl.Msg{
		Header: nl.Header{Type: unix.RTM_NEWLINK},
		Body:   attr.Put(body, unix.IFLA_IFNAME, append([]byte(name), 0)),
	})
}

func (k *fakeKernel) Send(_ context.Context, reqs []nl.Msg, _ func(int, *nl.Error), _ func(int, nl.Msg)) error {
	for _, m := range reqs {
		m.Body = bytes.Clone(m.Body)
		k.taken = append(k.taken, m)
	}
	return nil
}

// run runs a command line against the fake.
func (k *fakeKernel) run(in io.Reader, args ...string) (code int, stdout, stderr string) {
	var so, se bytes.Buffer
	env := &Env{
		In: in, Out: &so, Err: &se, Getenv: func(string) string { return "" },
		Dial: func(DialOptions) (nl.Conn, error) { return k, nil },
	}
	code = Run(env, append([]string{"nhctl"}, args...))
	return code, so.String(), se.String()
}

// aRoute is the body of a route to 10.n.0.0/16 as a dump tells it.
func aRoute(n uint8, attrs func(b []byte) []byte) []byte {
	r := rt.Route{RouteHeader: rt.RouteHeader{Family: unix.AF_INET, DstLen: 16, HeaderTable: unix.RT_TABLE_MAIN, Type: unix.RTN_UNICAST}}
	b := rt.RTADst.Put(r.AppendHeader(nil), rt.AddrFrom([]byte{10, n, 0, 0}))
	return attrs(b)
}

func gateway(b []byte) []byte {
	return rt.RTAOIF.Put(rt.RTAGateway.Put(b, rt.AddrFrom([]byte{192, 0, 2, 2})), 3)
}

func savedRoute(body []byte) []byte {
	m := nl.Msg{Header: nl.Header{Type: unix.RTM_NEWROUTE, Flags: nl.Multi | nl.DumpFiltered}, Body: body}
	return m.AppendTo(nil)
}

func savedFile(parts ...[]byte) []byte {
	return append(ne.AppendUint32(nil, saveMagic), bytes.Join(parts, nil)...)
}

// someFile has a device, an object and routes of all passes, last pass first.
func someFile() []byte {
	hop := rt.NHAOIF.Put(rt.NHAID.Put((&rt.Nexthop{Family: unix.AF_INET, Scope: 253, Flags: rt.NHFlagLinkdown}).AppendHeader(nil), 5), 3)
	return savedFile(
		deviceRecord(3, "v0"),
		nexthopRecord(nl.Msg{Header: nl.Header{Type: unix.RTM_NEWNEXTHOP}, Body: hop}),
		savedRoute(aRoute(1, func(b []byte) []byte { return gateway(rt.RTANHID.Put(b, 5)) })),
		savedRoute(aRoute(2, gateway)),
		savedRoute(aRoute(3, func(b []byte) []byte {
			b, at := attr.Begin(b, unix.RTA_MULTIPATH)
			b, h := rt.BeginHop(b, rt.NHFlagDead, 1, 3)
			b = rt.RTAGateway.Put(b, rt.AddrFrom([]byte{192, 0, 2, 2}))
			rt.EndHop(b, h)
			return attr.End(b, at)
		})),
		savedRoute(aRoute(4, func(b []byte) []byte {
			return rt.RTAOIF.Put(rt.RTAPrefSrc.Put(b, rt.AddrFrom([]byte{192, 0, 2, 1})), 3)
		})),
		savedRoute(aRoute(5, func(b []byte) []byte { return rt.RTAOIF.Put(b, 3) })),
	)
}

func TestRestoreOrder(t *testing.T) {
	for _, c := range []struct {
		name string
		in   io.Reader
	}{
		{"file", bytes.NewReader(someFile())},
		{"pipe", io.MultiReader(bytes.NewReader(someFile()))},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := &fakeKernel{devices: map[string]uint32{"v0": 9}}
			if code, _, stderr := k.run(c.in, "route", "restore"); code != 0 || stderr != "" {
				t.Fatalf("exit %d\n%s", code, stderr)
			}
			var got []string
			for _, m := range k.taken {
				var r rt.Route
				if m.Type == unix.RTM_NEWNEXTHOP {
					var n rt.Nexthop
					if err := rt.DecodeNexthop(&n, m.Body); err != nil {
						t.Fatal(err)
					}
					got = append(got, fmt.Sprintf("%x nexthop %d dev %d scope %d flags %d", m.Flags, n.ID.V, n.OIF.V, n.Scope, n.Flags))
					continue
				}
				if err := rt.DecodeRoute(&r, m.Body); err != nil {
					t.Fatal(err)
				}
				line := fmt.Sprintf("%x %d dev %d nhid %d via %t", m.Flags, r.Dst.V.Bytes()[1], r.OIF.V, r.NHID.V, r.Gateway.OK)
				for _, h := range r.Hops {
					line += fmt.Sprintf(" hop %d flags %d", h.Dev, h.HopFlags)
				}
				got = append(got, line)
			}
			want := []string{
				"427 5 dev 9 nhid 0 via false",
				"427 4 dev 9 nhid 0 via false",
				"605 nexthop 5 dev 9 scope 0 flags 0",
				"427 1 dev 0 nhid 5 via false",
				"427 2 dev 9 nhid 0 via true",
				"427 3 dev 0 nhid 0 via false hop 9 flags 0",
			}
			if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
				t.Errorf("got\n%s\nwant\n%s", g, w)
			}
		})
	}
}

// What is wrong with a file is found before anything is sent.
func TestRestoreRefuses(t *testing.T) {
	good := savedRoute(aRoute(5, func(b []byte) []byte { return rt.RTAOIF.Put(b, 3) }))
	long := bytes.Clone(good)
	ne.PutUint32(long, 1<<31)
	short := bytes.Clone(good)
	ne.PutUint32(short, 8)
	lying := bytes.Clone(good)
	ne.PutUint16(lying[nl.HeaderLen+rt.RouteHeaderLen:], 200)
	hop := savedRoute(aRoute(6, func(b []byte) []byte {
		return attr.Put(b, unix.RTA_MULTIPATH, []byte{200, 0, 0, 0, 3, 0, 0, 0})
	}))
	link := (&nl.Msg{Header: nl.Header{Type: unix.RTM_DELLINK}, Body: make([]byte, 16)}).AppendTo(nil)
	version := deviceRecord(3, "v0")
	version[nl.HeaderLen+4] = 9
	for _, c := range []struct {
		name, stderr string
		code         int
		file         []byte
	}{
		{"empty", "Magic mismatch (0 elems, 0 magic)\n", 1, nil},
		{"other", "Magic mismatch (1 elems, 4030201 magic)\n", 1, []byte{1, 2, 3, 4}},
		{"header breaks off", "rtnl-from_file: truncated message\n", 2, savedFile(good, good[:7])},
		{"message breaks off", "rtnl-from_file: truncated message\n", 2, savedFile(good, good[:30])},
		{"too long", "!!!malformed message: len=-2147483648 @", 2, savedFile(good, long)},
		{"too short", "!!!malformed message: len=8 @", 2, savedFile(good, short)},
		{"attribute", "nhctl: message at byte", 2, savedFile(good, lying)},
		{"hop", "nhctl: message at byte", 2, savedFile(good, hop)},
		{"not a route", "nhctl: message at byte", 2, savedFile(good, link)},
		{"version", "nhctl: message at byte", 2, savedFile(version, good)},
		{"device", "Cannot find device \"gone\"\n", 1, savedFile(deviceRecord(3, "gone"), good)},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := &fakeKernel{devices: map[string]uint32{"v0": 9}}
			code, _, stderr := k.run(bytes.NewReader(c.file), "route", "restore")
			if code != c.code || !strings.HasPrefix(stderr, c.stderr) {
				t.Errorf("exit %d, want %d; stderr\n%s\nwants first\n%s", code, c.code, stderr, c.stderr)
			}
			if len(k.taken) > 0 {
				t.Errorf("%d messages were sent", len(k.taken))
			}
		})
	}
}

// FuzzRestore: no file makes the readers panic; what restore sends are routes
// and nexthop objects, and nothing when it found the file wrong.
func FuzzRestore(f *testing.F) {
	f.Add(someFile()[4:])
	f.Add(savedFile(deviceRecord(3, "v0"))[4:])
	f.Fuzz(func(t *testing.T, messages []byte) {
		file := savedFile(messages)
		k := &fakeKernel{}
		if code, _, _ := k.run(bytes.NewReader(file), "route", "restore"); code != 0 && len(k.taken) > 0 {
			t.Errorf("%d messages were sent, then exit %d", len(k.taken), code)
		}
		for _, m := range k.taken {
			var err error
			switch m.Type {
			case unix.RTM_NEWROUTE:
				err = rt.DecodeRoute(&rt.Route{}, m.Body)
			case unix.RTM_NEWNEXTHOP:
				err = rt.DecodeNexthop(&rt.Nexthop{}, m.Body)
			default:
				t.Errorf("message of type %d", m.Type)
			}
			if err != nil {
				t.Error(err)
			}
		}
		k.run(bytes.NewReader(file), "-d", "route", "showdump")
		k.run(bytes.NewReader(file), "-json", "route", "showdump")
	})
}
