package rt

import (
	"encoding/binary"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl/attr"
)

var ne = binary.NativeEndian

// Address families that are not socket families (include/linux/mroute_base.h):
// multicast routes of IPv4 and IPv6.
const (
	familyIPMR  = 128 // RTNL_FAMILY_IPMR
	familyIP6MR = 129 // RTNL_FAMILY_IP6MR
)

// Addr is an address as it lies on the wire, up to 16 bytes, without pointers
// so that maps of it cost the garbage collector nothing. Its family is told
// by where it stands. The zero Addr has no bytes.
type Addr struct {
	n uint8
	b [16]byte
}

// AddrFrom makes an Addr of up to 16 bytes; of more it takes none.
func AddrFrom(p []byte) (a Addr) {
	if len(p) <= len(a.b) {
		a.n = uint8(copy(a.b[:], p))
	}
	return a
}

// Len is the number of bytes: 4 for IPv4 and an MPLS label, 16 for IPv6.
func (a *Addr) Len() int { return int(a.n) }

// Bytes are the address's bytes in network order.
func (a *Addr) Bytes() []byte { return a.b[:a.n] }

// IsZero says whether all bytes are zero.
func (a *Addr) IsZero() bool { return a.b == [16]byte{} }

// Agrees says whether the first bits bits of a and b agree.
func (a *Addr) Agrees(b *Addr, bits int) bool {
	n := bits / 8
	if bits > 8*len(a.b) || string(a.b[:n]) != string(b.b[:n]) {
		return false
	}
	if r := bits % 8; r != 0 {
		return (a.b[n]^b.b[n])>>(8-r) == 0
	}
	return true
}

// BitLen is the length of a host prefix of a family: 32, 128, 20 for an MPLS
// label, 0 for families without prefixes.
func BitLen(family uint8) int {
	switch family {
	case unix.AF_INET:
		return 32
	case unix.AF_INET6:
		return 128
	case unix.AF_MPLS:
		return 20
	}
	return 0
}

// AppendAddr appends the bytes of an address as text, as inet_ntop(3) of
// glibc writes it; labels joined by / for MPLS; colon-separated bytes for
// link-layer addresses; "???" for what it cannot write.
func AppendAddr(b []byte, family uint8, p []byte) []byte {
	switch {
	case family == unix.AF_INET && len(p) >= 4:
		return appendIPv4(b, p)
	case family == unix.AF_INET6 && len(p) >= 16:
		return appendIPv6(b, p)
	case family == unix.AF_MPLS:
		return AppendLabels(b, p)
	case family == unix.AF_PACKET:
		for i, c := range p {
			if i > 0 {
				b = append(b, ':')
			}
			b = append(b, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		}
		return b
	}
	return append(b, "???"...)
}

func appendIPv4(b, p []byte) []byte {
	for i := range 4 {
		if i > 0 {
			b = append(b, '.')
		}
		v := p[i]
		if v >= 100 {
			b = append(b, '0'+v/100)
		}
		if v >= 10 {
			b = append(b, '0'+v/10%10)
		}
		b = append(b, '0'+v%10)
	}
	return b
}

func appendIPv6(b, p []byte) []byte {
	a := netip.AddrFrom16([16]byte(p[:16]))
	// glibc writes IPv4-compatible addresses (::192.0.2.1) with dots, netip
	// writes them in hex. Both write ::ffff:192.0.2.1, and ::1 as it is.
	if binary.BigEndian.Uint64(p) == 0 && binary.BigEndian.Uint32(p[8:]) == 0 && binary.BigEndian.Uint16(p[12:]) != 0 {
		return appendIPv4(append(b, "::"...), p[12:16])
	}
	return a.AppendTo(b)
}

// AppendLabels appends an MPLS label stack, network-order entries of
// RFC 3032, as 100/200; it ends at the entry that has the bottom-of-stack bit.
func AppendLabels(b, p []byte) []byte {
	for first := true; len(p) >= 4; p, first = p[4:], false {
		if !first {
			b = append(b, '/')
		}
		v := binary.BigEndian.Uint32(p)
		b = strconv.AppendUint(b, uint64(v>>12), 10)
		if v&0x100 != 0 {
			break
		}
	}
	return b
}

// RealFamily is the family of the addresses of a route: multicast routes of
// the ipmr families hold IPv4 and IPv6 ones.
func RealFamily(typ, family uint8) uint8 {
	if typ == unix.RTN_MULTICAST {
		switch family {
		case familyIPMR:
			return unix.AF_INET
		case familyIP6MR:
			return unix.AF_INET6
		}
	}
	return family
}

// Via is struct rtvia: an address with its own family.
type Via struct {
	Family uint8
	Addr   Addr
}

func traceAddr(b, p []byte, family uint8) []byte {
	switch {
	case (family == unix.AF_INET || family == familyIPMR) && len(p) == 4:
		return append(appendIPv4(append(b, `inet_addr("`...), p), `")`...)
	case (family == unix.AF_INET6 || family == familyIP6MR) && len(p) == 16:
		return append(appendIPv6(append(b, `inet_pton(AF_INET6, "`...), p), `")`...)
	case family == unix.AF_MPLS && len(p)%4 == 0 && len(p) > 0:
		return append(AppendLabels(append(b, `mpls_label("`...), p), `")`...)
	case family == unix.AF_PACKET:
		return AppendAddr(b, family, p)
	}
	return attr.AppendHex(b, p)
}

// address is a payload of 4 or 16 bytes, of the header's family.
var address = attr.Kind[Addr]{
	Name: "address",
	Decode: func(p []byte, _ *attr.Ctx) (Addr, bool) {
		return AddrFrom(p), len(p) == 4 || len(p) == 16
	},
	Append: func(b []byte, v Addr) []byte { return append(b, v.Bytes()...) },
	Trace:  func(b, p []byte, c *attr.Ctx) []byte { return traceAddr(b, p, c.Family) },
}

// labelsOrAddress is RTA_NEWDST: as many labels as there are, or an address.
var labelsOrAddress = attr.Kind[[]byte]{
	Name:   "address",
	Decode: func(p []byte, _ *attr.Ctx) ([]byte, bool) { return p, len(p) >= 4 && len(p)%4 == 0 },
	Append: func(b, v []byte) []byte { return append(b, v...) },
	Trace:  func(b, p []byte, c *attr.Ctx) []byte { return traceAddr(b, p, c.Family) },
}

var viaKind = attr.Kind[Via]{
	Name: "via",
	Decode: func(p []byte, _ *attr.Ctx) (Via, bool) {
		if len(p) < 2 || len(p) > 2+16 || ne.Uint16(p) > 255 {
			return Via{}, false
		}
		return Via{uint8(ne.Uint16(p)), AddrFrom(p[2:])}, true
	},
	Append: func(b []byte, v Via) []byte {
		return append(ne.AppendUint16(b, uint16(v.Family)), v.Addr.Bytes()...)
	},
	Trace: func(b, p []byte, _ *attr.Ctx) []byte {
		b = append(b, "{rtvia_family="...)
		b = families.Append(b, uint64(ne.Uint16(p)))
		b = append(b, ", rtvia_addr="...)
		return append(traceAddr(b, p[2:], uint8(ne.Uint16(p))), '}')
	},
}
