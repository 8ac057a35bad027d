package rt

import (
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl/attr"
)

// RouteHeader is struct rtmsg, which route messages begin with.
type RouteHeader struct {
	Family, DstLen, SrcLen, TOS uint8
	HeaderTable                 uint8 // rtm_table; see Route.Table
	Protocol, Scope, Type       uint8
	Flags                       uint32 // RTM_F_* and RTNH_F_*
}

// Route is an RTM_NEWROUTE, RTM_DELROUTE or RTM_GETROUTE message: its header
// and the RTA_* attributes. Byte slices in it alias the message.
type Route struct {
	RouteHeader

	Dst, Src     attr.Opt[Addr]
	IIF, OIF     attr.Opt[uint32]
	Priority     attr.Opt[uint32] // the metric
	PrefSrc      attr.Opt[Addr]
	Metrics      attr.Opt[Metrics]
	Multipath    bool // RTA_MULTIPATH was there, Hops are its
	Hops         []Hop
	Hop          // gateway, encapsulation … said by the route itself
	CacheInfo    attr.Opt[CacheInfo]
	TableID      attr.Opt[uint32] // RTA_TABLE; see Table
	Mark         attr.Opt[uint32]
	MFCStats     attr.Opt[MFCStats]
	Pref         attr.Opt[uint8]
	Expires      attr.Opt[uint64] // seconds
	UID          attr.Opt[uint32]
	TTLPropagate attr.Opt[uint8]
	IPProto      attr.Opt[uint8]
	Sport, Dport attr.Opt[uint16]
	NHID         attr.Opt[uint32]
	FlowLabel    attr.Opt[uint32]

	ctx attr.Ctx // of the last decode: kept here so that decoding allocates nothing
}

// RouteHeaderLen is the size of struct rtmsg.
const RouteHeaderLen = 12

// Table is the table's number: RTA_TABLE where it is said, else rtm_table.
func (r *Route) Table() uint32 {
	if r.TableID.OK {
		return r.TableID.V
	}
	return uint32(r.HeaderTable)
}

// CacheInfo is struct rta_cacheinfo. LastUse and Expires are in hundredths of
// a second (USER_HZ); Error is an errno.
type CacheInfo struct {
	ClntRef, LastUse uint32
	Expires          int32
	Error, Used      uint32
	ID, TS, TSAge    uint32
}

// MFCStats is struct rta_mfc_stats of a multicast route.
type MFCStats struct{ Packets, Bytes, WrongIf uint64 }

func words32(p []byte, to ...*uint32) {
	for i, w := range to {
		*w = ne.Uint32(p[4*i:])
	}
}

var cacheInfoKind = attr.Kind[CacheInfo]{
	Name: "cacheinfo",
	Decode: func(p []byte, _ *attr.Ctx) (ci CacheInfo, ok bool) {
		if len(p) != 32 {
			return ci, false
		}
		var expires uint32
		words32(p, &ci.ClntRef, &ci.LastUse, &expires, &ci.Error, &ci.Used, &ci.ID, &ci.TS, &ci.TSAge)
		ci.Expires = int32(expires)
		return ci, true
	},
	Append: func(b []byte, ci CacheInfo) []byte {
		for _, w := range []uint32{ci.ClntRef, ci.LastUse, uint32(ci.Expires), ci.Error, ci.Used, ci.ID, ci.TS, ci.TSAge} {
			b = ne.AppendUint32(b, w)
		}
		return b
	},
	Trace: func(b, p []byte, _ *attr.Ctx) []byte {
		for i, f := range []string{
			"{rta_clntref=", ", rta_lastuse=", ", rta_expires=", ", rta_error=",
			", rta_used=", ", rta_id=", ", rta_ts=", ", rta_tsage=",
		} {
			b = append(b, f...)
			v := ne.Uint32(p[4*i:])
			switch {
			case i == 2:
				b = strconv.AppendInt(b, int64(int32(v)), 10)
			case i == 5 && v != 0:
				b = strconv.AppendUint(append(b, "0x"...), uint64(v), 16)
			default:
				b = strconv.AppendUint(b, uint64(v), 10)
			}
		}
		return append(b, '}')
	},
}

