package nl

import (
	"encoding/binary"
	"fmt"

	"nhctl/internal/nl/attr"
)

var ne = binary.NativeEndian

// HeaderLen is the size of struct nlmsghdr in bytes.
const HeaderLen = 16

// Message types below RTM_BASE, and message flags
// (include/uapi/linux/netlink.h).
const (
	TypeNoop    = 1
	TypeError   = 2
	TypeDone    = 3
	TypeOverrun = 4

	Request      = 0x1
	Multi        = 0x2
	Ack          = 0x4
	Echo         = 0x8
	DumpIntr     = 0x10
	DumpFiltered = 0x20

	Root   = 0x100 // of GET requests
	Match  = 0x200
	Dump   = Root | Match
	Atomic = 0x400

	Replace = 0x100 // of NEW requests
	Excl    = 0x200
	Create  = 0x400
	Append  = 0x800

	Capped  = 0x100 // of acknowledgements
	AckTLVs = 0x200
)

// Header is struct nlmsghdr without its length.
type Header struct {
	Type  uint16
	Flags uint16
	Seq   uint32
	Port  uint32 // nlmsg_pid: the author's port id, 0 for the kernel
}

// Msg is one message. Body is what follows the header, without padding; in a
// received message it aliases the receive buffer.
type Msg struct {
	Header
	Body []byte
}

// AppendTo appends the message as it goes on the wire, padded.
func (m *Msg) AppendTo(b []byte) []byte {
	b = ne.AppendUint32(b, uint32(HeaderLen+len(m.Body)))
	b = ne.AppendUint16(b, m.Type)
	b = ne.AppendUint16(b, m.Flags)
	b = ne.AppendUint32(b, m.Seq)
	b = ne.AppendUint32(b, m.Port)
	b = append(b, m.Body...)
	for len(b)&3 != 0 {
		b = append(b, 0)
	}
	return b
}

// WireLen is the number of bytes that AppendTo appends.
func (m *Msg) WireLen() int { return attr.Align(HeaderLen + len(m.Body)) }

// A FrameError says that a datagram breaks off or lies about a length.
type FrameError struct {
	Offset int // of the header, in the datagram
	Len    int // nlmsg_len, or 0 when not even a header is there
	Left   int // bytes from Offset to the end
}

func (e *FrameError) Error() string {
	return fmt.Sprintf("netlink message at offset %d says length %d with %d bytes left", e.Offset, e.Len, e.Left)
}

// Next splits the first message off a datagram. At its end it returns
// ok false and a nil error.
func Next(b []byte) (m Msg, rest []byte, ok bool, err error) {
	if len(b) == 0 {
		return m, nil, false, nil
	}
	if len(b) < HeaderLen {
		return m, nil, false, &FrameError{Left: len(b)}
	}
	n := ne.Uint32(b)
	if n < HeaderLen || uint64(n) > uint64(len(b)) {
		return m, nil, false, &FrameError{Len: int(n), Left: len(b)}
	}
	m = Msg{Header{
		Type: ne.Uint16(b[4:]), Flags: ne.Uint16(b[6:]),
		Seq: ne.Uint32(b[8:]), Port: ne.Uint32(b[12:]),
	}, b[HeaderLen:n:n]}
	if a := attr.Align(int(n)); a < len(b) {
		rest = b[a:]
	}
	return m, rest, true, nil
}

// Split calls f for each message of a datagram until f returns false. The
// error is a *FrameError; the messages before the broken one were delivered.
func Split(b []byte, f func(Msg) bool) error {
	whole := len(b)
	for {
		m, rest, ok, err := Next(b)
		if err != nil {
			err.(*FrameError).Offset = whole - len(b)
			return err
		}
		if !ok || !f(m) {
			return nil
		}
		b = rest
	}
}
