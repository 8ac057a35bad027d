package rt

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl/attr"
)

// This file is the attributes below RTA_ENCAP and NHA_ENCAP: one struct and
// one table for each lightweight tunnel type. Numbers and layouts are from
// include/uapi/linux/{lwtunnel,mpls_iptunnel,ila,seg6,seg6_hmac,
// seg6_iptunnel,seg6_local,rpl,rpl_iptunnel,ioam6,ioam6_iptunnel}.h.
//
// Values that alias the message: byte slices, segment routing headers.

// MPLSEncap is an MPLS label stack pushed onto the packet (RFC 3032).
type MPLSEncap struct {
	Dst     attr.Opt[[]byte] // label stack entries as on the wire
	TTL     attr.Opt[uint8]
	Unknown []attr.Raw
}

// IPEncap is an IPv4 or IPv6 tunnel whose parameters the route says and a
// device (vxlan, geneve, gre … in external mode) carries out.
type IPEncap struct {
	ID       attr.Opt[uint64]
	Dst, Src attr.Opt[Addr]
	TTL      attr.Opt[uint8]  // hop limit for IPv6
	TOS      attr.Opt[uint8]  // traffic class for IPv6
	Flags    attr.Opt[uint16] // Tunnel*
	Opts     attr.Opt[IPOptions]
	Unknown  []attr.Raw
}

// Bits of IPEncap.Flags (TUNNEL_* of include/uapi/linux/if_tunnel.h, which
// are in network byte order; these are host numbers).
const (
	TunnelCsum = 0x01
	TunnelKey  = 0x04
	TunnelSeq  = 0x08
)

// IPOptions is metadata for one kind of tunnel device. Users say one kind
// only; the kernel, too, keeps one.
type IPOptions struct {
	// Geneve is a list of LWTUNNEL_IP_OPTS_GENEVE nests, each with its
	// options. ip sends a nest for each option; the kernel answers with one
	// nest in which the attributes of all options follow one another.
	Geneve  [][]GeneveOption
	VXLAN   attr.Opt[VXLANOptions]
	ERSPAN  attr.Opt[ERSPANOptions]
	Unknown []attr.Raw
}

// GeneveOption is a tunnel option of RFC 8926, section 3.5.
type GeneveOption struct {
	Class attr.Opt[uint16]
	Type  attr.Opt[uint8]
	Data  attr.Opt[[]byte]
}

// VXLANOptions is the group based policy extension of VXLAN.
type VXLANOptions struct {
	GBP     attr.Opt[uint32]
	Unknown []attr.Raw
}

// ERSPANOptions is the header of ERSPAN: version 1 has an index, version 2 a
// direction and a hardware id.
type ERSPANOptions struct {
	Version   attr.Opt[uint8]
	Index     attr.Opt[uint32]
	Direction attr.Opt[uint8]
	HWID      attr.Opt[uint8]
	Unknown   []attr.Raw
}

// ILAEncap is an identifier-locator addressing translation
// (draft-herbert-intarea-ila): the upper 64 bits of the destination are
// replaced by Locator. The attributes of the ILA_ATTR space that only the
// generic netlink family uses are kept in Unknown.
type ILAEncap struct {
	Locator   attr.Opt[uint64]
	CsumMode  attr.Opt[uint8]
	IdentType attr.Opt[uint8]
	HookType  attr.Opt[uint8]
	Unknown   []attr.Raw
}

// BPFEncap is programs that see the route's packets.
type BPFEncap struct {
	In, Out, Xmit attr.Opt[BPFProg]
	Headroom      attr.Opt[uint32]
	Unknown       []attr.Raw
}

// BPFProg is a loaded program: a descriptor in requests, for seg6local the
// program's id in answers, and a name for people.
type BPFProg struct {
	FD      attr.Opt[uint32]
	Name    attr.Opt[string]
	Unknown []attr.Raw
}

// Seg6Encap is the insertion of a segment routing header (RFC 8754).
type Seg6Encap struct {
	SRH     attr.Opt[Seg6Tunnel]
	Src     attr.Opt[Addr]
	Unknown []attr.Raw
}

// Seg6Tunnel is struct seg6_iptunnel_encap.
type Seg6Tunnel struct {
	Mode   int32 // Seg6Mode*
	Header SRH
}

// Modes of a Seg6Tunnel (SEG6_IPTUN_MODE_*).
const (
	Seg6ModeInline     = 0
	Seg6ModeEncap      = 1
	Seg6ModeL2Encap    = 2
	Seg6ModeEncapRed   = 3
	Seg6ModeL2EncapRed = 4
)

// Seg6LocalEncap is the behaviour of a local segment (RFC 8986).
type Seg6LocalEncap struct {
	Action   attr.Opt[uint32] // Seg6Local*
	SRH      attr.Opt[SRH]
	Table    attr.Opt[uint32]
	VRFTable attr.Opt[uint32]
	NH4, NH6 attr.Opt[Addr]
	IIF, OIF attr.Opt[uint32]
	BPF      attr.Opt[BPFProg]
	Counters attr.Opt[Seg6Counters]
	Flavors  attr.Opt[Seg6Flavors]
	Unknown  []attr.Raw
}

// Actions of a Seg6LocalEncap (SEG6_LOCAL_ACTION_*).
const (
	Seg6LocalEnd        = 1
	Seg6LocalEndX       = 2
	Seg6LocalEndT       = 3
	Seg6LocalEndDX2     = 4
	Seg6LocalEndDX6     = 5
	Seg6LocalEndDX4     = 6
	Seg6LocalEndDT6     = 7
	Seg6LocalEndDT4     = 8
	Seg6LocalEndB6      = 9
	Seg6LocalEndB6Encap = 10
	Seg6LocalEndBM      = 11
	Seg6LocalEndS       = 12
	Seg6LocalEndAS      = 13
	Seg6LocalEndAM      = 14
	Seg6LocalEndBPF     = 15
	Seg6LocalEndDT46    = 16
)

// Seg6Counters is what a local segment has counted.
type Seg6Counters struct {
	Packets, Bytes, Errors attr.Opt[uint64]
	Unknown                []attr.Raw
}

// Seg6Flavors modifies a local segment (RFC 8986, section 4.16, and RFC 9800
// for NEXT-C-SID).
type Seg6Flavors struct {
	Operation attr.Opt[uint32] // bits 1<<Seg6Flavor*
	LocBlock  attr.Opt[uint8]
	LocNodeFn attr.Opt[uint8]
	Unknown   []attr.Raw
}

// Flavors (SEG6_LOCAL_FLV_OP_*): bit numbers of Seg6Flavors.Operation.
const (
	Seg6FlavorPSP      = 1
	Seg6FlavorUSP      = 2
	Seg6FlavorUSD      = 3
	Seg6FlavorNextCSID = 4
)

// RPLEncap is the insertion of an RPL source routing header (RFC 6554).
type RPLEncap struct {
	SRH     attr.Opt[RPLHeader]
	Unknown []attr.Raw
}

// IOAM6Encap is the insertion of an in-situ OAM pre-allocated trace
// (RFC 9197, RFC 9486) into K of N packets.
type IOAM6Encap struct {
	Mode         attr.Opt[uint8] // IOAM6Mode*
	Dst, Src     attr.Opt[Addr]
	Trace        attr.Opt[IOAM6Trace]
	FreqK, FreqN attr.Opt[uint32]
	Unknown      []attr.Raw
}