var mfcStatsKind = attr.Kind[MFCStats]{
	Name: "mfc stats",
	Decode: func(p []byte, _ *attr.Ctx) (m MFCStats, ok bool) {
		if len(p) != 24 {
			return m, false
		}
		return MFCStats{ne.Uint64(p), ne.Uint64(p[8:]), ne.Uint64(p[16:])}, true
	},
	Append: func(b []byte, m MFCStats) []byte {
		return ne.AppendUint64(ne.AppendUint64(ne.AppendUint64(b, m.Packets), m.Bytes), m.WrongIf)
	},
	Trace: func(b, p []byte, _ *attr.Ctx) []byte {
		return fmt.Appendf(b, "{mfcs_packets=%d, mfcs_bytes=%d, mfcs_wrong_if=%d}",
			ne.Uint64(p), ne.Uint64(p[8:]), ne.Uint64(p[16:]))
	},
}

// expiresKind is 4 bytes of seconds in requests and IPv6, 8 bytes in dumps of
// multicast routes (ipmr_base.c).
var expiresKind = attr.Kind[uint64]{
	Name: "seconds", Decode: attr.Uint.Decode, Append: attr.Uint.Append, Trace: attr.Uint.Trace,
}

// Prefs are the router preferences of RFC 4191 as users know them.
var Prefs = Words{0: "medium", 1: "high", 3: "low"}

var prefNames = names("ICMPV6_ROUTER_PREF_", map[uint64]string{
	3: "ICMPV6_ROUTER_PREF_LOW", 0: "ICMPV6_ROUTER_PREF_MEDIUM", 1: "ICMPV6_ROUTER_PREF_HIGH", 2: "ICMPV6_ROUTER_PREF_INVALID",
})

func spec(typ uint16, name, word, key, doc string) attr.Spec {
	return attr.Spec{Type: typ, Name: name, Word: word, Key: key, Doc: doc}
}

