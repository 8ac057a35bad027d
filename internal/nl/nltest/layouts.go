package nltest

import "encoding/binary"

// Numbers and names from the kernel's uapi headers: linux/rtnetlink.h,
// linux/nexthop.h, linux/lwtunnel.h and the encapsulations' own.

const (
	typeMask      = 0x3fff
	flagNested    = 0x8000
	flagByteOrder = 0x4000

	typeNewNexthop = 104

	familyMPLS = 28
)

var messageNames = map[uint16]string{
	24: "RTM_NEWROUTE", 25: "RTM_DELROUTE", 26: "RTM_GETROUTE",
	104: "RTM_NEWNEXTHOP", 105: "RTM_DELNEXTHOP", 106: "RTM_GETNEXTHOP",
	116: "RTM_NEWNEXTHOPBUCKET", 117: "RTM_DELNEXTHOPBUCKET", 118: "RTM_GETNEXTHOPBUCKET",
}

var familyNames = map[byte]string{0: "unspec", 2: "inet", 7: "bridge", 10: "inet6", 17: "packet", familyMPLS: "mpls"}

var routeAttrs = layouts{
	1:  {name: "RTA_DST", value: address},
	2:  {name: "RTA_SRC", value: address},
	3:  {name: "RTA_IIF", value: number},
	4:  {name: "RTA_OIF", value: number},
	5:  {name: "RTA_GATEWAY", value: address},
	6:  {name: "RTA_PRIORITY", value: number},
	7:  {name: "RTA_PREFSRC", value: address},
	8:  {name: "RTA_METRICS", nest: always(metricAttrs)},
	9:  {name: "RTA_MULTIPATH", hops: hopAttrs},
	11: {name: "RTA_FLOW", value: number},
	12: {name: "RTA_CACHEINFO"},
	15: {name: "RTA_TABLE", value: number},
	16: {name: "RTA_MARK", value: number},
	18: {name: "RTA_VIA", value: via},
	19: {name: "RTA_NEWDST", value: address},
	20: {name: "RTA_PREF", value: number},
	21: {name: "RTA_ENCAP_TYPE", value: number},
	22: {name: "RTA_ENCAP", nest: encapBy(21)},
	23: {name: "RTA_EXPIRES", value: number},
	25: {name: "RTA_UID", value: number},
	26: {name: "RTA_TTL_PROPAGATE", value: number},
	27: {name: "RTA_IP_PROTO", value: number},
	28: {name: "RTA_SPORT", value: bigEndian},
	29: {name: "RTA_DPORT", value: bigEndian},
	30: {name: "RTA_NH_ID", value: number},
	31: {name: "RTA_FLOWLABEL", value: bigEndian},
}

// hopAttrs are the attributes that iproute2 puts behind a struct rtnexthop.
var hopAttrs = layouts{
	5:  {name: "RTA_GATEWAY", value: address},
	11: {name: "RTA_FLOW", value: number},
	18: {name: "RTA_VIA", value: via},
	19: {name: "RTA_NEWDST", value: address},
	21: {name: "RTA_ENCAP_TYPE", value: number},
	22: {name: "RTA_ENCAP", nest: encapBy(21)},
}

var metricAttrs = layouts{
	1:  {name: "RTAX_LOCK", value: number},
	2:  {name: "RTAX_MTU", value: number},
	3:  {name: "RTAX_WINDOW", value: number},
	4:  {name: "RTAX_RTT", value: number},
	5:  {name: "RTAX_RTTVAR", value: number},
	6:  {name: "RTAX_SSTHRESH", value: number},
	7:  {name: "RTAX_CWND", value: number},
	8:  {name: "RTAX_ADVMSS", value: number},
	9:  {name: "RTAX_REORDERING", value: number},
	10: {name: "RTAX_HOPLIMIT", value: number},
	11: {name: "RTAX_INITCWND", value: number},
	12: {name: "RTAX_FEATURES", value: number},
	13: {name: "RTAX_RTO_MIN", value: number},
	14: {name: "RTAX_INITRWND", value: number},
	15: {name: "RTAX_QUICKACK", value: number},
	16: {name: "RTAX_CC_ALGO", value: text},
	17: {name: "RTAX_FASTOPEN_NO_COOKIE", value: number},
}

