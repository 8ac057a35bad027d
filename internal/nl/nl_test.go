package nl

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"

	"nhctl/internal/nl/attr"
)

func TestSplitRoundTrip(t *testing.T) {
	msgs := []Msg{
		{Header{24, Request | Ack, 1, 0}, []byte{1, 2, 3, 4}},
		{Header{TypeDone, Multi, 2, 77}, []byte{0, 0, 0, 0, 9}}, // padded to 8
		{Header{26, Request, 3, 0}, nil},
	}
	var b []byte
	n := 0
	for i := range msgs {
		b = msgs[i].AppendTo(b)
		n += msgs[i].WireLen()
	}
	if n != len(b) {
		t.Errorf("WireLen sums to %d, %d bytes appended", n, len(b))
	}
	i := 0
	err := Split(b, func(m Msg) bool {
		if m.Header != msgs[i].Header || !bytes.Equal(m.Body, msgs[i].Body) {
			t.Errorf("message %d: want %+v, got %+v", i, msgs[i], m)
		}
		i++
		return true
	})
	if err != nil || i != len(msgs) {
		t.Errorf("Split: %v after %d messages", err, i)
	}
}

func TestSplitBroken(t *testing.T) {
	good := (&Msg{Header{24, 0, 1, 0}, []byte{1, 2, 3, 4}}).AppendTo(nil)
	for _, c := range []struct {
		name string
		b    []byte
		off  int
	}{
		{"short header", append(bytes.Clone(good), 1, 2, 3), len(good)},
		{"length below header", append(bytes.Clone(good), make([]byte, 16)...), len(good)},
		{"length beyond datagram", good[:len(good)-2], 0},
	} {
		n := 0
		err := Split(c.b, func(Msg) bool { n++; return true })
		var fe *FrameError
		if !errors.As(err, &fe) || fe.Offset != c.off {
			t.Errorf("%s: want a FrameError at %d, got %v", c.name, c.off, err)
		}
	}
}

// recorded are answers of kernel 6.18 (x86-64) in an empty namespace, whole
// datagrams as they came, to a socket with NETLINK_EXT_ACK and, where it says
// capped, NETLINK_CAP_ACK: nlmsghdr, struct nlmsgerr (the error, the request),
// attributes. A line of hex is a structure or an attribute.
var recorded = []struct {
	name    string
	hex     string
	want    Error
	request int // bytes of the request that came back
	traced  []uint16
}{
	{
		// ip route add 192.0.2.0/24 via 203.0.113.1
		name: "text, whole",
		hex: `60000000 0200 0002 01000000 91010000 9bffffff
			2c000000 1800 0506 01000000 00000000 02180000fe03000100000000 08000100c0000202 08000500cb007101
			2000 0100 4e657874686f702068617320696e76616c6964206761746577617900`,
		want:    Error{Errno: syscall.ENETUNREACH, Text: "Nexthop has invalid gateway"},
		request: 44,
		traced:  []uint16{1},
	},
	{
		name: "text, capped",
		hex: `44000000 0200 0003 01000000 cebae3ac 9bffffff
			2c000000 1800 0506 01000000 00000000
			2000 0100 4e657874686f702068617320696e76616c6964206761746577617900`,
		want:    Error{Errno: syscall.ENETUNREACH, Text: "Nexthop has invalid gateway"},
		request: 16,
		traced:  []uint16{1},
	},
	{
		// RTM_GETNEXTHOP with NHA_ID 1 and NHA_OP_FLAGS 0x80
		name: "text and offset, whole",
		hex: `5c000000 0200 0002 02000000 91010000 eaffffff
			28000000 6a00 0100 02000000 00000000 0000000000000000 0800010001000000 08000e0080000000
			1500 0100 72657365727665642062697420736574 00000000
			0800 0200 20000000`,
		want:    Error{Errno: syscall.EINVAL, Text: "reserved bit set", Offset: 32},
		request: 40,
		traced:  []uint16{1, 2},
	},
	{
		name: "text and offset, capped",
		hex: `44000000 0200 0003 02000000 cebae3ac eaffffff
			28000000 6a00 0100 02000000 00000000
			1500 0100 72657365727665642062697420736574 00000000
			0800 0200 20000000`,
		want:    Error{Errno: syscall.EINVAL, Text: "reserved bit set", Offset: 32},
		request: 16,
		traced:  []uint16{1, 2},
	},
	{
		// RTM_NEWROUTE with RTA_DST and an RTA_GATEWAY of three bytes
		name: "text, offset and policy, whole",
		hex: `94000000 0200 0002 01000000 91010000 deffffff
			2c000000 1800 0506 01000000 00000000 02180000fe03000100000000 08000100c0000200 0700050061626300
			2700 0100 417474726962757465206661696c656420706f6c6963792076616c69646174696f6e 0000
			0800 0200 24000000
			2400 0480 0c00040000000000 00000000 0c000500ffffffff 00000000 0800010004000000`,
		want:    Error{Errno: syscall.ERANGE, Text: "Attribute failed policy validation", Offset: 36},
		request: 44,
		traced:  []uint16{1, 2, 0x8004},
	},
	{
		// RTM_GETNEIGH of device 1 without NDA_DST
		name: "missing attribute, no text, whole",
		hex: `38000000 0200 0002 03000000 91010000 eaffffff
			1c000000 1e00 0100 03000000 00000000 020000000100000000000000
			0800 0500 01000000`,
		want:    Error{Errno: syscall.EINVAL, Missing: 1, HasMiss: true},
		request: 28,
		traced:  []uint16{5},
	},
	{
		name: "missing attribute, no text, capped",
		hex: `2c000000 0200 0003 03000000 cebae3ac eaffffff
			1c000000 1e00 0100 03000000 00000000
			0800 0500 01000000`,
		want:    Error{Errno: syscall.EINVAL, Missing: 1, HasMiss: true},
		request: 16,
		traced:  []uint16{5},
	},
	{
		// dump of RTM_GETNEXTHOP with NHA_RES_BUCKET
		name: "end of a dump",
		hex: `38000000 0300 0202 05000000 cebae3ac eaffffff
			1a00 0100 556e737570706f7274656420617474726962757465 00 0000
			0800 0200 18000000`,
		want:   Error{Errno: syscall.EINVAL, Text: "Unsupported attribute", Offset: 24, Dump: true},
		traced: []uint16{1, 2},
	},
}