// Rows of routes, RTA_*.
var (
	RTADst = attr.Of(spec(unix.RTA_DST, "RTA_DST", "to", "dst",
		"Destination prefix; its length is in the header."),
		address, func(r *Route) *attr.Opt[Addr] { return &r.Dst })
	RTASrc = attr.Of(spec(unix.RTA_SRC, "RTA_SRC", "from", "from",
		"Source prefix that packets must have; its length is in the header."),
		address, func(r *Route) *attr.Opt[Addr] { return &r.Src })
	RTAIIF = attr.Of(spec(unix.RTA_IIF, "RTA_IIF", "iif", "iif",
		"Device that the packet came in by, in look-ups."),
		attr.IfIndex, func(r *Route) *attr.Opt[uint32] { return &r.IIF })
	RTAOIF = attr.Of(spec(unix.RTA_OIF, "RTA_OIF", "dev", "dev",
		"Device that packets leave by."),
		attr.IfIndex, func(r *Route) *attr.Opt[uint32] { return &r.OIF })
	RTAPriority = attr.Of(spec(unix.RTA_PRIORITY, "RTA_PRIORITY", "metric", "metric",
		"Preference among routes of one prefix: the smallest wins."),
		attr.U32, func(r *Route) *attr.Opt[uint32] { return &r.Priority })
	RTAPrefSrc = attr.Of(spec(unix.RTA_PREFSRC, "RTA_PREFSRC", "src", "prefsrc",
		"Source address to prefer for packets sent by this route."),
		address, func(r *Route) *attr.Opt[Addr] { return &r.PrefSrc })
	RTAMetrics = attr.Of(spec(unix.RTA_METRICS, "RTA_METRICS", "", "metrics",
		"Parameters of connections over this route, RTAX_*."),
		attr.Nest(MetricsTable), func(r *Route) *attr.Opt[Metrics] { return &r.Metrics })
	SpecMultipath = spec(unix.RTA_MULTIPATH, "RTA_MULTIPATH", "nexthop", "nexthops",
		"List of next hops, each with device, weight, flags and attributes.")
	RTAProtoinfo = attr.Opaque[Route](spec(rtaProtoinfo, "RTA_PROTOINFO", "", "",
		"No longer used by the kernel."))
	RTACacheInfo = attr.Of(spec(unix.RTA_CACHEINFO, "RTA_CACHEINFO", "", "cache",
		"Use, age, life and error of the route."),
		cacheInfoKind, func(r *Route) *attr.Opt[CacheInfo] { return &r.CacheInfo })
	RTASession = attr.Opaque[Route](spec(rtaSession, "RTA_SESSION", "", "",
		"No longer used by the kernel."))
	RTAMPAlgo = attr.Opaque[Route](spec(rtaMPAlgo, "RTA_MP_ALGO", "", "",
		"No longer used by the kernel."))
	RTATable = attr.Of(spec(unix.RTA_TABLE, "RTA_TABLE", "table", "table",
		"Routing table; the header can say only tables below 256."),
		attr.EnumOf(attr.U32, tables), func(r *Route) *attr.Opt[uint32] { return &r.TableID })
	RTAMark = attr.Of(spec(unix.RTA_MARK, "RTA_MARK", "mark", "mark",
		"Firewall mark of the packet, in look-ups."),
		attr.U32, func(r *Route) *attr.Opt[uint32] { return &r.Mark })
	RTAMFCStats = attr.Of(spec(unix.RTA_MFC_STATS, "RTA_MFC_STATS", "", "",
		"Packets, bytes and wrong-interface arrivals of a multicast route."),
		mfcStatsKind, func(r *Route) *attr.Opt[MFCStats] { return &r.MFCStats })
	RTAPref = attr.Of(spec(unix.RTA_PREF, "RTA_PREF", "pref", "pref",
		"IPv6 router preference of RFC 4191: low, medium or high."),
		attr.EnumOf(attr.U8, prefNames), func(r *Route) *attr.Opt[uint8] { return &r.Pref })
	RTAExpires = attr.Of(spec(unix.RTA_EXPIRES, "RTA_EXPIRES", "expires", "expires",
		"Seconds until the kernel removes the route (IPv6)."),
		expiresKind, func(r *Route) *attr.Opt[uint64] { return &r.Expires })
	RTAPad = attr.Opaque[Route](spec(unix.RTA_PAD, "RTA_PAD", "", "",
		"Fills up to an 8-byte boundary."))
	RTAUID = attr.Of(spec(unix.RTA_UID, "RTA_UID", "uid", "uid",
		"User id of the socket, in look-ups."),
		attr.U32, func(r *Route) *attr.Opt[uint32] { return &r.UID })
	RTATTLPropagate = attr.Of(spec(unix.RTA_TTL_PROPAGATE, "RTA_TTL_PROPAGATE", "ttl-propagate", "ttl-propogate",
		"Whether the TTL of an MPLS packet goes into the inner header."),
		attr.U8, func(r *Route) *attr.Opt[uint8] { return &r.TTLPropagate })
	RTAIPProto = attr.Of(spec(unix.RTA_IP_PROTO, "RTA_IP_PROTO", "ipproto", "",
		"IP protocol of the packet, in look-ups."),
		attr.U8, func(r *Route) *attr.Opt[uint8] { return &r.IPProto })
	RTASport = attr.Of(spec(unix.RTA_SPORT, "RTA_SPORT", "sport", "",
		"Source port of the packet, in look-ups."),
		attr.BE16, func(r *Route) *attr.Opt[uint16] { return &r.Sport })
	RTADport = attr.Of(spec(unix.RTA_DPORT, "RTA_DPORT", "dport", "",
		"Destination port of the packet, in look-ups."),
		attr.BE16, func(r *Route) *attr.Opt[uint16] { return &r.Dport })
	RTANHID = attr.Of(spec(rtaNHID, "RTA_NH_ID", "nhid", "nhid",
		"Nexthop object that the route uses in place of gateway and device."),
		attr.U32, func(r *Route) *attr.Opt[uint32] { return &r.NHID })
	RTAFlowLabel = attr.Of(spec(rtaFlowlabel, "RTA_FLOWLABEL", "flowlabel", "",
		"IPv6 flow label of the packet, in look-ups."),
		attr.BE32, func(r *Route) *attr.Opt[uint32] { return &r.FlowLabel })
)

