package rt

import (
	"strconv"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl/attr"
)

// Numbers that golang.org/x/sys/unix does not have. Each is from
// include/uapi/linux/rtnetlink.h unless said otherwise.
const (
	FlagOffloadFailed = 0x20000000 // RTM_F_OFFLOAD_FAILED
	FlagTrap          = 0x8000     // RTM_F_TRAP
	FlagOffload       = 0x4000     // RTM_F_OFFLOAD
	FlagFIBMatch      = 0x2000     // RTM_F_FIB_MATCH
	FlagLookupTable   = 0x1000     // RTM_F_LOOKUP_TABLE
	FlagPrefix        = 0x800      // RTM_F_PREFIX
	FlagEqualize      = 0x400      // RTM_F_EQUALIZE
	FlagCloned        = 0x200      // RTM_F_CLONED
	FlagNotify        = 0x100      // RTM_F_NOTIFY

	NHFlagDead       = 1 // RTNH_F_DEAD
	NHFlagPervasive  = 2
	NHFlagOnlink     = 4
	NHFlagOffload    = 8
	NHFlagLinkdown   = 16
	NHFlagUnresolved = 32
	NHFlagTrap       = 64

	rtaNHID      = 30 // RTA_NH_ID
	rtaFlowlabel = 31 // RTA_FLOWLABEL
	rtaMPAlgo    = 14 // RTA_MP_ALGO
	rtaSession   = 13 // RTA_SESSION
	rtaProtoinfo = 10 // RTA_PROTOINFO
)

func names(prefix string, of map[uint64]string) *attr.Names {
	return &attr.Names{Prefix: prefix, Of: of}
}