// nexthopAttrs are those of nexthop objects and of buckets, which share numbers.
var nexthopAttrs = layouts{
	1:  {name: "NHA_ID", value: number},
	2:  {name: "NHA_GROUP", value: group},
	3:  {name: "NHA_GROUP_TYPE", value: number},
	4:  {name: "NHA_BLACKHOLE"},
	5:  {name: "NHA_OIF", value: number},
	6:  {name: "NHA_GATEWAY", value: address},
	7:  {name: "NHA_ENCAP_TYPE", value: number},
	8:  {name: "NHA_ENCAP", nest: encapBy(7)},
	9:  {name: "NHA_GROUPS"},
	10: {name: "NHA_MASTER", value: number},
	11: {name: "NHA_FDB"},
	12: {name: "NHA_RES_GROUP", nest: always(layouts{
		1: {name: "NHA_RES_GROUP_BUCKETS", value: number},
		2: {name: "NHA_RES_GROUP_IDLE_TIMER", value: number},
		3: {name: "NHA_RES_GROUP_UNBALANCED_TIMER", value: number},
		4: {name: "NHA_RES_GROUP_UNBALANCED_TIME", value: number},
	})},
	13: {name: "NHA_RES_BUCKET", nest: always(resBucketAttrs)},
	14: {name: "NHA_OP_FLAGS", value: number},
	15: {name: "NHA_GROUP_STATS"},
	16: {name: "NHA_HW_STATS_ENABLE", value: number},
	17: {name: "NHA_HW_STATS_USED", value: number},
}

var resBucketAttrs = layouts{
	1: {name: "NHA_RES_BUCKET_INDEX", value: number},
	2: {name: "NHA_RES_BUCKET_IDLE_TIME", value: number},
	3: {name: "NHA_RES_BUCKET_NH_ID", value: number},
}

func always(l layouts) func(scope) layouts { return func(scope) layouts { return l } }

// encapBy finds the layout of an encapsulation by the type that stands in a
// sibling attribute, which may come after it.
func encapBy(typeAttr uint16) func(scope) layouts {
	return func(s scope) layouts {
		d := s.siblings[typeAttr]
		if len(d) < 2 {
			return nil
		}
		return encaps[binary.NativeEndian.Uint16(d)]
	}
}

var tunnelOpts = layouts{
	1: {name: "LWTUNNEL_IP_OPTS_GENEVE", nest: always(layouts{
		1: {name: "LWTUNNEL_IP_OPT_GENEVE_CLASS", value: bigEndian},
		2: {name: "LWTUNNEL_IP_OPT_GENEVE_TYPE", value: number},
		3: {name: "LWTUNNEL_IP_OPT_GENEVE_DATA"},
	})},
	2: {name: "LWTUNNEL_IP_OPTS_VXLAN", nest: always(layouts{
		1: {name: "LWTUNNEL_IP_OPT_VXLAN_GBP", value: number},
	})},
	3: {name: "LWTUNNEL_IP_OPTS_ERSPAN", nest: always(layouts{
		1: {name: "LWTUNNEL_IP_OPT_ERSPAN_VER", value: number},
		2: {name: "LWTUNNEL_IP_OPT_ERSPAN_INDEX", value: bigEndian},
		3: {name: "LWTUNNEL_IP_OPT_ERSPAN_DIR", value: number},
		4: {name: "LWTUNNEL_IP_OPT_ERSPAN_HWID", value: number},
	})},
}

