package nltest

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Attr is one attribute of a message: its number without the flag bits, its
// kernel name, its value as text, and the attributes inside it.
type Attr struct {
	Type  uint16
	Flags uint16 // NLA_F_NESTED, NLA_F_NET_BYTEORDER
	Name  string
	Value string
	Inner []Attr

	end int // offset behind the payload in the message
}

// Attrs returns the attributes of a route, nexthop or bucket message.
func (m Message) Attrs() []Attr { return walk(m, func(Attr) {}) }

// String shows a message as one line for its headers and one, indented, for
// each attribute, so that two of them can be compared line by line.
func (m Message) String() string {
	var b strings.Builder
	name, ok := messageNames[m.Type()]
	if !ok {
		name = strconv.Itoa(int(m.Type()))
	}
	fmt.Fprintf(&b, "%s flags=%#x", name, m.Flags())
	if !ok {
		fmt.Fprintf(&b, " %d bytes\n", len(m))
		return b.String()
	}
	h := m[sizeofNlmsghdr:]
	switch {
	case m.isNexthop() && len(h) >= sizeofNhmsg:
		fmt.Fprintf(&b, " {%s scope=%d protocol=%d resvd=%d nh_flags=%#x}\n", familyName(h[0]), h[1], h[2], h[3],
			binary.NativeEndian.Uint32(h[4:]))
	case !m.isNexthop() && len(h) >= sizeofRtmsg:
		fmt.Fprintf(&b, " {%s dst_len=%d src_len=%d tos=%#x table=%d protocol=%d scope=%d type=%d rtm_flags=%#x}\n",
			familyName(h[0]), h[1], h[2], h[3], h[4], h[5], h[6], h[7], binary.NativeEndian.Uint32(h[8:]))
	default:
		b.WriteString(" {short header}\n")
	}
	writeAttrs(&b, m.Attrs(), "  ")
	return b.String()
}

func writeAttrs(b *strings.Builder, attrs []Attr, indent string) {
	for _, a := range attrs {
		b.WriteString(indent + a.Name)
		if a.Flags&flagNested != 0 {
			b.WriteString("|NESTED")
		}
		if a.Flags&flagByteOrder != 0 {
			b.WriteString("|BYTEORDER")
		}
		if a.Value != "" {
			b.WriteString(" " + a.Value)
		}
		b.WriteString("\n")
		writeAttrs(b, a.Inner, indent+"  ")
	}
}

// Describe shows messages one after the other, or says that there are none.
func Describe(msgs []Message) string {
	if len(msgs) == 0 {
		return "nothing\n"
	}
	var b strings.Builder
	for _, m := range msgs {
		b.WriteString(m.String())
	}
	return b.String()
}

func (m Message) isNexthop() bool { return m.Type() >= typeNewNexthop }

// scope is what a value may depend on: the family of the message and the
// attributes that stand beside it.
type scope struct {
	family   byte
	siblings map[uint16][]byte
}

// layout says how an attribute's payload is shown: as a value, as attributes
// (nest), or, for RTA_MULTIPATH, as struct rtnexthop with attributes behind it.
type layout struct {
	name  string
	value func(d []byte, s scope) string
	nest  func(s scope) layouts
	hops  layouts
}

type layouts map[uint16]layout

// walk decodes the attributes of m and calls visit for each, inner ones included.
func walk(m Message, visit func(Attr)) []Attr {
	header, table := sizeofRtmsg, routeAttrs
	if m.isNexthop() {
		header, table = sizeofNhmsg, nexthopAttrs
	}
	start := sizeofNlmsghdr + header
	if start > len(m) {
		return nil
	}
	w := walker{m: m, family: m[sizeofNlmsghdr], visit: visit}
	end := min(int(binary.NativeEndian.Uint32(m)), len(m))
	return w.attrs(start, end, table)
}

type walker struct {
	m      Message
	family byte
	visit  func(Attr)
}

