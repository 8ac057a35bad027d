package out

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl"
	"nhctl/internal/nl/attr"
)

// Answers of kernel 6.18 (x86-64), port ids zeroed; see internal/nl/nl_test.go.
func TestTraceRecordedAcks(t *testing.T) {
	if ne.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the recordings are little-endian, this machine is not")
	}
	const (
		gateway = `nlmsg_type=RTM_NEWROUTE, nlmsg_flags=NLM_F_REQUEST|NLM_F_ACK|NLM_F_EXCL|NLM_F_CREATE, nlmsg_seq=1, nlmsg_pid=0}`
		policy  = `[[{nla_len=39, nla_type=NLMSGERR_ATTR_MSG}, "Attribute failed policy validation"], ` +
			`[{nla_len=8, nla_type=NLMSGERR_ATTR_OFFS}, 36], ` +
			`[{nla_len=36, nla_type=NLA_F_NESTED|NLMSGERR_ATTR_POLICY}, "\x0c\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00` +
			`\x0c\x00\x05\x00\xff\xff\xff\xff\x00\x00\x00\x00\x08\x00\x01\x00\x04\x00\x00\x00"]]]`
	)
	for _, c := range []struct{ name, hex, want string }{
		{
			"capped: text, offset, policy",
			`78000000020000030100000000000000deffffff2c00000018000506010000000000000027000100417474726962757465206661696c656420706f6c6963792076616c69646174696f6e00000800020024000000240004800c00040000000000000000000c000500ffffffff000000000800010004000000`,
			`[{nlmsg_len=120, nlmsg_type=NLMSG_ERROR, nlmsg_flags=NLM_F_CAPPED|NLM_F_ACK_TLVS, nlmsg_seq=1, nlmsg_pid=0}, ` +
				`{error=-ERANGE, msg={nlmsg_len=44, ` + gateway + `}, ` + policy,
		},
		{
			"whole: the request is shown, too",
			`94000000020000020100000000000000deffffff2c00000018000506010000000000000002180000fe0300010000000008000100c00002000700050061626300` +
				`27000100417474726962757465206661696c656420706f6c6963792076616c69646174696f6e00000800020024000000240004800c00040000000000000000000c000500ffffffff000000000800010004000000`,
			`[{nlmsg_len=148, nlmsg_type=NLMSG_ERROR, nlmsg_flags=NLM_F_ACK_TLVS, nlmsg_seq=1, nlmsg_pid=0}, ` +
				`{error=-ERANGE, msg=[{nlmsg_len=44, ` + gateway + `, ` +
				`{rtm_family=AF_INET, rtm_dst_len=24, rtm_src_len=0, rtm_tos=0, rtm_table=RT_TABLE_MAIN, rtm_protocol=RTPROT_BOOT, rtm_scope=RT_SCOPE_UNIVERSE, rtm_type=RTN_UNICAST, rtm_flags=0}, ` +
				`[[{nla_len=8, nla_type=RTA_DST}, inet_addr("192.0.2.0")], [{nla_len=7, nla_type=RTA_GATEWAY}, "\x61\x62\x63"]]]}, ` + policy,
		},
		{
			"missing attribute without a text",
			`2c000000020000030300000000000000eaffffff1c0000001e0001000300000000000000` + `0800050001000000`,
			`[{nlmsg_len=44, nlmsg_type=NLMSG_ERROR, nlmsg_flags=NLM_F_CAPPED|NLM_F_ACK_TLVS, nlmsg_seq=3, nlmsg_pid=0}, ` +
				`{error=-EINVAL, msg={nlmsg_len=28, nlmsg_type=0x1e /* RTM_??? */, nlmsg_flags=NLM_F_REQUEST, nlmsg_seq=3, nlmsg_pid=0}}, ` +
				`[{nla_len=8, nla_type=NLMSGERR_ATTR_MISS_TYPE}, 1]]`,
		},
		{
			"end of a dump",
			`38000000030002020500000000000000eaffffff1a000100556e737570706f72746564206174747269627574650000000800020018000000`,
			`[{nlmsg_len=56, nlmsg_type=NLMSG_DONE, nlmsg_flags=NLM_F_MULTI|NLM_F_ACK_TLVS, nlmsg_seq=5, nlmsg_pid=0}, -EINVAL, ` +
				`[[{nla_len=26, nla_type=NLMSGERR_ATTR_MSG}, "Unsupported attribute"], [{nla_len=8, nla_type=NLMSGERR_ATTR_OFFS}, 24]]]`,
		},
	} {
		b, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(Trace(nil, false, b, false, nil)); got != "< "+c.want+"\n" {
			t.Errorf("%s:\nwant < %s\n got %s", c.name, c.want, got)
		}
	}
}