// encaps are the encapsulations by LWTUNNEL_ENCAP number.
var encaps = map[uint16]layouts{
	1: {
		1: {name: "MPLS_IPTUNNEL_DST", value: labels},
		2: {name: "MPLS_IPTUNNEL_TTL", value: number},
	},
	2: {
		1: {name: "LWTUNNEL_IP_ID", value: bigEndian},
		2: {name: "LWTUNNEL_IP_DST", value: address},
		3: {name: "LWTUNNEL_IP_SRC", value: address},
		4: {name: "LWTUNNEL_IP_TTL", value: number},
		5: {name: "LWTUNNEL_IP_TOS", value: number},
		6: {name: "LWTUNNEL_IP_FLAGS", value: bigEndian},
		8: {name: "LWTUNNEL_IP_OPTS", nest: always(tunnelOpts)},
	},
	3: {
		1: {name: "ILA_ATTR_LOCATOR"},
		4: {name: "ILA_ATTR_CSUM_MODE", value: number},
		5: {name: "ILA_ATTR_IDENT_TYPE", value: number},
		6: {name: "ILA_ATTR_HOOK_TYPE", value: number},
	},
	4: {
		1: {name: "LWTUNNEL_IP6_ID", value: bigEndian},
		2: {name: "LWTUNNEL_IP6_DST", value: address},
		3: {name: "LWTUNNEL_IP6_SRC", value: address},
		4: {name: "LWTUNNEL_IP6_HOPLIMIT", value: number},
		5: {name: "LWTUNNEL_IP6_TC", value: number},
		6: {name: "LWTUNNEL_IP6_FLAGS", value: bigEndian},
		8: {name: "LWTUNNEL_IP6_OPTS", nest: always(tunnelOpts)},
	},
	5: {
		1: {name: "SEG6_IPTUNNEL_SRH"},
		2: {name: "SEG6_IPTUNNEL_SRC", value: address},
	},
	6: {
		1: {name: "LWT_BPF_IN", nest: always(bpfProgram)},
		2: {name: "LWT_BPF_OUT", nest: always(bpfProgram)},
		3: {name: "LWT_BPF_XMIT", nest: always(bpfProgram)},
		4: {name: "LWT_BPF_XMIT_HEADROOM", value: number},
	},
	7: {
		1: {name: "SEG6_LOCAL_ACTION", value: number},
		2: {name: "SEG6_LOCAL_SRH"},
		3: {name: "SEG6_LOCAL_TABLE", value: number},
		4: {name: "SEG6_LOCAL_NH4", value: address},
		5: {name: "SEG6_LOCAL_NH6", value: address},
		6: {name: "SEG6_LOCAL_IIF", value: number},
		7: {name: "SEG6_LOCAL_OIF", value: number},
		8: {name: "SEG6_LOCAL_BPF", nest: always(bpfProgram)},
		9: {name: "SEG6_LOCAL_VRFTABLE", value: number},
		10: {name: "SEG6_LOCAL_COUNTERS", nest: always(layouts{
			2: {name: "SEG6_LOCAL_CNT_PACKETS", value: number},
			3: {name: "SEG6_LOCAL_CNT_BYTES", value: number},
			4: {name: "SEG6_LOCAL_CNT_ERRORS", value: number},
		})},
		11: {name: "SEG6_LOCAL_FLAVORS", nest: always(layouts{
			1: {name: "SEG6_LOCAL_FLV_OPERATION", value: number},
			2: {name: "SEG6_LOCAL_FLV_LCBLOCK_BITS", value: number},
			3: {name: "SEG6_LOCAL_FLV_LCNODE_FN_BITS", value: number},
		})},
	},
	8: {
		1: {name: "RPL_IPTUNNEL_SRH"},
	},
	9: {
		1: {name: "IOAM6_IPTUNNEL_MODE", value: number},
		2: {name: "IOAM6_IPTUNNEL_DST", value: address},
		3: {name: "IOAM6_IPTUNNEL_TRACE"},
		4: {name: "IOAM6_IPTUNNEL_FREQ_K", value: number},
		5: {name: "IOAM6_IPTUNNEL_FREQ_N", value: number},
		6: {name: "IOAM6_IPTUNNEL_SRC", value: address},
	},
	10: {
		1: {name: "LWT_XFRM_IF_ID", value: number},
		2: {name: "LWT_XFRM_LINK", value: number},
	},
}

var bpfProgram = layouts{
	1: {name: "LWT_BPF_PROG_FD", value: number},
	2: {name: "LWT_BPF_PROG_NAME", value: text},
}