// Modes of an IOAM6Encap (IOAM6_IPTUNNEL_MODE_*).
const (
	IOAM6ModeInline = 1
	IOAM6ModeEncap  = 2
	IOAM6ModeAuto   = 3
)

// XfrmEncap picks the IPsec policies of an interface id (xfrm interface in
// external mode).
type XfrmEncap struct {
	IfID    attr.Opt[uint32]
	Link    attr.Opt[uint32]
	Unknown []attr.Raw
}

// SRH is struct ipv6_sr_hdr with its segments and TLVs, as on the wire. One
// that came out of a table is as long as it says, and has the segments that
// it says.
type SRH []byte

const (
	srhFixed     = 8
	srhHMACTLV   = 40 // struct sr6_tlv_hmac
	srhFlagHMAC  = 1 << 3
	srhTLVHMAC   = 5
	ipv6SRCRT4   = 4 // IPV6_SRCRT_TYPE_4 of include/uapi/linux/ipv6.h
	ipv6SRCRT3   = 3 // IPV6_SRCRT_TYPE_3
	maxSegments  = 127
	segmentBytes = 16
)

// NewSRH makes the header that ip sends: a place for n segments, all zero,
// the last one being the active one, and with a keyID that is not 0 an HMAC
// TLV for the kernel to fill in. n is 1 to 127, with a key 1 to 125.
func NewSRH(n int, keyID uint32) (SRH, error) {
	size := srhFixed + segmentBytes*n
	if keyID != 0 {
		size += srhHMACTLV
	}
	if n < 1 || size/8-1 > 255 {
		return nil, fmt.Errorf("segment routing header: %d segments do not fit", n)
	}
	h := make(SRH, size)
	h[1], h[2], h[3], h[4] = uint8(size/8-1), ipv6SRCRT4, uint8(n-1), uint8(n-1)
	if keyID != 0 {
		h[5] = srhFlagHMAC
		tlv := h[size-srhHMACTLV:]
		tlv[0], tlv[1] = srhTLVHMAC, srhHMACTLV-2
		binary.BigEndian.PutUint32(tlv[4:], keyID)
	}
	return h, nil
}

func parseSRH(p []byte) (SRH, bool) {
	if len(p) < srhFixed || len(p) != (int(p[1])+1)*8 || srhFixed+segmentBytes*(int(p[4])+1) > len(p) {
		return nil, false
	}
	return p, true
}

// Segments is the number of segments in the list.
func (h SRH) Segments() int { return int(h[4]) + 1 }

// Segment is the address at place i of the list; the last place is visited
// first.
func (h SRH) Segment(i int) []byte {
	at := srhFixed + segmentBytes*i
	return h[at : at+segmentBytes]
}

// HMACKeyID is the key of the HMAC TLV that ends the header, if its flags say
// that there is one.
func (h SRH) HMACKeyID() (uint32, bool) {
	if h[5]&srhFlagHMAC == 0 || len(h) < srhFixed+srhHMACTLV {
		return 0, false
	}
	return binary.BigEndian.Uint32(h[len(h)-srhHMACTLV+4:]), true
}

// RPLHeader is struct ipv6_rpl_sr_hdr with its segments, as on the wire. The
// addresses are whole: the kernel compresses them when it sends. One that
// came out of a table is as long as it says, and has the segments that it
// says.
type RPLHeader []byte

// NewRPLHeader makes a header with a place for n segments, 1 to 127.
func NewRPLHeader(n int) (RPLHeader, error) {
	size := srhFixed + segmentBytes*n
	if n < 1 || n > maxSegments {
		return nil, fmt.Errorf("RPL source routing header: %d segments do not fit", n)
	}
	h := make(RPLHeader, size)
	h[1], h[2], h[3] = uint8(size/8-1), ipv6SRCRT3, uint8(n)
	return h, nil
}

func parseRPL(p []byte) (RPLHeader, bool) {
	if len(p) < srhFixed || len(p) != (int(p[1])+1)*8 || srhFixed+segmentBytes*int(p[3]) > len(p) {
		return nil, false
	}
	return p, true
}

// Segments is the number of segments that are left to visit.
func (h RPLHeader) Segments() int { return int(h[3]) }

// Segment is the address at place i; the last place is visited first, as ip
// has it.
func (h RPLHeader) Segment(i int) []byte {
	at := srhFixed + segmentBytes*i
	return h[at : at+segmentBytes]
}

// IOAM6Trace is struct ioam6_trace_hdr, as on the wire.
type IOAM6Trace [8]byte

// NewIOAM6Trace makes the header of an empty trace: the data to collect as
// bits of 24 (RFC 9197, section 4.4.1), the namespace, and the room for it in
// units of 4 bytes.
func NewIOAM6Trace(typ uint32, namespace uint16, words uint8) (t IOAM6Trace) {
	binary.BigEndian.PutUint16(t[:], namespace)
	t[3] = words
	binary.BigEndian.PutUint32(t[4:], typ<<8)
	return t
}

// Namespace is the IOAM namespace.
func (t *IOAM6Trace) Namespace() uint16 { return binary.BigEndian.Uint16(t[:]) }

// Type is the 24 bits that say what is collected.
func (t *IOAM6Trace) Type() uint32 { return binary.BigEndian.Uint32(t[4:]) >> 8 }

// Words is the room that is left, in units of 4 bytes.
func (t *IOAM6Trace) Words() uint8 { return t[3] & 0x7f }

// Words are the user's words for numbers of one kind; empty where there is
// none.
type Words []string

// Word is the word for v; ok is false where there is none.
func (w Words) Word(v uint32) (word string, ok bool) {
	if v >= uint32(len(w)) || w[v] == "" {
		return "", false
	}
	return w[v], true
}

// Number is the number that a word stands for.
func (w Words) Number(word string) (v uint32, ok bool) {
	for i, s := range w {
		if s != "" && s == word {
			return uint32(i), true
		}
	}
	return 0, false
}

