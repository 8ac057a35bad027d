package nltest

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// Message is one netlink message: nlmsg_len bytes, filled up to a multiple of 4.
type Message []byte

const (
	sizeofNlmsghdr = 16
	sizeofRtmsg    = 12
	sizeofNhmsg    = 8
)

// Type returns nlmsg_type.
func (m Message) Type() uint16 { return binary.NativeEndian.Uint16(m[4:]) }

// Flags returns nlmsg_flags.
func (m Message) Flags() uint16 { return binary.NativeEndian.Uint16(m[6:]) }

// IsRoute reports whether the message is about routes, nexthop objects or
// buckets: what a test compares, as opposed to look-ups of links and the like.
func (m Message) IsRoute() bool { _, ok := messageNames[m.Type()]; return ok }

// Split cuts a buffer given to send(2), or a datagram, into its messages. What
// follows the last whole message (iproute2 sends dump requests from a larger
// buffer) is left out.
func Split(buf []byte) []Message {
	var msgs []Message
	for len(buf) >= sizeofNlmsghdr {
		size := int(binary.NativeEndian.Uint32(buf))
		if size < sizeofNlmsghdr || size > len(buf) {
			break
		}
		m := make(Message, align(size))
		copy(m, buf[:size])
		msgs = append(msgs, m)
		buf = buf[min(align(size), len(buf)):]
	}
	return msgs
}

// ParseHex reads messages written as hex digits, with or without line ends.
func ParseHex(s string) ([]Message, error) {
	buf, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		return nil, err
	}
	msgs := Split(buf)
	total := 0
	for _, m := range msgs {
		total += len(m)
	}
	if total != len(buf) {
		return nil, fmt.Errorf("%d of %d bytes are not a netlink message", len(buf)-total, len(buf))
	}
	return msgs, nil
}

// Normalise returns a copy of the message with what may differ from run to run
// set to zero: sequence number, port id, and the bytes that fill attributes up
// to a multiple of four (iproute2 leaves what was on its stack there).
func (m Message) Normalise() Message {
	n := make(Message, len(m))
	copy(n, m)
	clear(n[8:16])
	if !n.IsRoute() {
		return n
	}
	walk(n, func(a Attr) {
		clear(n[a.end:min(align(a.end), len(n))])
	})
	return n
}

// Requests returns the normalised route, nexthop and bucket messages among the
// buffers a program has sent.
func Requests(buffers [][]byte) []Message {
	var msgs []Message
	for _, buf := range buffers {
		for _, m := range Split(buf) {
			if m.IsRoute() {
				msgs = append(msgs, m.Normalise())
			}
		}
	}
	return msgs
}

func align(n int) int { return (n + 3) &^ 3 }