var (
	families = names("AF_", map[uint64]string{
		unix.AF_UNSPEC: "AF_UNSPEC", unix.AF_INET: "AF_INET", unix.AF_INET6: "AF_INET6",
		unix.AF_MPLS: "AF_MPLS", unix.AF_BRIDGE: "AF_BRIDGE", unix.AF_PACKET: "AF_PACKET",
		familyIPMR: "RTNL_FAMILY_IPMR", familyIP6MR: "RTNL_FAMILY_IP6MR",
	})
	tables = names("RT_TABLE_", map[uint64]string{
		0: "RT_TABLE_UNSPEC", 252: "RT_TABLE_COMPAT", 253: "RT_TABLE_DEFAULT", 254: "RT_TABLE_MAIN", 255: "RT_TABLE_LOCAL",
	})
	protocols = names("RTPROT_", map[uint64]string{
		0: "RTPROT_UNSPEC", 1: "RTPROT_REDIRECT", 2: "RTPROT_KERNEL", 3: "RTPROT_BOOT", 4: "RTPROT_STATIC",
		8: "RTPROT_GATED", 9: "RTPROT_RA", 10: "RTPROT_MRT", 11: "RTPROT_ZEBRA", 12: "RTPROT_BIRD",
		13: "RTPROT_DNROUTED", 14: "RTPROT_XORP", 15: "RTPROT_NTK", 16: "RTPROT_DHCP", 17: "RTPROT_MROUTED",
		18: "RTPROT_KEEPALIVED", 42: "RTPROT_BABEL", 84: "RTPROT_OVN", 99: "RTPROT_OPENR", 186: "RTPROT_BGP",
		187: "RTPROT_ISIS", 188: "RTPROT_OSPF", 189: "RTPROT_RIP", 192: "RTPROT_EIGRP",
	})
	scopes = names("RT_SCOPE_", map[uint64]string{
		0: "RT_SCOPE_UNIVERSE", 200: "RT_SCOPE_SITE", 253: "RT_SCOPE_LINK", 254: "RT_SCOPE_HOST", 255: "RT_SCOPE_NOWHERE",
	})
	types = names("RTN_", map[uint64]string{
		0: "RTN_UNSPEC", 1: "RTN_UNICAST", 2: "RTN_LOCAL", 3: "RTN_BROADCAST", 4: "RTN_ANYCAST", 5: "RTN_MULTICAST",
		6: "RTN_BLACKHOLE", 7: "RTN_UNREACHABLE", 8: "RTN_PROHIBIT", 9: "RTN_THROW", 10: "RTN_NAT", 11: "RTN_XRESOLVE",
	})
	routeFlags = names("RTM_F_", map[uint64]string{
		1: "RTNH_F_DEAD", 2: "RTNH_F_PERVASIVE", 4: "RTNH_F_ONLINK", 8: "RTNH_F_OFFLOAD",
		16: "RTNH_F_LINKDOWN", 32: "RTNH_F_UNRESOLVED", 64: "RTNH_F_TRAP",
		0x100: "RTM_F_NOTIFY", 0x200: "RTM_F_CLONED", 0x400: "RTM_F_EQUALIZE", 0x800: "RTM_F_PREFIX",
		0x1000: "RTM_F_LOOKUP_TABLE", 0x2000: "RTM_F_FIB_MATCH", 0x4000: "RTM_F_OFFLOAD", 0x8000: "RTM_F_TRAP",
		FlagOffloadFailed: "RTM_F_OFFLOAD_FAILED",
	})
	hopFlags = names("RTNH_F_", map[uint64]string{
		1: "RTNH_F_DEAD", 2: "RTNH_F_PERVASIVE", 4: "RTNH_F_ONLINK", 8: "RTNH_F_OFFLOAD",
		16: "RTNH_F_LINKDOWN", 32: "RTNH_F_UNRESOLVED", 64: "RTNH_F_TRAP",
	})
	encapTypes = names("LWTUNNEL_ENCAP_", map[uint64]string{
		0: "LWTUNNEL_ENCAP_NONE", EncapMPLS: "LWTUNNEL_ENCAP_MPLS", EncapIP: "LWTUNNEL_ENCAP_IP",
		EncapILA: "LWTUNNEL_ENCAP_ILA", EncapIP6: "LWTUNNEL_ENCAP_IP6", EncapSeg6: "LWTUNNEL_ENCAP_SEG6",
		EncapBPF: "LWTUNNEL_ENCAP_BPF", EncapSeg6Local: "LWTUNNEL_ENCAP_SEG6_LOCAL", EncapRPL: "LWTUNNEL_ENCAP_RPL",
		EncapIOAM6: "LWTUNNEL_ENCAP_IOAM6", EncapXfrm: "LWTUNNEL_ENCAP_XFRM",
	})
)

// Lightweight tunnel types (enum lwtunnel_encap_types of
// include/uapi/linux/lwtunnel.h).
const (
	EncapMPLS      = 1
	EncapIP        = 2
	EncapILA       = 3
	EncapIP6       = 4
	EncapSeg6      = 5
	EncapBPF       = 6
	EncapSeg6Local = 7
	EncapRPL       = 8
	EncapIOAM6     = 9
	EncapXfrm      = 10
)

// typeWords are the types of routes as users know them.
var typeWords = [...]string{
	"none", "unicast", "local", "broadcast", "anycast", "multicast",
	"blackhole", "unreachable", "prohibit", "throw", "nat", "xresolve",
}

// TypeWord is the user's word for a type of route (RTN_*), or its number.
func TypeWord(t uint8, numeric bool) string {
	if !numeric && int(t) < len(typeWords) {
		return typeWords[t]
	}
	return strconv.Itoa(int(t))
}

// FamilyWord is the user's word for an address family: inet, inet6, link,
// mpls, bridge; "???" for others.
func FamilyWord(f uint8) string {
	switch f {
	case unix.AF_INET:
		return "inet"
	case unix.AF_INET6:
		return "inet6"
	case unix.AF_PACKET:
		return "link"
	case unix.AF_MPLS:
		return "mpls"
	case unix.AF_BRIDGE:
		return "bridge"
	}
	return "???"
}
