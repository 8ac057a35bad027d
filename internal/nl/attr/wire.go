package attr

import (
	"encoding/binary"
	"fmt"
)

// Flag bits of an attribute type (include/uapi/linux/netlink.h).
const (
	FlagNested       = 0x8000 // NLA_F_NESTED
	FlagNetByteOrder = 0x4000 // NLA_F_NET_BYTEORDER
	TypeMask         = 0x3fff // NLA_TYPE_MASK
)

// HeaderLen is the size of struct nlattr in bytes.
const HeaderLen = 4

var ne = binary.NativeEndian

// Align rounds n up to the 4 bytes that netlink aligns everything to.
func Align(n int) int { return (n + 3) &^ 3 }

// Raw is an attribute as it came: Type with its flag bits, Data without
// padding. Data aliases the message it was decoded from.
type Raw struct {
	Type uint16
	Data []byte
}

// A LenError says that an attribute's length field does not fit the bytes
// that are there.
type LenError struct {
	Offset int // of the attribute's header, from the start of the run
	Len    int // what the length field says; less than 4 or more than Left
	Left   int // bytes from the header to the end of the run
}

func (e *LenError) Error() string {
	return fmt.Sprintf("attribute at offset %d says length %d with %d bytes left", e.Offset, e.Len, e.Left)
}

// Next splits the first attribute off b. typ keeps its flag bits. ok is false
// when fewer than 4 bytes are left (which the kernel, too, ignores) or when
// the length field is wrong; [Check] tells the two apart.
func Next(b []byte) (typ uint16, payload, rest []byte, ok bool) {
	if len(b) < HeaderLen {
		return 0, nil, nil, false
	}
	n := int(ne.Uint16(b))
	if n < HeaderLen || n > len(b) {
		return 0, nil, nil, false
	}
	typ = ne.Uint16(b[2:])
	payload = b[HeaderLen:n:n]
	if n = Align(n); n >= len(b) {
		return typ, payload, nil, true
	}
	return typ, payload, b[n:], true
}

// Each gives the attributes of a run, types without flag bits, until it ends or
// breaks off. f may change payloads in place.
func Each(run []byte, f func(typ uint16, payload []byte)) {
	for {
		typ, p, rest, ok := Next(run)
		if !ok {
			return
		}
		f(typ&TypeMask, p)
		run = rest
	}
}

// Check walks a run of attributes and returns a *LenError for the first
// length field that is wrong, nil when the run is well formed. One to three
// bytes behind the last attribute are no error (nla_parse in lib/nlattr.c
// only warns of them).
func Check(b []byte) error {
	for off := 0; len(b)-off >= HeaderLen; {
		n := int(ne.Uint16(b[off:]))
		if n < HeaderLen || n > len(b)-off {
			return &LenError{Offset: off, Len: n, Left: len(b) - off}
		}
		off += Align(n)
	}
	return nil
}

// Put appends an attribute with the payload p, padded with zeroes.
func Put(b []byte, typ uint16, p []byte) []byte {
	b, at := Begin(b, typ)
	return End(append(b, p...), at)
}

// Begin appends the header of an attribute whose payload the caller appends
// next; End with the returned offset completes it.
func Begin(b []byte, typ uint16) ([]byte, int) {
	at := len(b)
	b = append(b, 0, 0)
	return ne.AppendUint16(b, typ), at
}

// End sets the length of the attribute begun at offset at and pads it. A
// payload above 65531 bytes cannot be said in the 16-bit length; the length
// is then left 0, which every reader refuses (callers bound their payloads).
func End(b []byte, at int) []byte {
	if n := len(b) - at; n <= 0xffff {
		ne.PutUint16(b[at:], uint16(n))
	}
	for (len(b)-at)&3 != 0 {
		b = append(b, 0)
	}
	return b
}