// All lists the words there are.
func (w Words) All() []string {
	var out []string
	for _, s := range w {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Words of the values of encapsulations, as in ip-route(8).
var (
	Seg6ModeWords = Words{
		Seg6ModeInline: "inline", Seg6ModeEncap: "encap", Seg6ModeL2Encap: "l2encap",
		Seg6ModeEncapRed: "encap.red", Seg6ModeL2EncapRed: "l2encap.red",
	}
	Seg6ActionWords = Words{
		Seg6LocalEnd: "End", Seg6LocalEndX: "End.X", Seg6LocalEndT: "End.T", Seg6LocalEndDX2: "End.DX2",
		Seg6LocalEndDX6: "End.DX6", Seg6LocalEndDX4: "End.DX4", Seg6LocalEndDT6: "End.DT6", Seg6LocalEndDT4: "End.DT4",
		Seg6LocalEndB6: "End.B6", Seg6LocalEndB6Encap: "End.B6.Encaps", Seg6LocalEndBM: "End.BM", Seg6LocalEndS: "End.S",
		Seg6LocalEndAS: "End.AS", Seg6LocalEndAM: "End.AM", Seg6LocalEndBPF: "End.BPF", Seg6LocalEndDT46: "End.DT46",
	}
	Seg6FlavorWords = Words{
		Seg6FlavorPSP: "psp", Seg6FlavorUSP: "usp", Seg6FlavorUSD: "usd", Seg6FlavorNextCSID: "next-csid",
	}
	IOAM6ModeWords = Words{IOAM6ModeInline: "inline", IOAM6ModeEncap: "encap", IOAM6ModeAuto: "auto"}
	ILACsumWords   = Words{"adj-transport", "neutral-map", "no-action", "neutral-map-auto"}
	ILAIdentWords  = Words{
		"iid", "luid", "virt-v4", "virt-uni-v6", "virt-multi-v6", "nonlocal-addr", 32: "use-format",
	}
	ILAHookWords = Words{"output", "input"}
)

// Constants by name, for the tracer.
var (
	tunnelFlags = names("TUNNEL_", map[uint64]string{
		0x01: "TUNNEL_CSUM", 0x02: "TUNNEL_ROUTING", 0x04: "TUNNEL_KEY", 0x08: "TUNNEL_SEQ",
		0x10: "TUNNEL_STRICT", 0x20: "TUNNEL_REC", 0x40: "TUNNEL_VERSION", 0x80: "TUNNEL_NO_KEY",
		0x100: "TUNNEL_DONT_FRAGMENT", 0x200: "TUNNEL_OAM", 0x400: "TUNNEL_CRIT_OPT",
		0x800: "TUNNEL_GENEVE_OPT", 0x1000: "TUNNEL_VXLAN_OPT", 0x2000: "TUNNEL_NOCACHE",
		0x4000: "TUNNEL_ERSPAN_OPT", 0x8000: "TUNNEL_GTP_OPT",
	})
	ilaCsumModes = names("ILA_CSUM_", map[uint64]string{
		0: "ILA_CSUM_ADJUST_TRANSPORT", 1: "ILA_CSUM_NEUTRAL_MAP", 2: "ILA_CSUM_NO_ACTION", 3: "ILA_CSUM_NEUTRAL_MAP_AUTO",
	})
	ilaIdentTypes = names("ILA_ATYPE_", map[uint64]string{
		0: "ILA_ATYPE_IID", 1: "ILA_ATYPE_LUID", 2: "ILA_ATYPE_VIRT_V4", 3: "ILA_ATYPE_VIRT_UNI_V6",
		4: "ILA_ATYPE_VIRT_MULTI_V6", 5: "ILA_ATYPE_NONLOCAL_ADDR", 6: "ILA_ATYPE_RSVD_1", 7: "ILA_ATYPE_RSVD_2",
		32: "ILA_ATYPE_USE_FORMAT",
	})
	ilaHookTypes = names("ILA_HOOK_", map[uint64]string{0: "ILA_HOOK_ROUTE_OUTPUT", 1: "ILA_HOOK_ROUTE_INPUT"})
	seg6Modes    = names("SEG6_IPTUN_MODE_", map[uint64]string{
		Seg6ModeInline: "SEG6_IPTUN_MODE_INLINE", Seg6ModeEncap: "SEG6_IPTUN_MODE_ENCAP",
		Seg6ModeL2Encap: "SEG6_IPTUN_MODE_L2ENCAP", Seg6ModeEncapRed: "SEG6_IPTUN_MODE_ENCAP_RED",
		Seg6ModeL2EncapRed: "SEG6_IPTUN_MODE_L2ENCAP_RED",
	})
	seg6Actions = names("SEG6_LOCAL_ACTION_", map[uint64]string{
		0: "SEG6_LOCAL_ACTION_UNSPEC", Seg6LocalEnd: "SEG6_LOCAL_ACTION_END", Seg6LocalEndX: "SEG6_LOCAL_ACTION_END_X",
		Seg6LocalEndT: "SEG6_LOCAL_ACTION_END_T", Seg6LocalEndDX2: "SEG6_LOCAL_ACTION_END_DX2",
		Seg6LocalEndDX6: "SEG6_LOCAL_ACTION_END_DX6", Seg6LocalEndDX4: "SEG6_LOCAL_ACTION_END_DX4",
		Seg6LocalEndDT6: "SEG6_LOCAL_ACTION_END_DT6", Seg6LocalEndDT4: "SEG6_LOCAL_ACTION_END_DT4",
		Seg6LocalEndB6: "SEG6_LOCAL_ACTION_END_B6", Seg6LocalEndB6Encap: "SEG6_LOCAL_ACTION_END_B6_ENCAP",
		Seg6LocalEndBM: "SEG6_LOCAL_ACTION_END_BM", Seg6LocalEndS: "SEG6_LOCAL_ACTION_END_S",
		Seg6LocalEndAS: "SEG6_LOCAL_ACTION_END_AS", Seg6LocalEndAM: "SEG6_LOCAL_ACTION_END_AM",
		Seg6LocalEndBPF: "SEG6_LOCAL_ACTION_END_BPF", Seg6LocalEndDT46: "SEG6_LOCAL_ACTION_END_DT46",
	})
	seg6FlavorOps = names("SEG6_LOCAL_FLV_OP_", map[uint64]string{
		1 << Seg6FlavorPSP: "1<<SEG6_LOCAL_FLV_OP_PSP", 1 << Seg6FlavorUSP: "1<<SEG6_LOCAL_FLV_OP_USP",
		1 << Seg6FlavorUSD: "1<<SEG6_LOCAL_FLV_OP_USD", 1 << Seg6FlavorNextCSID: "1<<SEG6_LOCAL_FLV_OP_NEXT_CSID",
	})
	srhFlags = names("SR6_FLAG1_", map[uint64]string{
		1 << 6: "SR6_FLAG1_PROTECTED", 1 << 5: "SR6_FLAG1_OAM", 1 << 4: "SR6_FLAG1_ALERT", srhFlagHMAC: "SR6_FLAG1_HMAC",
	})
	ioam6Modes = names("IOAM6_IPTUNNEL_MODE_", map[uint64]string{
		IOAM6ModeInline: "IOAM6_IPTUNNEL_MODE_INLINE", IOAM6ModeEncap: "IOAM6_IPTUNNEL_MODE_ENCAP",
		IOAM6ModeAuto: "IOAM6_IPTUNNEL_MODE_AUTO",
	})
)

// Kinds of payloads that stand only here.
var (
	inet4 = familyAddress("IPv4 address", unix.AF_INET, 4)
	inet6 = familyAddress("IPv6 address", unix.AF_INET6, 16)

	labelStack = attr.Kind[[]byte]{
		Name: "labels", Decode: labelsOrAddress.Decode, Append: labelsOrAddress.Append,
		Trace: func(b, p []byte, _ *attr.Ctx) []byte { return traceAddr(b, p, unix.AF_MPLS) },
	}

	// locatorKind is 8 bytes of an IPv6 address.
	locatorKind = attr.Kind[uint64]{
		Name: "locator", Decode: attr.BE64.Decode, Append: attr.BE64.Append,
		Trace: func(b, p []byte, _ *attr.Ctx) []byte {
			return fmt.Appendf(b, "htobe64(%#x)", binary.BigEndian.Uint64(p))
		},
	}

	srhKind = attr.Kind[SRH]{
		Name:   "segment routing header",
		Decode: func(p []byte, _ *attr.Ctx) (SRH, bool) { return parseSRH(p) },
		Append: func(b []byte, h SRH) []byte { return append(b, h...) },
		Trace:  func(b, p []byte, _ *attr.Ctx) []byte { return traceSRH(b, p) },
	}

	seg6Kind = attr.Kind[Seg6Tunnel]{
		Name: "segment routing tunnel",
		Decode: func(p []byte, _ *attr.Ctx) (t Seg6Tunnel, ok bool) {
			if len(p) < 4 {
				return t, false
			}
			t.Mode = int32(ne.Uint32(p))
			t.Header, ok = parseSRH(p[4:])
			return t, ok
		},
		Append: func(b []byte, t Seg6Tunnel) []byte {
			return append(ne.AppendUint32(b, uint32(t.Mode)), t.Header...)
		},
		Trace: func(b, p []byte, _ *attr.Ctx) []byte {
			b = append(b, "{mode="...)
			b = seg6Modes.Append(b, uint64(ne.Uint32(p)))
			b = append(b, ", srh="...)
			return append(traceSRH(b, p[4:]), '}')
		},
	}

	rplKind = attr.Kind[RPLHeader]{
		Name:   "RPL source routing header",
		Decode: func(p []byte, _ *attr.Ctx) (RPLHeader, bool) { return parseRPL(p) },
		Append: func(b []byte, h RPLHeader) []byte { return append(b, h...) },
		Trace: func(b, p []byte, _ *attr.Ctx) []byte {
			h := RPLHeader(p)
			b = fmt.Appendf(b, "{nexthdr=%d, hdrlen=%d, type=%d, segments_left=%d, cmpri=%d, cmpre=%d, pad=%d",
				p[0], p[1], p[2], p[3], p[4]>>4, p[4]&15, p[5]>>4)
			if r := int(p[5]&15)<<16 | int(p[6])<<8 | int(p[7]); r != 0 {
				b = fmt.Appendf(b, ", reserved=%#x", r)
			}
			b = traceSegments(b, p, h.Segments())
			return append(b, '}')
		},
	}

	ioam6Kind = attr.Kind[IOAM6Trace]{
		Name: "IOAM trace header",
		Decode: func(p []byte, _ *attr.Ctx) (t IOAM6Trace, ok bool) {
			return t, copy(t[:], p) == len(t) && len(p) == len(t)
		},
		Append: func(b []byte, t IOAM6Trace) []byte { return append(b, t[:]...) },
		Trace: func(b, p []byte, _ *attr.Ctx) []byte {
			b = fmt.Appendf(b, "{namespace_id=htons(%d), nodelen=%d, overflow=%d, remlen=%d, type=htonl(%#x)",
				binary.BigEndian.Uint16(p), p[2]>>3, p[2]>>2&1, p[3]&0x7f, binary.BigEndian.Uint32(p[4:]))
			if p[2]&3 != 0 || p[3]&0x80 != 0 { // bits without a name
				b = attr.AppendHex(append(b, ", raw="...), p)
			}
			return append(b, '}')
		},
	}
)

func familyAddress(name string, family uint8, size int) attr.Kind[Addr] {
	return attr.Kind[Addr]{
		Name:   name,
		Decode: func(p []byte, _ *attr.Ctx) (Addr, bool) { return AddrFrom(p), len(p) == size },
		Append: address.Append,
		Trace:  func(b, p []byte, _ *attr.Ctx) []byte { return traceAddr(b, p, family) },
	}
}

// traceSegments appends the segments of a routing header, and in hex what
// lies behind them.
func traceSegments(b, p []byte, n int) []byte {
	b = append(b, ", segments=["...)
	p = p[srhFixed:]
	for i := range n {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = traceAddr(b, p[:segmentBytes], unix.AF_INET6)
		p = p[segmentBytes:]
	}
	b = append(b, ']')
	switch {
	case len(p) == srhHMACTLV && p[0] == srhTLVHMAC && p[1] == srhHMACTLV-2:
		b = fmt.Appendf(b, ", tlv={type=SR6_TLV_HMAC, len=%d, reserved=%d, hmackeyid=htonl(%d), hmac=",
			p[1], binary.BigEndian.Uint16(p[2:]), binary.BigEndian.Uint32(p[4:]))
		b = append(attr.AppendHex(b, p[8:]), '}')
	case len(p) > 0:
		b = attr.AppendHex(append(b, ", tlvs="...), p)
	}
	return b
}

func traceSRH(b, p []byte) []byte {
	h := SRH(p)
	b = fmt.Appendf(b, "{nexthdr=%d, hdrlen=%d, type=%d, segments_left=%d, first_segment=%d, flags=", p[0], p[1], p[2], p[3], p[4])
	b = srhFlags.AppendFlags(b, uint64(p[5]))
	b = append(b, ", tag="...)
	b = strconv.AppendUint(b, uint64(binary.BigEndian.Uint16(p[6:])), 10)
	b = traceSegments(b, p, h.Segments())
	return append(b, '}')
}

func nested(s attr.Spec) attr.Spec {
	s.Nested = true
	return s
}

// Rows of encap mpls, MPLS_IPTUNNEL_*.
var (
	MPLSEncapDst = attr.Of(spec(1, "MPLS_IPTUNNEL_DST", "", "dst",
		"Labels to push, the outermost first."), labelStack, func(e *MPLSEncap) *attr.Opt[[]byte] { return &e.Dst })
	MPLSEncapTTL = attr.Of(spec(2, "MPLS_IPTUNNEL_TTL", "ttl", "ttl",
		"TTL of the labels pushed; without it the packet's own."), attr.U8, func(e *MPLSEncap) *attr.Opt[uint8] { return &e.TTL })

	// MPLSEncapTable is the attribute space of encap mpls.
	MPLSEncapTable = attr.NewTable("MPLS_IPTUNNEL", func(e *MPLSEncap) *[]attr.Raw { return &e.Unknown },
		MPLSEncapDst, MPLSEncapTTL)
)

// Rows of the options of encap ip and ip6.
var (
	GeneveClass = attr.Of(spec(1, "LWTUNNEL_IP_OPT_GENEVE_CLASS", "", "class",
		"Namespace that the type is of."), attr.BE16, func(o *GeneveOption) *attr.Opt[uint16] { return &o.Class })
	GeneveType = attr.Of(spec(2, "LWTUNNEL_IP_OPT_GENEVE_TYPE", "", "type",
		"Type of the option; the highest bit says that receivers must understand it."),
		attr.U8, func(o *GeneveOption) *attr.Opt[uint8] { return &o.Type })
	GeneveData = attr.Of(spec(3, "LWTUNNEL_IP_OPT_GENEVE_DATA", "", "data",
		"Value of the option, a multiple of 4 bytes."), attr.Bytes, func(o *GeneveOption) *attr.Opt[[]byte] { return &o.Data })

	// GeneveTable is the attribute space of one Geneve option.
	GeneveTable = attr.NewTable("LWTUNNEL_IP_OPT_GENEVE", nil,
		GeneveClass, GeneveType, GeneveData)

	VXLANGBP = attr.Of(spec(1, "LWTUNNEL_IP_OPT_VXLAN_GBP", "", "gbp",
		"Group policy: id in the lower 16 bits, flags above."), attr.U32, func(o *VXLANOptions) *attr.Opt[uint32] { return &o.GBP })

	// VXLANTable is the attribute space of the VXLAN options.
	VXLANTable = attr.NewTable("LWTUNNEL_IP_OPT_VXLAN", func(o *VXLANOptions) *[]attr.Raw { return &o.Unknown }, VXLANGBP)

	ERSPANVersion = attr.Of(spec(1, "LWTUNNEL_IP_OPT_ERSPAN_VER", "", "ver",
		"Version, 1 or 2."), attr.U8, func(o *ERSPANOptions) *attr.Opt[uint8] { return &o.Version })
	ERSPANIndex = attr.Of(spec(2, "LWTUNNEL_IP_OPT_ERSPAN_INDEX", "", "index",
		"Port index of version 1."), attr.BE32, func(o *ERSPANOptions) *attr.Opt[uint32] { return &o.Index })
	ERSPANDirection = attr.Of(spec(3, "LWTUNNEL_IP_OPT_ERSPAN_DIR", "", "dir",
		"Direction of version 2: 0 ingress, 1 egress."), attr.U8, func(o *ERSPANOptions) *attr.Opt[uint8] { return &o.Direction })
	ERSPANHWID = attr.Of(spec(4, "LWTUNNEL_IP_OPT_ERSPAN_HWID", "", "hwid",
		"Hardware id of version 2."), attr.U8, func(o *ERSPANOptions) *attr.Opt[uint8] { return &o.HWID })

	// ERSPANTable is the attribute space of the ERSPAN options.
	ERSPANTable = attr.NewTable("LWTUNNEL_IP_OPT_ERSPAN", func(o *ERSPANOptions) *[]attr.Raw { return &o.Unknown },
		ERSPANVersion, ERSPANIndex, ERSPANDirection, ERSPANHWID)

	// SpecGeneve is the row of a nest of Geneve options.
	SpecGeneve = nested(spec(1, "LWTUNNEL_IP_OPTS_GENEVE", "geneve_opts", "geneve_opts",
		"Geneve options, each with class, type and data; there may be several such attributes."))
	optsGeneve = attr.Custom(SpecGeneve, "list",
		func(o *IPOptions, p []byte, c *attr.Ctx) bool {
			nest, ok := decodeGeneve(p, c)
			if ok {
				o.Geneve = append(o.Geneve, nest)
			}
			return ok
		},
		func(b []byte, o *IPOptions) []byte {
			for _, nest := range o.Geneve {
				var at int
				b, at = attr.Begin(b, SpecGeneve.Type|attr.FlagNested)
				for i := range nest {
					b = GeneveTable.Append(b, &nest[i])
				}
				b = attr.End(b, at)
			}
			return b
		},
		func(b, p []byte, c *attr.Ctx) []byte {
			if len(p) < attr.HeaderLen {
				return attr.AppendHex(b, p)
			}
			return GeneveTable.Trace(b, p, c)
		}, GeneveTable.At)
	OptsVXLAN = attr.Of(nested(spec(2, "LWTUNNEL_IP_OPTS_VXLAN", "vxlan_opts", "vxlan_opts",
		"VXLAN options.")), attr.Nest(VXLANTable), func(o *IPOptions) *attr.Opt[VXLANOptions] { return &o.VXLAN })
	OptsERSPAN = attr.Of(nested(spec(3, "LWTUNNEL_IP_OPTS_ERSPAN", "erspan_opts", "erspan_opts",
		"ERSPAN options.")), attr.Nest(ERSPANTable), func(o *IPOptions) *attr.Opt[ERSPANOptions] { return &o.ERSPAN })

	// IPOptionsTable is the attribute space of LWTUNNEL_IP_OPTS.
	IPOptionsTable = attr.NewTable("LWTUNNEL_IP_OPTS", func(o *IPOptions) *[]attr.Raw { return &o.Unknown },
		optsGeneve, OptsVXLAN, OptsERSPAN)
)

// decodeGeneve splits a run of class, type and data attributes into options.
// An option ends where the numbers no longer rise. A run with anything else
// in it is refused, and so kept as it came.
func decodeGeneve(p []byte, c *attr.Ctx) ([]GeneveOption, bool) {
	nest := []GeneveOption{}
	last := uint16(0)
	for len(p) >= attr.HeaderLen {
		typ, v, rest, ok := attr.Next(p)
		if !ok {
			return nil, false
		}
		typ &= attr.TypeMask
		if typ <= last || len(nest) == 0 {
			nest = append(nest, GeneveOption{})
		}
		o := &nest[len(nest)-1]
		switch typ {
		case 1:
			o.Class.V, o.Class.OK = GeneveClass.Kind.Decode(v, c)
			ok = o.Class.OK
		case 2:
			o.Type.V, o.Type.OK = GeneveType.Kind.Decode(v, c)
			ok = o.Type.OK
		case 3:
			o.Data = attr.Some(v)
		default:
			ok = false
		}
		if !ok {
			return nil, false
		}
		last, p = typ, rest
	}
	return nest, len(p) == 0
}

// Rows of encap ip, LWTUNNEL_IP_*, and encap ip6, LWTUNNEL_IP6_*.
var (
	ipID   = spec(1, "LWTUNNEL_IP_ID", "id", "id", "Tunnel id: VNI, key.")
	ipDst  = spec(2, "LWTUNNEL_IP_DST", "dst", "dst", "Destination of the outer header.")
	ipSrc  = spec(3, "LWTUNNEL_IP_SRC", "src", "src", "Source of the outer header.")
	ipTTL  = spec(4, "LWTUNNEL_IP_TTL", "ttl", "ttl", "TTL of the outer header.")
	ipTOS  = spec(5, "LWTUNNEL_IP_TOS", "tos", "tos", "Type of service of the outer header.")
	ipFlag = spec(6, "LWTUNNEL_IP_FLAGS", "key", "key", "Switches of the tunnel, words key, csum and seq: send the id as key, checksums, sequence numbers.")
	ipPad  = spec(7, "LWTUNNEL_IP_PAD", "", "", "Fills up to an 8-byte boundary.")
	ipOpts = nested(spec(8, "LWTUNNEL_IP_OPTS", "", "", "Metadata for a Geneve, VXLAN or ERSPAN device."))

	tunnelFlagsKind = attr.FlagsOf(attr.BE16, tunnelFlags)

	IPEncapID    = attr.Of(ipID, attr.BE64, func(e *IPEncap) *attr.Opt[uint64] { return &e.ID })
	IPEncapDst   = attr.Of(ipDst, inet4, func(e *IPEncap) *attr.Opt[Addr] { return &e.Dst })
	IPEncapSrc   = attr.Of(ipSrc, inet4, func(e *IPEncap) *attr.Opt[Addr] { return &e.Src })
	IPEncapTTL   = attr.Of(ipTTL, attr.U8, func(e *IPEncap) *attr.Opt[uint8] { return &e.TTL })
	IPEncapTOS   = attr.Of(ipTOS, attr.U8, func(e *IPEncap) *attr.Opt[uint8] { return &e.TOS })
	IPEncapFlags = attr.Of(ipFlag, tunnelFlagsKind, func(e *IPEncap) *attr.Opt[uint16] { return &e.Flags })
	IPEncapOpts  = attr.Of(ipOpts, attr.Nest(IPOptionsTable), func(e *IPEncap) *attr.Opt[IPOptions] { return &e.Opts })

	// IPEncapTable is the attribute space of encap ip.
	IPEncapTable = attr.NewTable("LWTUNNEL_IP", func(e *IPEncap) *[]attr.Raw { return &e.Unknown },
		IPEncapID, IPEncapDst, IPEncapSrc, IPEncapTTL, IPEncapTOS, IPEncapFlags, IPEncapOpts, attr.Opaque[IPEncap](ipPad))

	IP6EncapID = attr.Of(as6(ipID, "LWTUNNEL_IP6_ID", "id"),
		attr.BE64, func(e *IPEncap) *attr.Opt[uint64] { return &e.ID })
	IP6EncapDst = attr.Of(as6(ipDst, "LWTUNNEL_IP6_DST", "dst"),
		inet6, func(e *IPEncap) *attr.Opt[Addr] { return &e.Dst })
	IP6EncapSrc = attr.Of(as6(ipSrc, "LWTUNNEL_IP6_SRC", "src"),
		inet6, func(e *IPEncap) *attr.Opt[Addr] { return &e.Src })
	IP6EncapHoplimit = attr.Of(spec(4, "LWTUNNEL_IP6_HOPLIMIT", "hoplimit", "hoplimit", "Hop limit of the outer header."),
		attr.U8, func(e *IPEncap) *attr.Opt[uint8] { return &e.TTL })
	IP6EncapTC = attr.Of(spec(5, "LWTUNNEL_IP6_TC", "tc", "tc", "Traffic class of the outer header."),
		attr.U8, func(e *IPEncap) *attr.Opt[uint8] { return &e.TOS })
	IP6EncapFlags = attr.Of(as6(ipFlag, "LWTUNNEL_IP6_FLAGS", "key"),
		tunnelFlagsKind, func(e *IPEncap) *attr.Opt[uint16] { return &e.Flags })
	IP6EncapOpts = attr.Of(as6(ipOpts, "LWTUNNEL_IP6_OPTS", ""),
		attr.Nest(IPOptionsTable), func(e *IPEncap) *attr.Opt[IPOptions] { return &e.Opts })

	// IP6EncapTable is the attribute space of encap ip6.
	IP6EncapTable = attr.NewTable("LWTUNNEL_IP6", func(e *IPEncap) *[]attr.Raw { return &e.Unknown },
		IP6EncapID, IP6EncapDst, IP6EncapSrc, IP6EncapHoplimit, IP6EncapTC, IP6EncapFlags, IP6EncapOpts,
		attr.Opaque[IPEncap](as6(ipPad, "LWTUNNEL_IP6_PAD", "")))
)

// as6 is the row of encap ip6 that says the same as one of encap ip.
func as6(s attr.Spec, name, word string) attr.Spec {
	s.Name, s.Word, s.Key = name, word, word
	return s
}

// Rows of encap ila, ILA_ATTR_*.
var (
	ILALocator = attr.Of(spec(1, "ILA_ATTR_LOCATOR", "", "locator",
		"Upper 64 bits of the address that packets are sent to."), locatorKind, func(e *ILAEncap) *attr.Opt[uint64] { return &e.Locator })
	ILACsumMode = attr.Of(spec(7, "ILA_ATTR_CSUM_MODE", "csum-mode", "csum_mode",
		"How checksums are kept right: adj-transport, neutral-map, neutral-map-auto or no-action."),
		attr.EnumOf(attr.U8, ilaCsumModes), func(e *ILAEncap) *attr.Opt[uint8] { return &e.CsumMode })
	ILAIdentType = attr.Of(spec(8, "ILA_ATTR_IDENT_TYPE", "ident-type", "ident_type",
		"What the lower 64 bits are: luid, or use-format to go by their type field."),
		attr.EnumOf(attr.U8, ilaIdentTypes), func(e *ILAEncap) *attr.Opt[uint8] { return &e.IdentType })
	ILAHookType = attr.Of(spec(9, "ILA_ATTR_HOOK_TYPE", "hook-type", "hook_type",
		"Where addresses are translated: output or input."),
		attr.EnumOf(attr.U8, ilaHookTypes), func(e *ILAEncap) *attr.Opt[uint8] { return &e.HookType })

	// ILAEncapTable is the attribute space of encap ila.
	ILAEncapTable = attr.NewTable("ILA_ATTR", func(e *ILAEncap) *[]attr.Raw { return &e.Unknown },
		ILALocator, ILACsumMode, ILAIdentType, ILAHookType,
		attr.Opaque[ILAEncap](spec(2, "ILA_ATTR_IDENTIFIER", "", "", "Not used by routes.")),
		attr.Opaque[ILAEncap](spec(3, "ILA_ATTR_LOCATOR_MATCH", "", "", "Not used by routes.")),
		attr.Opaque[ILAEncap](spec(4, "ILA_ATTR_IFINDEX", "", "", "Not used by routes.")),
		attr.Opaque[ILAEncap](spec(5, "ILA_ATTR_DIR", "", "", "Not used by routes.")),
		attr.Opaque[ILAEncap](spec(6, "ILA_ATTR_PAD", "", "", "Fills up to an 8-byte boundary.")))
)

// Rows of programs, LWT_BPF_PROG_* and SEG6_LOCAL_BPF_PROG_*, and of encap
// bpf, LWT_BPF_*.
var (
	BPFProgFD = attr.Of(spec(1, "LWT_BPF_PROG_FD", "", "",
		"Descriptor of the loaded program."), attr.U32, func(p *BPFProg) *attr.Opt[uint32] { return &p.FD })
	BPFProgName = attr.Of(spec(2, "LWT_BPF_PROG_NAME", "", "",
		"File and section that the program is from."), attr.String, func(p *BPFProg) *attr.Opt[string] { return &p.Name })

	// BPFProgTable is the attribute space of one program of encap bpf.
	BPFProgTable = attr.NewTable("LWT_BPF_PROG", func(p *BPFProg) *[]attr.Raw { return &p.Unknown }, BPFProgFD, BPFProgName)

	Seg6BPFProg = attr.Of(spec(1, "SEG6_LOCAL_BPF_PROG", "", "",
		"Descriptor of the loaded program; its id in answers."), attr.U32, func(p *BPFProg) *attr.Opt[uint32] { return &p.FD })
	Seg6BPFProgName = attr.Of(spec(2, "SEG6_LOCAL_BPF_PROG_NAME", "", "",
		"File and section that the program is from."), attr.String, func(p *BPFProg) *attr.Opt[string] { return &p.Name })

	// Seg6BPFProgTable is the attribute space of the program of encap seg6local.
	Seg6BPFProgTable = attr.NewTable("SEG6_LOCAL_BPF_PROG", func(p *BPFProg) *[]attr.Raw { return &p.Unknown },
		Seg6BPFProg, Seg6BPFProgName)

	BPFIn = attr.Of(nested(spec(1, "LWT_BPF_IN", "in", "in",
		"Program for packets that come in.")), attr.Nest(BPFProgTable), func(e *BPFEncap) *attr.Opt[BPFProg] { return &e.In })
	BPFOut = attr.Of(nested(spec(2, "LWT_BPF_OUT", "out", "out",
		"Program for packets that this host sends.")), attr.Nest(BPFProgTable), func(e *BPFEncap) *attr.Opt[BPFProg] { return &e.Out })
	BPFXmit = attr.Of(nested(spec(3, "LWT_BPF_XMIT", "xmit", "xmit",
		"Program for packets just before they leave.")), attr.Nest(BPFProgTable), func(e *BPFEncap) *attr.Opt[BPFProg] { return &e.Xmit })
	BPFHeadroom = attr.Of(spec(4, "LWT_BPF_XMIT_HEADROOM", "headroom", "headroom",
		"Room that the xmit program may need in front of the packet, at most 256 bytes."),
		attr.U32, func(e *BPFEncap) *attr.Opt[uint32] { return &e.Headroom })

	// BPFEncapTable is the attribute space of encap bpf.
	BPFEncapTable = attr.NewTable("LWT_BPF", func(e *BPFEncap) *[]attr.Raw { return &e.Unknown },
		BPFIn, BPFOut, BPFXmit, BPFHeadroom)
)

// Rows of encap seg6, SEG6_IPTUNNEL_*.
var (
	Seg6SRH = attr.Of(spec(1, "SEG6_IPTUNNEL_SRH", "segs", "segs",
		"Mode, and the segment routing header to insert."), seg6Kind, func(e *Seg6Encap) *attr.Opt[Seg6Tunnel] { return &e.SRH })
	Seg6Src = attr.Of(spec(2, "SEG6_IPTUNNEL_SRC", "tunsrc", "tunsrc",
		"Source of the outer header; without it that of the namespace."), inet6, func(e *Seg6Encap) *attr.Opt[Addr] { return &e.Src })

	// Seg6EncapTable is the attribute space of encap seg6.
	Seg6EncapTable = attr.NewTable("SEG6_IPTUNNEL", func(e *Seg6Encap) *[]attr.Raw { return &e.Unknown }, Seg6SRH, Seg6Src)
)

// Rows of encap seg6local, SEG6_LOCAL_*.
var (
	Seg6CounterPackets = attr.Of(spec(2, "SEG6_LOCAL_CNT_PACKETS", "", "packets",
		"Packets handled."), attr.U64, func(c *Seg6Counters) *attr.Opt[uint64] { return &c.Packets })
	Seg6CounterBytes = attr.Of(spec(3, "SEG6_LOCAL_CNT_BYTES", "", "bytes",
		"Bytes handled."), attr.U64, func(c *Seg6Counters) *attr.Opt[uint64] { return &c.Bytes })
	Seg6CounterErrors = attr.Of(spec(4, "SEG6_LOCAL_CNT_ERRORS", "", "errors",
		"Packets that could not be handled."), attr.U64, func(c *Seg6Counters) *attr.Opt[uint64] { return &c.Errors })

	// Seg6CountersTable is the attribute space of SEG6_LOCAL_COUNTERS.
	Seg6CountersTable = attr.NewTable("SEG6_LOCAL_CNT", func(c *Seg6Counters) *[]attr.Raw { return &c.Unknown },
		Seg6CounterPackets, Seg6CounterBytes, Seg6CounterErrors,
		attr.Opaque[Seg6Counters](spec(1, "SEG6_LOCAL_CNT_PAD", "", "", "Fills up to an 8-byte boundary.")))

	Seg6FlavorOperation = attr.Of(spec(1, "SEG6_LOCAL_FLV_OPERATION", "", "flavors",
		"Flavors: psp, usp, usd, next-csid."),
		attr.FlagsOf(attr.U32, seg6FlavorOps), func(f *Seg6Flavors) *attr.Opt[uint32] { return &f.Operation })
	Seg6FlavorLocBlock = attr.Of(spec(2, "SEG6_LOCAL_FLV_LCBLOCK_BITS", "lblen", "lblen",
		"Bits of the locator block, for next-csid."), attr.U8, func(f *Seg6Flavors) *attr.Opt[uint8] { return &f.LocBlock })
	Seg6FlavorLocNodeFn = attr.Of(spec(3, "SEG6_LOCAL_FLV_LCNODE_FN_BITS", "nflen", "nflen",
		"Bits of locator node and function, for next-csid."), attr.U8, func(f *Seg6Flavors) *attr.Opt[uint8] { return &f.LocNodeFn })

	// Seg6FlavorsTable is the attribute space of SEG6_LOCAL_FLAVORS.
	Seg6FlavorsTable = attr.NewTable("SEG6_LOCAL_FLV", func(f *Seg6Flavors) *[]attr.Raw { return &f.Unknown },
		Seg6FlavorOperation, Seg6FlavorLocBlock, Seg6FlavorLocNodeFn)

	Seg6LocalAction = attr.Of(spec(1, "SEG6_LOCAL_ACTION", "action", "action",
		"Behaviour of the segment."),
		attr.EnumOf(attr.U32, seg6Actions), func(e *Seg6LocalEncap) *attr.Opt[uint32] { return &e.Action })
	Seg6LocalSRH = attr.Of(spec(2, "SEG6_LOCAL_SRH", "srh", "srh",
		"Segment routing header to insert, for End.B6 and End.B6.Encaps."),
		srhKind, func(e *Seg6LocalEncap) *attr.Opt[SRH] { return &e.SRH })
	Seg6LocalTable = attr.Of(spec(3, "SEG6_LOCAL_TABLE", "table", "table",
		"Table to look up the next segment or the inner destination in."),
		attr.EnumOf(attr.U32, tables), func(e *Seg6LocalEncap) *attr.Opt[uint32] { return &e.Table })
	Seg6LocalNH4 = attr.Of(spec(4, "SEG6_LOCAL_NH4", "nh4", "nh4",
		"IPv4 next hop of the inner packet."), inet4, func(e *Seg6LocalEncap) *attr.Opt[Addr] { return &e.NH4 })
	Seg6LocalNH6 = attr.Of(spec(5, "SEG6_LOCAL_NH6", "nh6", "nh6",
		"IPv6 next hop."), inet6, func(e *Seg6LocalEncap) *attr.Opt[Addr] { return &e.NH6 })
	Seg6LocalIIF = attr.Of(spec(6, "SEG6_LOCAL_IIF", "iif", "iif",
		"Device that packets come back by from a proxied service."),
		attr.IfIndex, func(e *Seg6LocalEncap) *attr.Opt[uint32] { return &e.IIF })
	Seg6LocalOIF = attr.Of(spec(7, "SEG6_LOCAL_OIF", "oif", "oif",
		"Device that packets leave by."), attr.IfIndex, func(e *Seg6LocalEncap) *attr.Opt[uint32] { return &e.OIF })
	Seg6LocalBPF = attr.Of(nested(spec(8, "SEG6_LOCAL_BPF", "endpoint", "endpoint",
		"Program for End.BPF.")), attr.Nest(Seg6BPFProgTable), func(e *Seg6LocalEncap) *attr.Opt[BPFProg] { return &e.BPF })
	Seg6LocalVRFTable = attr.Of(spec(9, "SEG6_LOCAL_VRFTABLE", "vrftable", "vrftable",
		"Table of the VRF to look up the inner destination in."),
		attr.EnumOf(attr.U32, tables), func(e *Seg6LocalEncap) *attr.Opt[uint32] { return &e.VRFTable })
	Seg6LocalCounters = attr.Of(nested(spec(10, "SEG6_LOCAL_COUNTERS", "count", "stats64",
		"Count packets, bytes and errors.")),
		attr.Nest(Seg6CountersTable), func(e *Seg6LocalEncap) *attr.Opt[Seg6Counters] { return &e.Counters })
	Seg6LocalFlavors = attr.Of(nested(spec(11, "SEG6_LOCAL_FLAVORS", "flavors", "flavors",
		"Changes to the behaviour.")),
		attr.Nest(Seg6FlavorsTable), func(e *Seg6LocalEncap) *attr.Opt[Seg6Flavors] { return &e.Flavors })

	// Seg6LocalEncapTable is the attribute space of encap seg6local.
	Seg6LocalEncapTable = attr.NewTable("SEG6_LOCAL", func(e *Seg6LocalEncap) *[]attr.Raw { return &e.Unknown },
		Seg6LocalAction, Seg6LocalSRH, Seg6LocalTable, Seg6LocalVRFTable, Seg6LocalNH4, Seg6LocalNH6,
		Seg6LocalIIF, Seg6LocalOIF, Seg6LocalBPF, Seg6LocalCounters, Seg6LocalFlavors)
)

// Rows of encap rpl, RPL_IPTUNNEL_*.
var (
	RPLSRH = attr.Of(spec(1, "RPL_IPTUNNEL_SRH", "segs", "segs",
		"Source routing header to insert."), rplKind, func(e *RPLEncap) *attr.Opt[RPLHeader] { return &e.SRH })

	// RPLEncapTable is the attribute space of encap rpl.
	RPLEncapTable = attr.NewTable("RPL_IPTUNNEL", func(e *RPLEncap) *[]attr.Raw { return &e.Unknown }, RPLSRH)
)

// Rows of encap ioam6, IOAM6_IPTUNNEL_*.
var (
	IOAM6Mode = attr.Of(spec(1, "IOAM6_IPTUNNEL_MODE", "mode", "mode",
		"Where the trace goes: inline, encap, or auto for inline in this host's packets only."),
		attr.EnumOf(attr.U8, ioam6Modes), func(e *IOAM6Encap) *attr.Opt[uint8] { return &e.Mode })
	IOAM6Dst = attr.Of(spec(2, "IOAM6_IPTUNNEL_DST", "tundst", "tundst",
		"Destination of the outer header."), inet6, func(e *IOAM6Encap) *attr.Opt[Addr] { return &e.Dst })
	IOAM6TraceHeader = attr.Of(spec(3, "IOAM6_IPTUNNEL_TRACE", "trace", "trace",
		"Header of the trace: namespace, data to collect, room for it."),
		ioam6Kind, func(e *IOAM6Encap) *attr.Opt[IOAM6Trace] { return &e.Trace })
	IOAM6FreqK = attr.Of(spec(4, "IOAM6_IPTUNNEL_FREQ_K", "freq", "freqk",
		"How many packets of FREQ_N get a trace."), attr.U32, func(e *IOAM6Encap) *attr.Opt[uint32] { return &e.FreqK })
	IOAM6FreqN = attr.Of(spec(5, "IOAM6_IPTUNNEL_FREQ_N", "freq", "freqn",
		"Of how many packets FREQ_K get a trace, at most 1000000."), attr.U32, func(e *IOAM6Encap) *attr.Opt[uint32] { return &e.FreqN })
	IOAM6Src = attr.Of(spec(6, "IOAM6_IPTUNNEL_SRC", "tunsrc", "tunsrc",
		"Source of the outer header; without it the kernel chooses."), inet6, func(e *IOAM6Encap) *attr.Opt[Addr] { return &e.Src })

	// IOAM6EncapTable is the attribute space of encap ioam6.
	IOAM6EncapTable = attr.NewTable("IOAM6_IPTUNNEL", func(e *IOAM6Encap) *[]attr.Raw { return &e.Unknown },
		IOAM6FreqK, IOAM6FreqN, IOAM6Mode, IOAM6Src, IOAM6Dst, IOAM6TraceHeader)
)

// Rows of encap xfrm, LWT_XFRM_*.
var (
	XfrmIfID = attr.Of(spec(1, "LWT_XFRM_IF_ID", "if_id", "if_id",
		"Interface id of the policies, not 0."), attr.U32, func(e *XfrmEncap) *attr.Opt[uint32] { return &e.IfID })
	XfrmLink = attr.Of(spec(2, "LWT_XFRM_LINK", "link_dev", "link_dev",
		"Underlying device."), attr.IfIndex, func(e *XfrmEncap) *attr.Opt[uint32] { return &e.Link })

	// XfrmEncapTable is the attribute space of encap xfrm.
	XfrmEncapTable = attr.NewTable("LWT_XFRM", func(e *XfrmEncap) *[]attr.Raw { return &e.Unknown }, XfrmIfID, XfrmLink)
)

// encapType is what is known of one lightweight tunnel type.
type encapType struct {
	name   string // the user's word
	space  Space
	decode func(p []byte) (any, error)
	encode func(b []byte, v any) ([]byte, bool)
}

func encapOf[T any](name string, tab *attr.Table[T]) encapType {
	return encapType{
		name: name, space: tab,
		decode: func(p []byte) (any, error) {
			v := new(T)
			if err := tab.Decode(v, p, &attr.Ctx{}); err != nil {
				return nil, fmt.Errorf("encap %s: %w", name, err)
			}
			return v, nil
		},
		encode: func(b []byte, v any) ([]byte, bool) {
			t, ok := v.(*T)
			if ok {
				b = tab.Append(b, t)
			}
			return b, ok
		},
	}
}

// encapsulations by LWTUNNEL_ENCAP_* number.
var encapsulations = [...]encapType{
	EncapMPLS:      encapOf("mpls", MPLSEncapTable),
	EncapIP:        encapOf("ip", IPEncapTable),
	EncapILA:       encapOf("ila", ILAEncapTable),
	EncapIP6:       encapOf("ip6", IP6EncapTable),
	EncapSeg6:      encapOf("seg6", Seg6EncapTable),
	EncapBPF:       encapOf("bpf", BPFEncapTable),
	EncapSeg6Local: encapOf("seg6local", Seg6LocalEncapTable),
	EncapRPL:       encapOf("rpl", RPLEncapTable),
	EncapIOAM6:     encapOf("ioam6", IOAM6EncapTable),
	EncapXfrm:      encapOf("xfrm", XfrmEncapTable),
}

func encapsulation(typ uint16) *encapType {
	if typ == 0 || int(typ) >= len(encapsulations) {
		return nil
	}
	return &encapsulations[typ]
}

// EncapTypes lists the lightweight tunnel types there are, in the order of
// their numbers.
func EncapTypes() []uint16 {
	var out []uint16
	for i := 1; i < len(encapsulations); i++ {
		out = append(out, uint16(i))
	}
	return out
}

// EncapSpace is the attribute space of a lightweight tunnel type; nil for
// types not known.
func EncapSpace(typ uint16) Space {
	if e := encapsulation(typ); e != nil {
		return e.space
	}
	return nil
}

// EncapName is the user's word for a lightweight tunnel type, "unknown" for
// those not known.
func EncapName(typ uint16) string {
	if e := encapsulation(typ); e != nil {
		return e.name
	}
	return "unknown"
}

// EncapType is the lightweight tunnel type of a word.
func EncapType(name string) (uint16, bool) {
	for typ, e := range encapsulations {
		if typ != 0 && e.name == name {
			return uint16(typ), true
		}
	}
	return 0, false
}

// DecodeEncap reads the payload of RTA_ENCAP or NHA_ENCAP into a *MPLSEncap,
// *IPEncap (for ip and ip6), *ILAEncap, *Seg6Encap, *BPFEncap,
// *Seg6LocalEncap, *RPLEncap, *IOAM6Encap or *XfrmEncap. What a row cannot
// read is in the value's Unknown; an error says that the type is not known or
// that the run of attributes breaks off.
func DecodeEncap(typ uint16, payload []byte) (any, error) {
	e := encapsulation(typ)
	if e == nil {
		return nil, fmt.Errorf("lightweight tunnel type %d is not known", typ)
	}
	return e.decode(payload)
}

// AppendEncap appends the payload for a value of the type that DecodeEncap
// returns for typ.
func AppendEncap(b []byte, typ uint16, v any) ([]byte, error) {
	if e := encapsulation(typ); e != nil {
		if b, ok := e.encode(b, v); ok {
			return b, nil
		}
	}
	return b, fmt.Errorf("a %T is not an encapsulation of type %d", v, typ)
}
