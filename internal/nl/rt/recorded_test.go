package rt

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl"
	"nhctl/internal/nl/attr"
)

// recorded are the messages that kernel 6.18 (x86-64) sent in answer to dumps
// and look-ups of a namespace that had every kind of route and object that
// kernel takes: testdata/*.bin, sequence numbers and port ids zeroed.
func recorded(t testing.TB) []nl.Msg {
	files, err := filepath.Glob("testdata/*.bin")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	var out []nl.Msg
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := nl.Split(b, func(m nl.Msg) bool { out = append(out, m); return true }); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
	}
	return out
}

// recodeMessage decodes and encodes a body by its type.
func recodeMessage(m nl.Msg) (value any, body []byte, err error) {
	switch LayoutOf(m.Type) {
	case routeLayout:
		v := new(Route)
		err = DecodeRoute(v, m.Body)
		return v, v.Append(nil), err
	case nexthopLayout, bucketLayout:
		v := new(Nexthop)
		err = DecodeNexthop(v, m.Body)
		return v, v.Append(nil), err
	case linkLayout:
		v := new(Link)
		err = DecodeLink(v, m.Body)
		return v, v.Append(nil), err
	case addressLayout:
		v := new(Address)
		err = DecodeAddress(v, m.Body)
		return v, v.Append(nil), err
	}
	return nil, m.Body, nil
}

// stable checks decode → encode → decode, and that encoding lost no byte.
func stable(t *testing.T, m nl.Msg) {
	v1, b1, err := recodeMessage(m)
	if err != nil {
		t.Fatalf("%s: %v", TypeName(m.Type), err)
	}
	v2, b2, err := recodeMessage(nl.Msg{Header: m.Header, Body: b1})
	if err != nil || !bytes.Equal(b1, b2) {
		t.Fatalf("%s does not encode the same twice (%v)\nfirst  %x\nsecond %x", TypeName(m.Type), err, b1, b2)
	}
	if !reflect.DeepEqual(v1, v2) {
		t.Fatalf("%s does not decode the same twice\nfirst  %+v\nsecond %+v", TypeName(m.Type), v1, v2)
	}
}

func TestRecordedStable(t *testing.T) {
	seen := map[uint16]int{}
	for _, m := range recorded(t) {
		seen[m.Type]++
		stable(t, m)
		if l := LayoutOf(m.Type); l != nil {
			_, b, _ := recodeMessage(m)
			if want, got := attrBag(m.Body[l.HeaderLen:]), attrBag(b[l.HeaderLen:]); !reflect.DeepEqual(want, got) {
				t.Errorf("%s lost or gained attributes\nwant %v\ngot  %v", TypeName(m.Type), want, got)
			}
		}
	}
	for _, typ := range []uint16{unix.RTM_NEWROUTE, unix.RTM_NEWNEXTHOP, NewBucket, unix.RTM_NEWLINK, unix.RTM_NEWADDR} {
		if seen[typ] == 0 {
			t.Errorf("no %s among the recordings", TypeName(typ))
		}
	}
}

// attrBag counts the top-level attributes by type and length, flag bits
// aside: the encoder may order them differently and does not repeat the
// nested bit where ip sends none.
func attrBag(run []byte) map[[2]int]int {
	out := map[[2]int]int{}
	for {
		typ, p, rest, ok := attr.Next(run)
		if !ok {
			return out
		}
		out[[2]int{int(typ & attr.TypeMask), len(p)}]++
		run = rest
	}
}

// Nothing that the kernel sends of routes and nexthops is unknown to the
// tables: a ??? in the trace is an attribute without a row.
func TestRecordedNamed(t *testing.T) {
	for _, m := range recorded(t) {
		s := string(TraceBody(nil, m.Type, m.Body, &attr.Ctx{}))
		for _, part := range strings.SplitAfter(s, "???") {
			if strings.HasSuffix(part, "_??? */") || strings.HasSuffix(part, "???") {
				if i := strings.LastIndex(part, "nla_type="); i >= 0 && !strings.Contains(part[i:], "}") {
					t.Errorf("%s: attribute without a row: %s", TypeName(m.Type), part[i:])
				}
			}
		}
	}
}

