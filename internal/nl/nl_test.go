package nl

import (
	"bytes"
	"errors"
	"syscall"
	"testing"
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

// The acknowledgement that kernel 6.18 gave to
// `ip route add 192.0.2.0/24 via 203.0.113.1` in an empty namespace.
func TestParseAckRecorded(t *testing.T) {
	body := []byte{
		0x9b, 0xff, 0xff, 0xff, // -ENETUNREACH
		0x2c, 0, 0, 0, 0x18, 0, 0x05, 0x06, 1, 0, 0, 0, 0, 0, 0, 0,
		0x1f, 0, 1, 0, // NLMSGERR_ATTR_MSG, 27 characters and NUL
	}
	body = append(body, "Nexthop has invalid gateway\x00"...)
	// The attribute's length above is 4 + 28 = 32.
	body[20] = 32
	e, err := ParseAck(Msg{Header{TypeError, Capped | AckTLVs, 1, 0}, body})
	if err != nil {
		t.Fatal(err)
	}
	if !errors.Is(e, syscall.ENETUNREACH) || e.Text != "Nexthop has invalid gateway" {
		t.Errorf("got %+v", e)
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
		err := Split(b, func(m Msg) bool {
			again = m.AppendTo(again)
			if m.Type == TypeError {
				ParseAck(m)
			}
			ParseDone(m)
			return true
		})
		if err != nil {
			return
		}
		n := 0
		if err := Split(again, func(Msg) bool { n++; return true }); err != nil {
			t.Fatalf("what Split gave does not split again: %v", err)
		}
	})
}