func (w walker) attrs(off, end int, table layouts) []Attr {
	type span struct {
		typ        uint16
		start, end int
	}
	var spans []span
	s := scope{family: w.family, siblings: map[uint16][]byte{}}
	for off+4 <= end {
		size := int(binary.NativeEndian.Uint16(w.m[off:]))
		typ := binary.NativeEndian.Uint16(w.m[off+2:])
		if size < 4 || off+size > end {
			break
		}
		spans = append(spans, span{typ, off + 4, off + size})
		s.siblings[typ&typeMask] = w.m[off+4 : off+size]
		off += align(size)
	}
	var list []Attr
	for _, sp := range spans {
		a := Attr{Type: sp.typ & typeMask, Flags: sp.typ &^ typeMask, end: sp.end}
		l := table[a.Type]
		a.Name = l.name
		if a.Name == "" {
			a.Name = "attribute " + strconv.Itoa(int(a.Type))
		}
		payload := w.m[sp.start:sp.end]
		var inner layouts
		if l.nest != nil {
			inner = l.nest(s)
		}
		switch {
		case inner != nil:
			a.Inner = w.attrs(sp.start, sp.end, inner)
		case l.hops != nil:
			a.Inner = w.hops(sp.start, sp.end, l.hops)
		case l.value != nil:
			a.Value = l.value(payload, s)
		default:
			a.Value = hex.EncodeToString(payload)
		}
		w.visit(a)
		list = append(list, a)
	}
	return list
}

// hops decodes the struct rtnexthop entries of RTA_MULTIPATH.
func (w walker) hops(off, end int, table layouts) []Attr {
	const sizeofRtnexthop = 8
	var list []Attr
	for off+sizeofRtnexthop <= end {
		h := w.m[off:]
		size := int(binary.NativeEndian.Uint16(h))
		if size < sizeofRtnexthop || off+size > end {
			break
		}
		list = append(list, Attr{
			Name:  "hop",
			Value: fmt.Sprintf("flags=%#x hops=%d ifindex=%d", h[2], h[3], binary.NativeEndian.Uint32(h[4:])),
			Inner: w.attrs(off+sizeofRtnexthop, off+size, table),
			end:   off + size,
		})
		off += align(size)
	}
	return list
}

// Payload renderers. One that does not fit the payload's length shows hex.

func number(d []byte, _ scope) string {
	switch len(d) {
	case 1:
		return strconv.Itoa(int(d[0]))
	case 2:
		return strconv.Itoa(int(binary.NativeEndian.Uint16(d)))
	case 4:
		return strconv.FormatUint(uint64(binary.NativeEndian.Uint32(d)), 10)
	case 8:
		return strconv.FormatUint(binary.NativeEndian.Uint64(d), 10)
	}
	return hex.EncodeToString(d)
}

func bigEndian(d []byte, s scope) string {
	swapped := make([]byte, len(d))
	for i := range d {
		swapped[len(d)-1-i] = d[i]
	}
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		swapped = d
	}
	return "be " + number(swapped, s)
}

func address(d []byte, s scope) string {
	if s.family == familyMPLS && len(d)%4 == 0 {
		return labels(d, s)
	}
	if a, ok := netip.AddrFromSlice(d); ok {
		return a.String()
	}
	return hex.EncodeToString(d)
}

func via(d []byte, _ scope) string {
	if len(d) < 2 {
		return hex.EncodeToString(d)
	}
	return familyName(byte(binary.NativeEndian.Uint16(d))) + " " + address(d[2:], scope{})
}

func labels(d []byte, _ scope) string {
	var words []string
	for ; len(d) >= 4; d = d[4:] {
		entry := binary.BigEndian.Uint32(d)
		word := strconv.Itoa(int(entry >> 12))
		if entry&0x100 != 0 {
			word += "(bottom)"
		}
		words = append(words, word)
	}
	return strings.Join(words, "/")
}

func text(d []byte, _ scope) string { return strconv.Quote(string(d)) }

func group(d []byte, _ scope) string {
	var members []string
	for ; len(d) >= 8; d = d[8:] {
		members = append(members, fmt.Sprintf("{id=%d weight=%d weight_high=%d resvd2=%d}",
			binary.NativeEndian.Uint32(d), d[4], d[5], binary.NativeEndian.Uint16(d[6:])))
	}
	return strings.Join(members, " ")
}

func familyName(f byte) string {
	if name, ok := familyNames[f]; ok {
		return name
	}
	return strconv.Itoa(int(f))
}