// The four captures of the seed: what ip sends, as strace shows it there.
func TestSeedTraces(t *testing.T) {
	names := func(i uint32) string {
		if i == 2 {
			return "eno1"
		}
		return ""
	}
	for _, c := range []struct {
		name string
		typ  uint16
		body string
		want string
	}{
		{
			"single route", unix.RTM_NEWROUTE,
			"02200000fe03000100000000 080001000a0b0b63 08000500ac146801 0800040002000000",
			`{rtm_family=AF_INET, rtm_dst_len=32, rtm_src_len=0, rtm_tos=0, rtm_table=RT_TABLE_MAIN, rtm_protocol=RTPROT_BOOT, rtm_scope=RT_SCOPE_UNIVERSE, rtm_type=RTN_UNICAST, rtm_flags=0}, [[{nla_len=8, nla_type=RTA_DST}, inet_addr("10.11.11.99")], [{nla_len=8, nla_type=RTA_GATEWAY}, inet_addr("172.20.104.1")], [{nla_len=8, nla_type=RTA_OIF}, if_nametoindex("eno1")]]`,
		},
		{
			"multipath", unix.RTM_NEWROUTE,
			"02200000fe03000100000000 080001000a0b0b0b 24000900 1000000002000000 08000500ac1469ae 1000000002000000 08000500ac1469af",
			`{rtm_family=AF_INET, rtm_dst_len=32, rtm_src_len=0, rtm_tos=0, rtm_table=RT_TABLE_MAIN, rtm_protocol=RTPROT_BOOT, rtm_scope=RT_SCOPE_UNIVERSE, rtm_type=RTN_UNICAST, rtm_flags=0}, [[{nla_len=8, nla_type=RTA_DST}, inet_addr("10.11.11.11")], [{nla_len=36, nla_type=RTA_MULTIPATH}, [[{rtnh_len=16, rtnh_flags=0, rtnh_hops=0, rtnh_ifindex=if_nametoindex("eno1")}, [{nla_len=8, nla_type=RTA_GATEWAY}, inet_addr("172.20.105.174")]], [{rtnh_len=16, rtnh_flags=0, rtnh_hops=0, rtnh_ifindex=if_nametoindex("eno1")}, [{nla_len=8, nla_type=RTA_GATEWAY}, inet_addr("172.20.105.175")]]]]]`,
		},
		{
			"nexthop object", unix.RTM_NEWNEXTHOP,
			"0200000000000000 080001000b000000 08000600ac1469ad 0800050002000000",
			`{nh_family=AF_INET, nh_scope=RT_SCOPE_UNIVERSE, nh_protocol=RTPROT_UNSPEC, nh_flags=0}, [[{nla_len=8, nla_type=NHA_ID}, 11], [{nla_len=8, nla_type=NHA_GATEWAY}, inet_addr("172.20.105.173")], [{nla_len=8, nla_type=NHA_OIF}, if_nametoindex("eno1")]]`,
		},
		{
			"route by nexthop id, which strace of the time could not read", unix.RTM_NEWROUTE,
			"02200000fe03000100000000 080001000a0b0c0d 08001e000b000000",
			`{rtm_family=AF_INET, rtm_dst_len=32, rtm_src_len=0, rtm_tos=0, rtm_table=RT_TABLE_MAIN, rtm_protocol=RTPROT_BOOT, rtm_scope=RT_SCOPE_UNIVERSE, rtm_type=RTN_UNICAST, rtm_flags=0}, [[{nla_len=8, nla_type=RTA_DST}, inet_addr("10.11.12.13")], [{nla_len=8, nla_type=RTA_NH_ID}, 11]]`,
		},
		{
			"group", unix.RTM_NEWNEXTHOP,
			"0000000000000000 0800010003000000 14000200 0100000000000000 0200000000000000",
			`{nh_family=AF_UNSPEC, nh_scope=RT_SCOPE_UNIVERSE, nh_protocol=RTPROT_UNSPEC, nh_flags=0}, [[{nla_len=8, nla_type=NHA_ID}, 3], [{nla_len=20, nla_type=NHA_GROUP}, [{id=1, weight=0}, {id=2, weight=0}]]]`,
		},
	} {
		body, err := hex.DecodeString(strings.ReplaceAll(c.body, " ", ""))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := string(TraceBody(nil, c.typ, body, &attr.Ctx{IfName: names})); got != c.want {
			t.Errorf("%s\nwant %s\ngot  %s", c.name, c.want, got)
		}
	}
}

// fuzzMessage feeds one decoder: no input may make it, the encoder or the
// tracer panic or hang, and what it accepts must be stable.
func fuzzMessage(f *testing.F, typs ...uint16) {
	for _, m := range recorded(f) {
		for _, typ := range typs {
			if m.Type == typ {
				f.Add(m.Body)
			}
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m := nl.Msg{Header: nl.Header{Type: typs[0]}, Body: body}
		TraceBody(nil, m.Type, body, &attr.Ctx{})
		AttrAt(&m, len(body)/2)
		if len(body) < 4096 {
			Fields(&m)
		}
		if _, _, err := recodeMessage(m); err != nil {
			return
		}
		stable(t, m)
	})
}

func FuzzRoute(f *testing.F)   { fuzzMessage(f, unix.RTM_NEWROUTE) }
func FuzzNexthop(f *testing.F) { fuzzMessage(f, unix.RTM_NEWNEXTHOP, NewBucket) }
func FuzzLink(f *testing.F)    { fuzzMessage(f, unix.RTM_NEWLINK) }
func FuzzAddress(f *testing.F) { fuzzMessage(f, unix.RTM_NEWADDR) }
