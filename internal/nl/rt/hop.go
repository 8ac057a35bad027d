package rt

import (
	"strconv"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl/attr"
)

// Hop is a next hop: one of RTA_MULTIPATH, or the one that a route without a
// list says in its own attributes (then Dev, HopFlags and Weight are unused: the
// route has RTA_OIF and rtm_flags).
type Hop struct {
	Dev      uint32 // rtnh_ifindex
	HopFlags uint8  // rtnh_flags
	Weight   uint8  // rtnh_hops: weight - 1
	Gateway  attr.Opt[Addr]
	Via      attr.Opt[Via]
	Flow     attr.Opt[uint32]
	NewDst   attr.Opt[[]byte]
	Encap    attr.Opt[[]byte] // payload of RTA_ENCAP, read by the table of EncType
	EncType  attr.Opt[uint16]
	Unknown  []attr.Raw
}

// HopHeaderLen is the size of struct rtnexthop.
const HopHeaderLen = 8

// Rows that stand in routes and in hops.
var (
	RTAGateway = attr.Of(attr.Spec{
		Type: unix.RTA_GATEWAY, Name: "RTA_GATEWAY", Word: "via", Key: "gateway",
		Doc: "Address of the next hop, of the route's own family.",
	}, address, func(h *Hop) *attr.Opt[Addr] { return &h.Gateway })
	RTAVia = attr.Of(attr.Spec{
		Type: unix.RTA_VIA, Name: "RTA_VIA", Word: "via", Key: "via",
		Doc: "Address of the next hop, of another family than the route's.",
	}, viaKind, func(h *Hop) *attr.Opt[Via] { return &h.Via })
	RTAFlow = attr.Of(attr.Spec{
		Type: unix.RTA_FLOW, Name: "RTA_FLOW", Word: "realms", Key: "flow",
		Doc: "Realms for accounting: source in the upper 16 bits, destination in the lower.",
	}, attr.U32, func(h *Hop) *attr.Opt[uint32] { return &h.Flow })
	RTANewDst = attr.Of(attr.Spec{
		Type: unix.RTA_NEWDST, Name: "RTA_NEWDST", Word: "as", Key: "to",
		Doc: "Destination to put in the packet: outgoing MPLS labels.",
	}, labelsOrAddress, func(h *Hop) *attr.Opt[[]byte] { return &h.NewDst })
	RTAEncap = attr.Of(attr.Spec{
		Type: unix.RTA_ENCAP, Name: "RTA_ENCAP", Word: "encap", Key: "encap", Nested: true,
		Doc: "Lightweight tunnel encapsulation, in the attributes of its type.",
	}, encapKind, func(h *Hop) *attr.Opt[[]byte] { return &h.Encap })
	RTAEncapType = attr.Of(attr.Spec{
		Type: unix.RTA_ENCAP_TYPE, Name: "RTA_ENCAP_TYPE", Word: "encap", Key: "encap_type",
		Doc: "Lightweight tunnel type that RTA_ENCAP is of.",
	}, attr.EnumOf(attr.U16, encapTypes), func(h *Hop) *attr.Opt[uint16] { return &h.EncType })
)

// HopTable is the attribute space of one hop of RTA_MULTIPATH.
var HopTable = attr.NewTable("RTA", func(h *Hop) *[]attr.Raw { return &h.Unknown },
	RTAEncap, RTAEncapType, RTANewDst, RTAGateway, RTAVia, RTAFlow).Beside(unix.RTA_ENCAP_TYPE)

// BeginHop appends struct rtnexthop; the hop's attributes follow, and EndHop
// with the returned offset sets its length. weight is 1 to 256.
func BeginHop(b []byte, flags uint8, weight int, dev uint32) ([]byte, int) {
	at := len(b)
	b = append(b, 0, 0, flags, uint8(weight-1))
	return ne.AppendUint32(b, dev), at
}

// EndHop completes the hop begun at offset at.
func EndHop(b []byte, at int) { ne.PutUint16(b[at:], uint16(len(b)-at)) }

// decodeHops appends to hops, whose spare capacity it uses.
func decodeHops(hops []Hop, p []byte, c *attr.Ctx) ([]Hop, bool) {
	for len(p) >= HopHeaderLen {
		n := int(ne.Uint16(p))
		if n < HopHeaderLen || n > len(p) {
			return nil, false
		}
		if len(hops) < cap(hops) {
			hops = hops[:len(hops)+1]
		} else {
			hops = append(hops, Hop{})
		}
		h := &hops[len(hops)-1]
		*h = Hop{HopFlags: p[2], Weight: p[3], Dev: ne.Uint32(p[4:]), Unknown: h.Unknown[:0]}
		if HopTable.Decode(h, p[HopHeaderLen:n], c) != nil {
			return nil, false
		}
		if n = attr.Align(n); n >= len(p) {
			return hops, true
		}
		p = p[n:]
	}
	return hops, len(p) == 0
}

func appendHops(b []byte, hops []Hop) []byte {
	for i := range hops {
		h := &hops[i]
		var at int
		b, at = BeginHop(b, h.HopFlags, int(h.Weight)+1, h.Dev)
		b = HopTable.Append(b, h)
		EndHop(b, at)
	}
	return b
}

// traceHops prints the list as strace does: [[{rtnh_len=…}, attributes], …].
func traceHops(b, p []byte, c *attr.Ctx) []byte {
	if len(p) < HopHeaderLen {
		return attr.AppendHex(b, p)
	}
	first := int(ne.Uint16(p))
	many := first < len(p)
	if many {
		b = append(b, '[')
	}
	for i := 0; len(p) > 0; i++ {
		if i > 0 {
			b = append(b, ", "...)
		}
		if len(p) < HopHeaderLen || int(ne.Uint16(p)) < HopHeaderLen || int(ne.Uint16(p)) > len(p) {
			b = attr.AppendHex(b, p)
			break
		}
		n := int(ne.Uint16(p))
		if n > HopHeaderLen {
			b = append(b, '[')
		}
		b = append(b, "{rtnh_len="...)
		b = strconv.AppendInt(b, int64(n), 10)
		b = append(b, ", rtnh_flags="...)
		b = hopFlags.AppendFlags(b, uint64(p[2]))
		b = append(b, ", rtnh_hops="...)
		b = strconv.AppendUint(b, uint64(p[3]), 10)
		b = append(b, ", rtnh_ifindex="...)
		b = append(attr.AppendIfIndex(b, ne.Uint32(p[4:]), c), '}')
		if n > HopHeaderLen {
			b = append(b, ", "...)
			b = append(HopTable.Trace(b, p[HopHeaderLen:n], c), ']')
		}
		if n = attr.Align(n); n >= len(p) {
			break
		}
		p = p[n:]
	}
	if many {
		b = append(b, ']')
	}
	return b
}

func insideHops(p []byte, off int, c *attr.Ctx) []attr.Location {
	for start := 0; len(p)-start >= HopHeaderLen; {
		n := int(ne.Uint16(p[start:]))
		if n < HopHeaderLen || n > len(p)-start {
			return nil
		}
		if off < start+attr.Align(n) {
			at := HopTable.At(p[start+HopHeaderLen:start+n], off-start-HopHeaderLen, c)
			for i := range at {
				at[i].Start += start + HopHeaderLen
			}
			return at
		}
		start += attr.Align(n)
	}
	return nil
}