// bytesOf is a datagram out of hex with blanks.
func bytesOf(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// skipBigEndian skips what reads bytes that a little-endian machine recorded.
func skipBigEndian(t *testing.T) {
	t.Helper()
	if ne.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the recordings are little-endian, this machine is not")
	}
}

func TestParseAckRecorded(t *testing.T) {
	skipBigEndian(t)
	for _, c := range recorded {
		t.Run(c.name, func(t *testing.T) {
			m, rest, ok, err := Next(bytesOf(t, c.hex))
			if !ok || err != nil || len(rest) > 0 {
				t.Fatalf("not one message: %v, %d bytes behind it", err, len(rest))
			}
			var got *Error
			if m.Type == TypeDone {
				got = ParseDone(m)
			} else if got, err = ParseAck(m); err != nil {
				t.Fatal(err)
			}
			if got == nil || *got != c.want {
				t.Errorf("want %+v, got %+v", c.want, got)
			}
			request, tlvs, other := AckParts(m)
			if len(request) != c.request || len(other) > 0 {
				t.Errorf("want %d bytes of the request and none besides, got %d and %d", c.request, len(request), len(other))
			}
			var types []uint16
			for run := tlvs; ; {
				typ, _, rest, ok := attr.Next(run)
				if !ok {
					break
				}
				types = append(types, typ)
				if _, known := AckTable.ByType(typ); !known {
					t.Errorf("attribute %d has no row", typ)
				}
				run = rest
			}
			if !slices.Equal(types, c.traced) {
				t.Errorf("want attributes %#x, got %#x", c.traced, types)
			}
		})
	}
}

// What no kernel sent yet: an acknowledgement whose attributes break off still
// has its error number, and what came before.
func TestParseAckBroken(t *testing.T) {
	errno := ne.AppendUint32(nil, ^uint32(0)) // -EPERM
	header := (&Msg{Header: Header{Type: 24}}).AppendTo(nil)
	text := attr.Put(nil, 1, []byte("why\x00"))
	for _, c := range []struct {
		name string
		body []byte
		text string
	}{
		{"no request", errno, ""},
		{"half a request", slices.Concat(errno, header[:7]), ""},
		{"attribute breaks off", slices.Concat(errno, header, text, []byte{9, 0, 2, 0}), "why"},
		{"text breaks off", slices.Concat(errno, header, text[:6]), ""},
		{"stray bytes", slices.Concat(errno, header, text, []byte{1, 2, 3}), "why"},
		{"offset of two bytes", slices.Concat(errno, header, attr.Put(nil, 2, []byte{1, 2}), text), "why"},
	} {
		e, err := ParseAck(Msg{Header{Type: TypeError, Flags: Capped | AckTLVs}, c.body})
		if err != nil || e == nil || e.Errno != syscall.EPERM || e.Text != c.text || e.Offset != 0 {
			t.Errorf("%s: want EPERM, %q; got %+v, %v", c.name, c.text, e, err)
		}
	}
	// A request that says to be longer than what there is leaves no attributes.
	long := slices.Clone(header)
	ne.PutUint32(long, 0xfffffff0)
	m := Msg{Header{Type: TypeError, Flags: AckTLVs}, slices.Concat(errno, long, text)}
	if request, tlvs, rest := AckParts(m); len(request) != len(long)+len(text) || len(tlvs)+len(rest) > 0 {
		t.Errorf("request of %d bytes, attributes of %d, %d besides", len(request), len(tlvs), len(rest))
	}
}

func TestParseAckYes(t *testing.T) {
	if e, err := ParseAck(Msg{Header{Type: TypeError}, make([]byte, 20)}); e != nil || err != nil {
		t.Errorf("want nil, nil; got %v, %v", e, err)
	}
	if _, err := ParseAck(Msg{Header{Type: TypeError}, []byte{0}}); err == nil {
		t.Error("an acknowledgement of one byte is no yes")
	}
}

func FuzzSplit(f *testing.F) {
	f.Add((&Msg{Header{24, 0, 1, 0}, []byte{1, 2, 3, 4}}).AppendTo(nil))
	f.Add((&Msg{Header{TypeError, AckTLVs, 1, 0}, make([]byte, 40)}).AppendTo(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		var again []byte
		first, second := 0, 0
		// The messages before a break count, too.
		_ = Split(b, func(m Msg) bool {
			first++
			again = m.AppendTo(again)
			if m.Type == TypeError {
				ParseAck(m)
			}
			ParseDone(m)
			request, tlvs, rest := AckParts(m)
			if n := len(request) + len(tlvs) + len(rest); n > len(m.Body) {
				t.Errorf("the parts of a body of %d bytes have %d", len(m.Body), n)
			}
			return true
		})
		if err := Split(again, func(Msg) bool { second++; return true }); err != nil {
			t.Fatalf("what Split gave does not split again: %v", err)
		}
		if first != second {
			t.Errorf("%d messages, split again %d", first, second)
		}
	})
}