// Whatever an acknowledgement carries is shown, also what no kernel sends to
// rtnetlink today and what is broken.
func TestTraceAckDropsNothing(t *testing.T) {
	yes := make([]byte, 4+nl.HeaderLen)
	for _, c := range []struct {
		name  string
		flags uint16
		body  []byte
		want  string
	}{
		{"cookie", nl.AckTLVs, attr.Put(nil, 3, []byte{1, 2}), `, [{nla_len=6, nla_type=NLMSGERR_ATTR_COOKIE}, "\x01\x02"]]`},
		{"nest that lacks", nl.AckTLVs, attr.Put(nil, 6, ne.AppendUint32(nil, 48)), `, [{nla_len=8, nla_type=NLMSGERR_ATTR_MISS_NEST}, 48]]`},
		{"offset without a text", nl.AckTLVs, attr.Put(nil, 2, ne.AppendUint32(nil, 32)), `, [{nla_len=8, nla_type=NLMSGERR_ATTR_OFFS}, 32]]`},
		{"offset 0", nl.AckTLVs, attr.Put(nil, 2, ne.AppendUint32(nil, 0)), `, [{nla_len=8, nla_type=NLMSGERR_ATTR_OFFS}, 0]]`},
		{"offset of two bytes", nl.AckTLVs, attr.Put(nil, 2, []byte{1, 2}), `, [{nla_len=6, nla_type=NLMSGERR_ATTR_OFFS}, "\x01\x02"]]`},
		{"empty text", nl.AckTLVs, attr.Put(nil, 1, []byte{0}), `, [{nla_len=5, nla_type=NLMSGERR_ATTR_MSG}, ""]]`},
		{"unknown", nl.AckTLVs, attr.Put(nil, 9, []byte{7}), `, [{nla_len=5, nla_type=0x9 /* NLMSGERR_ATTR_??? */}, "\x07"]]`},
		{"breaks off", nl.AckTLVs, []byte{9, 0, 1, 0}, `, "\x09\x00\x01\x00"]`},
		{"stray bytes", nl.AckTLVs, append(attr.Put(nil, 3, nil), 1, 2, 3), `, [{nla_len=4, nla_type=NLMSGERR_ATTR_COOKIE}, "\x01\x02\x03"]]`},
		{"stray bytes alone", nl.AckTLVs, []byte{1}, `, "\x01"]`},
		{"attributes without the flag that says so", 0, attr.Put(nil, 3, nil), `, "\x04\x00\x03\x00"]`},
	} {
		want := c.want
		if ne.Uint16([]byte{1, 0}) != 1 && strings.Contains(want, `\x00`) {
			continue // lengths and types shown in hex are little-endian
		}
		m := nl.Msg{Header: nl.Header{Type: nl.TypeError, Flags: nl.Capped | c.flags}, Body: slices.Concat(yes, c.body)}
		if got := string(traceMessage(nil, m, &attr.Ctx{})); !strings.HasSuffix(got, "}}"+want) {
			t.Errorf("%s:\nwant the end %s\n got %s", c.name, want, got)
		}
		end := nl.Msg{Header: nl.Header{Type: nl.TypeDone, Flags: c.flags}, Body: slices.Concat(yes[:4], c.body)}
		if got := string(traceMessage(nil, end, &attr.Ctx{})); !strings.HasSuffix(got, "}, 0"+want) {
			t.Errorf("%s, in the end of a dump:\nwant the end %s\n got %s", c.name, want, got)
		}
	}
	short := nl.Msg{Header: nl.Header{Type: nl.TypeError}, Body: []byte{1, 2, 3, 4, 5}}
	if got := string(traceMessage(nil, short, &attr.Ctx{})); !strings.HasSuffix(got, `}, "\x05"]`) {
		t.Errorf("half a request: got %s", got)
	}
}