var multipath = attr.Custom(SpecMultipath, "nexthops",
	func(r *Route, p []byte, c *attr.Ctx) bool {
		room := r.Hops[:0]
		if r.Multipath {
			room = nil // a second list, which may be broken, must not touch the first
		}
		hops, ok := decodeHops(room, p, c)
		if ok {
			r.Hops, r.Multipath = hops, true
		}
		return ok
	},
	func(b []byte, r *Route) []byte {
		if !r.Multipath {
			return b
		}
		b, at := attr.Begin(b, unix.RTA_MULTIPATH)
		return attr.End(appendHops(b, r.Hops), at)
	}, traceHops, insideHops)

// RouteTable is the attribute space of route messages. Its order is the one
// in which the kernel's dumps say them, roughly.
var RouteTable = attr.NewTable("RTA", func(r *Route) *[]attr.Raw { return &r.Unknown },
	RTATable, RTADst, RTASrc, RTAPriority, RTAPrefSrc, RTAPref, RTAMetrics, RTAUID, RTAMark, RTANHID,
	attr.Lift(HopTable, func(r *Route) *Hop { return &r.Hop }),
	RTAIIF, RTAOIF, multipath, RTACacheInfo, RTAMFCStats, RTAExpires, RTATTLPropagate,
	RTAIPProto, RTASport, RTADport, RTAFlowLabel,
	RTAProtoinfo, RTASession, RTAMPAlgo, RTAPad).Beside(unix.RTA_ENCAP_TYPE)

// DecodeRoute reads the body of a route message into r, which it resets,
// keeping the room of its slices. The error is a *attr.LenError, or says that
// the header is not there.
func DecodeRoute(r *Route, body []byte) error {
	*r = Route{Hops: r.Hops[:0], Hop: Hop{Unknown: r.Unknown[:0]}}
	if len(body) < RouteHeaderLen {
		return fmt.Errorf("route message of %d bytes, want at least %d", len(body), RouteHeaderLen)
	}
	r.Family, r.DstLen, r.SrcLen, r.TOS = body[0], body[1], body[2], body[3]
	r.HeaderTable, r.Protocol, r.Scope, r.Type = body[4], body[5], body[6], body[7]
	r.Flags = ne.Uint32(body[8:])
	r.ctx.Family = r.Family
	return RouteTable.Decode(r, body[RouteHeaderLen:], &r.ctx)
}

// AppendHeader appends struct rtmsg.
func (r *RouteHeader) AppendHeader(b []byte) []byte {
	b = append(b, r.Family, r.DstLen, r.SrcLen, r.TOS, r.HeaderTable, r.Protocol, r.Scope, r.Type)
	return ne.AppendUint32(b, r.Flags)
}

// Append appends the body of a route message.
func (r *Route) Append(b []byte) []byte { return RouteTable.Append(r.AppendHeader(b), r) }

func traceRouteHeader(b, p []byte, _ *attr.Ctx) []byte {
	b = append(b, "{rtm_family="...)
	b = families.Append(b, uint64(p[0]))
	b = fmt.Appendf(b, ", rtm_dst_len=%d, rtm_src_len=%d, rtm_tos=", p[1], p[2])
	if p[3] == 0 {
		b = append(b, '0')
	} else {
		b = strconv.AppendUint(append(b, "0x"...), uint64(p[3]), 16)
	}
	b = append(b, ", rtm_table="...)
	b = tables.Append(b, uint64(p[4]))
	b = append(b, ", rtm_protocol="...)
	b = protocols.Append(b, uint64(p[5]))
	b = append(b, ", rtm_scope="...)
	b = scopes.Append(b, uint64(p[6]))
	b = append(b, ", rtm_type="...)
	b = types.Append(b, uint64(p[7]))
	b = append(b, ", rtm_flags="...)
	return append(routeFlags.AppendFlags(b, uint64(ne.Uint32(p[8:]))), '}')
}