// Bytes too few for an attribute, or for a message, are shown.
func TestTraceStray(t *testing.T) {
	route := make([]byte, 12)
	route[0] = unix.AF_INET
	priority := attr.Put(nil, unix.RTA_PRIORITY, ne.AppendUint32(nil, 7))
	for _, c := range []struct {
		name, want string
		body       []byte
	}{
		{"none", `[{nla_len=8, nla_type=RTA_PRIORITY}, 7]]`, slices.Concat(route, priority)},
		{"behind the attributes", `[[{nla_len=8, nla_type=RTA_PRIORITY}, 7], "\x01\x02\x03"]]`, slices.Concat(route, priority, []byte{1, 2, 3})},
		{"behind the header", `rtm_flags=0}, "\x01"]`, slices.Concat(route, []byte{1})},
		{"in a nest", `{nla_len=9, nla_type=RTA_METRICS}, [{nla_len=4, nla_type=0x0 /* RTAX_??? */}, "\x01"]]]`, slices.Concat(route, attr.Put(nil, unix.RTA_METRICS, append(attr.Put(nil, 0, nil), 1)))},
		{"once where the run breaks off", `7], "\x00\x00\x00\x00"]]`, slices.Concat(route, priority, make([]byte, 4))},
	} {
		m := nl.Msg{Header: nl.Header{Type: unix.RTM_NEWROUTE}, Body: c.body}
		if got := string(traceMessage(nil, m, &attr.Ctx{})); !strings.HasSuffix(got, c.want) {
			t.Errorf("%s:\nwant the end %s\n got %s", c.name, c.want, got)
		}
	}
	m := nl.Msg{Header: nl.Header{Type: unix.RTM_NEWROUTE}, Body: route}
	got := string(Trace(nil, true, append(m.AppendTo(nil), 1, 2, 3), false, nil))
	if want := "> netlink message at offset 28 says length 0 with 3 bytes left \"\\x01\\x02\\x03\"\n"; !strings.HasSuffix(got, want) {
		t.Errorf("behind a message:\nwant the end %s got %s", want, got)
	}
}

// Each flag bit is in a message's trace, by name or by number.
func TestTraceFlags(t *testing.T) {
	for _, c := range []struct {
		typ, flags uint16
		want       string
	}{
		{unix.RTM_GETROUTE, nl.Request | nl.Dump, "NLM_F_REQUEST|NLM_F_DUMP"},
		{unix.RTM_GETROUTE, nl.Dump, "NLM_F_DUMP"},
		{unix.RTM_GETROUTE, nl.Request | nl.Dump | nl.Atomic, "NLM_F_REQUEST|NLM_F_ATOMIC|NLM_F_DUMP"},
		{unix.RTM_GETROUTE, nl.Request | nl.Dump | 0x1800, "NLM_F_REQUEST|0x1800|NLM_F_DUMP"},
		{unix.RTM_GETROUTE, nl.Dump | 0x8000, "0x8000 /* NLM_F_??? */|NLM_F_DUMP"},
		{unix.RTM_GETROUTE, nl.Request | nl.Match, "NLM_F_REQUEST|NLM_F_MATCH"},
		{unix.RTM_NEWROUTE, nl.Request | 0x8000, "NLM_F_REQUEST|0x8000"},
	} {
		m := nl.Msg{Header: nl.Header{Type: c.typ, Flags: c.flags}}
		if got := traceMessage(nil, m, &attr.Ctx{}); !bytes.Contains(got, []byte("nlmsg_flags="+c.want+", ")) {
			t.Errorf("%#x: want %s, got %s", c.flags, c.want, got)
		}
	}
}
