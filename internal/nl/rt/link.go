package rt

import (
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl/attr"
)

// Link is an RTM_NEWLINK or RTM_DELLINK message: struct ifinfomsg and those
// IFLA_* attributes that names, VRFs and the cache's cues need; the others
// are in Unknown.
type Link struct {
	Family    uint8
	Type      uint16 // ARPHRD_*
	Index     int32
	Flags     uint32 // IFF_*
	Change    uint32
	Name      attr.Opt[string]
	MTU       attr.Opt[uint32]
	Peer      attr.Opt[uint32] // IFLA_LINK
	Master    attr.Opt[uint32]
	OperState attr.Opt[uint8]
	Carrier   attr.Opt[uint8]
	Group     attr.Opt[uint32]
	ExtMask   attr.Opt[uint32]
	NetnsID   attr.Opt[uint32]
	NewIndex  attr.Opt[uint32]
	Info      attr.Opt[LinkInfo]
	AltName   attr.Opt[string] // of requests
	Props     attr.Opt[LinkProps]
	Unknown   []attr.Raw
}

// LinkInfo is IFLA_LINKINFO: the kind of a device (vrf, veth) and, for a VRF,
// its table.
type LinkInfo struct {
	Kind, SlaveKind attr.Opt[string]
	Data, SlaveData attr.Opt[[]byte]
	Unknown         []attr.Raw
}

// LinkProps is IFLA_PROP_LIST: the alternative names.
type LinkProps struct {
	AltNames []string
	Unknown  []attr.Raw
}

// VRF is IFLA_INFO_DATA of a device of kind vrf.
type VRF struct {
	Table   attr.Opt[uint32]
	Unknown []attr.Raw
}

const (
	linkHeaderLen = 16 // struct ifinfomsg
	addrHeaderLen = 8  // struct ifaddrmsg

	// RTEXT_FILTER_* bits of IFLA_EXT_MASK: what a look-up of a name asks for.
	extFilterVF       = 1
	extFilterSkipStat = 8
	extFilterNameOnly = 1 << 8

	iflaAltIfname = 53 // IFLA_ALT_IFNAME
	iflaPropList  = 52
	iflaNewIndex  = 49
)

var linkInfoTable = attr.NewTable("IFLA_INFO", func(i *LinkInfo) *[]attr.Raw { return &i.Unknown },
	attr.Of(spec(unix.IFLA_INFO_KIND, "IFLA_INFO_KIND", "", "info_kind", "Kind of the device."),
		attr.String, func(i *LinkInfo) *attr.Opt[string] { return &i.Kind }),
	attr.Of(spec(unix.IFLA_INFO_DATA, "IFLA_INFO_DATA", "", "", "Attributes of the kind."),
		attr.Bytes, func(i *LinkInfo) *attr.Opt[[]byte] { return &i.Data }),
	attr.Of(spec(unix.IFLA_INFO_SLAVE_KIND, "IFLA_INFO_SLAVE_KIND", "", "", "Kind of the master that the device is enslaved to."),
		attr.String, func(i *LinkInfo) *attr.Opt[string] { return &i.SlaveKind }),
	attr.Of(spec(unix.IFLA_INFO_SLAVE_DATA, "IFLA_INFO_SLAVE_DATA", "", "", "Attributes that the master's kind gives to the device."),
		attr.Bytes, func(i *LinkInfo) *attr.Opt[[]byte] { return &i.SlaveData }))

var vrfTable = attr.NewTable("IFLA_VRF", func(v *VRF) *[]attr.Raw { return &v.Unknown },
	attr.Of(spec(1, "IFLA_VRF_TABLE", "", "table", "Routing table of the VRF."),
		attr.U32, func(v *VRF) *attr.Opt[uint32] { return &v.Table }))

var linkPropTable = attr.NewTable("IFLA", func(l *LinkProps) *[]attr.Raw { return &l.Unknown },
	attr.Custom(spec(iflaAltIfname, "IFLA_ALT_IFNAME", "", "altnames", "Another name of the device."), "string",
		func(l *LinkProps, p []byte, c *attr.Ctx) bool {
			s, ok := attr.String.Decode(p, c)
			if ok {
				l.AltNames = append(l.AltNames, s)
			}
			return ok
		},
		func(b []byte, l *LinkProps) []byte {
			for _, n := range l.AltNames {
				b = attr.Put(b, iflaAltIfname, append([]byte(n), 0))
			}
			return b
		}, attr.String.Trace, nil))

// Rows of links, IFLA_*.
var (
	IFLAName = attr.Of(spec(unix.IFLA_IFNAME, "IFLA_IFNAME", "dev", "ifname", "Name of the device."),
		attr.String, func(l *Link) *attr.Opt[string] { return &l.Name })
	IFLAAltName = attr.Of(spec(iflaAltIfname, "IFLA_ALT_IFNAME", "dev", "altname", "Another name of the device."),
		attr.String, func(l *Link) *attr.Opt[string] { return &l.AltName })
	IFLAExtMask = attr.Of(spec(unix.IFLA_EXT_MASK, "IFLA_EXT_MASK", "", "", "What the answer shall hold, RTEXT_FILTER_*."),
		attr.U32, func(l *Link) *attr.Opt[uint32] { return &l.ExtMask })

	LinkTable = attr.NewTable("IFLA", func(l *Link) *[]attr.Raw { return &l.Unknown }, append([]attr.Rows[Link]{
		IFLAName,
		attr.Of(spec(unix.IFLA_MTU, "IFLA_MTU", "", "mtu", "Maximum transmission unit in bytes."),
			attr.U32, func(l *Link) *attr.Opt[uint32] { return &l.MTU }),
		attr.Of(spec(unix.IFLA_LINK, "IFLA_LINK", "", "link", "Device below, or peer."),
			attr.IfIndex, func(l *Link) *attr.Opt[uint32] { return &l.Peer }),
		attr.Of(spec(unix.IFLA_MASTER, "IFLA_MASTER", "", "master", "Device that this one is enslaved to."),
			attr.IfIndex, func(l *Link) *attr.Opt[uint32] { return &l.Master }),
		attr.Of(spec(unix.IFLA_OPERSTATE, "IFLA_OPERSTATE", "", "operstate", "State of RFC 2863."),
			attr.U8, func(l *Link) *attr.Opt[uint8] { return &l.OperState }),
		attr.Of(spec(unix.IFLA_CARRIER, "IFLA_CARRIER", "", "carrier", "1 with carrier, 0 without."),
			attr.U8, func(l *Link) *attr.Opt[uint8] { return &l.Carrier }),
		attr.Of(spec(unix.IFLA_GROUP, "IFLA_GROUP", "", "group", "Device group."),
			attr.U32, func(l *Link) *attr.Opt[uint32] { return &l.Group }),
		IFLAExtMask,
		attr.Of(spec(unix.IFLA_LINK_NETNSID, "IFLA_LINK_NETNSID", "", "link_netnsid", "Namespace that the device below is in."),
			attr.U32, func(l *Link) *attr.Opt[uint32] { return &l.NetnsID }),
		attr.Of(spec(iflaNewIndex, "IFLA_NEW_IFINDEX", "", "", "Index that a moved device gets in its new namespace."),
			attr.U32, func(l *Link) *attr.Opt[uint32] { return &l.NewIndex }),
		attr.Of(spec(unix.IFLA_LINKINFO, "IFLA_LINKINFO", "", "linkinfo", "Kind of the device and its attributes."),
			attr.Nest(linkInfoTable), func(l *Link) *attr.Opt[LinkInfo] { return &l.Info }),
		IFLAAltName,
		attr.Of(spec(iflaPropList, "IFLA_PROP_LIST", "", "altnames", "Other names of the device."),
			attr.Nest(linkPropTable), func(l *Link) *attr.Opt[LinkProps] { return &l.Props }),
	}, otherLinks()...)...)
)

// DecodeLink reads the body of a link message into l, which it resets.
func DecodeLink(l *Link, body []byte) error {
	*l = Link{Unknown: l.Unknown[:0]}
	if len(body) < linkHeaderLen {
		return fmt.Errorf("link message of %d bytes, want at least %d", len(body), linkHeaderLen)
	}
	l.Family, l.Type = body[0], ne.Uint16(body[2:])
	l.Index = int32(ne.Uint32(body[4:]))
	l.Flags, l.Change = ne.Uint32(body[8:]), ne.Uint32(body[12:])
	return LinkTable.Decode(l, body[linkHeaderLen:], &attr.Ctx{Family: l.Family})
}

// Append appends the body of a link message.
func (l *Link) Append(b []byte) []byte {
	b = append(b, l.Family, 0)
	b = ne.AppendUint16(b, l.Type)
	b = ne.AppendUint32(b, uint32(l.Index))
	b = ne.AppendUint32(b, l.Flags)
	b = ne.AppendUint32(b, l.Change)
	return LinkTable.Append(b, l)
}

// VRFTable is the table of a device of kind vrf; ok is false for others.
func (l *Link) VRFTable() (table uint32, ok bool) {
	if l.Info.V.Kind.V != "vrf" {
		return 0, false
	}
	var v VRF
	if vrfTable.Decode(&v, l.Info.V.Data.V, &attr.Ctx{}) != nil {
		return 0, false
	}
	return v.Table.V, v.Table.OK
}

func traceLinkHeader(b, p []byte, c *attr.Ctx) []byte {
	b = append(b, "{ifi_family="...)
	b = families.Append(b, uint64(p[0]))
	b = append(b, ", ifi_type="...)
	b = arpTypes.Append(b, uint64(ne.Uint16(p[2:])))
	b = append(b, ", ifi_index="...)
	b = attr.AppendIfIndex(b, ne.Uint32(p[4:]), c)
	b = append(b, ", ifi_flags="...)
	b = linkFlags.AppendFlags(b, uint64(ne.Uint32(p[8:])))
	b = append(b, ", ifi_change="...)
	if v := ne.Uint32(p[12:]); v == 0 {
		b = append(b, '0')
	} else {
		b = strconv.AppendUint(append(b, "0x"...), uint64(v), 16)
	}
	return append(b, '}')
}

var (
	arpTypes = names("ARPHRD_", map[uint64]string{
		0: "ARPHRD_NETROM", 1: "ARPHRD_ETHER", 768: "ARPHRD_TUNNEL", 769: "ARPHRD_TUNNEL6", 772: "ARPHRD_LOOPBACK",
		776: "ARPHRD_SIT", 778: "ARPHRD_IPGRE", 823: "ARPHRD_IP6GRE", 824: "ARPHRD_NETLINK", 0xfffe: "ARPHRD_NONE", 512: "ARPHRD_PPP",
	})
	linkFlags = names("IFF_", map[uint64]string{
		1: "IFF_UP", 2: "IFF_BROADCAST", 4: "IFF_DEBUG", 8: "IFF_LOOPBACK", 16: "IFF_POINTOPOINT", 32: "IFF_NOTRAILERS",
		64: "IFF_RUNNING", 128: "IFF_NOARP", 256: "IFF_PROMISC", 512: "IFF_ALLMULTI", 1024: "IFF_MASTER", 2048: "IFF_SLAVE",
		4096: "IFF_MULTICAST", 8192: "IFF_PORTSEL", 16384: "IFF_AUTOMEDIA", 32768: "IFF_DYNAMIC",
		65536: "IFF_LOWER_UP", 131072: "IFF_DORMANT", 262144: "IFF_ECHO",
	})
)

// LinkByName is the look-up of a device by its name, or by an alternative
// name when it can be none of IFNAMSIZ (15 bytes and less).
func LinkByName(name string) (typ uint16, body []byte) {
	b := make([]byte, linkHeaderLen)
	b = IFLAExtMask.Put(b, extFilterVF|extFilterSkipStat|extFilterNameOnly)
	if validIfName(name) {
		return unix.RTM_GETLINK, IFLAName.Put(b, name)
	}
	return unix.RTM_GETLINK, IFLAAltName.Put(b, name)
}

// LinkByIndex is the look-up of a device by its number.
func LinkByIndex(index uint32) (typ uint16, body []byte) {
	b := make([]byte, linkHeaderLen)
	ne.PutUint32(b[4:], index)
	return unix.RTM_GETLINK, IFLAExtMask.Put(b, extFilterVF|extFilterSkipStat|extFilterNameOnly)
}

// validIfName is dev_valid_name of net/core/dev.c.
func validIfName(s string) bool {
	if s == "" || len(s) >= unix.IFNAMSIZ || s == "." || s == ".." {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; c {
		case '/', ' ', '\t', '\n', '\v', '\f', '\r':
			return false
		}
	}
	return true
}

// Address is an RTM_NEWADDR or RTM_DELADDR message: struct ifaddrmsg and the
// IFA_* attributes that the cache's cues need; the others are in Unknown.
type Address struct {
	Family, PrefixLen, Flags8, Scope uint8
	Index                            uint32
	Address, Local                   attr.Opt[Addr]
	Label                            attr.Opt[string]
	Flags                            attr.Opt[uint32] // IFA_FLAGS, all 32 bits
	Priority                         attr.Opt[uint32]
	Protocol                         attr.Opt[uint8]
	Unknown                          []attr.Raw
}

// AddressTable is the attribute space of address messages, IFA_*.
var AddressTable = attr.NewTable("IFA", func(a *Address) *[]attr.Raw { return &a.Unknown },
	attr.Of(spec(unix.IFA_ADDRESS, "IFA_ADDRESS", "", "address", "Address, or the peer's on point-to-point devices."),
		address, func(a *Address) *attr.Opt[Addr] { return &a.Address }),
	attr.Of(spec(unix.IFA_LOCAL, "IFA_LOCAL", "", "local", "Local address."),
		address, func(a *Address) *attr.Opt[Addr] { return &a.Local }),
	attr.Of(spec(unix.IFA_LABEL, "IFA_LABEL", "", "label", "Name of the device with the address's label."),
		attr.String, func(a *Address) *attr.Opt[string] { return &a.Label }),
	attr.Of(spec(unix.IFA_FLAGS, "IFA_FLAGS", "", "", "IFA_F_* flags."),
		attr.U32, func(a *Address) *attr.Opt[uint32] { return &a.Flags }),
	attr.Of(spec(unix.IFA_RT_PRIORITY, "IFA_RT_PRIORITY", "", "metric", "Metric of the prefix route."),
		attr.U32, func(a *Address) *attr.Opt[uint32] { return &a.Priority }),
	attr.Opaque[Address](spec(unix.IFA_BROADCAST, "IFA_BROADCAST", "", "", "Broadcast address; carried, not read.")),
	attr.Opaque[Address](spec(unix.IFA_ANYCAST, "IFA_ANYCAST", "", "", "Anycast address; carried, not read.")),
	attr.Opaque[Address](spec(unix.IFA_CACHEINFO, "IFA_CACHEINFO", "", "", "Lifetimes of the address; carried, not read.")),
	attr.Opaque[Address](spec(unix.IFA_MULTICAST, "IFA_MULTICAST", "", "", "Multicast address; carried, not read.")),
	attr.Opaque[Address](spec(10, "IFA_TARGET_NETNSID", "", "", "Namespace that a request is for; carried, not read.")),
	attr.Of(spec(11, "IFA_PROTO", "", "protocol", "Who made the address."),
		attr.U8, func(a *Address) *attr.Opt[uint8] { return &a.Protocol }))

// DecodeAddress reads the body of an address message into a, which it resets.
func DecodeAddress(a *Address, body []byte) error {
	*a = Address{Unknown: a.Unknown[:0]}
	if len(body) < addrHeaderLen {
		return fmt.Errorf("address message of %d bytes, want at least %d", len(body), addrHeaderLen)
	}
	a.Family, a.PrefixLen, a.Flags8, a.Scope = body[0], body[1], body[2], body[3]
	a.Index = ne.Uint32(body[4:])
	return AddressTable.Decode(a, body[addrHeaderLen:], &attr.Ctx{Family: a.Family})
}

// Append appends the body of an address message.
func (a *Address) Append(b []byte) []byte {
	b = ne.AppendUint32(append(b, a.Family, a.PrefixLen, a.Flags8, a.Scope), a.Index)
	return AddressTable.Append(b, a)
}

func traceAddressHeader(b, p []byte, c *attr.Ctx) []byte {
	b = append(b, "{ifa_family="...)
	b = families.Append(b, uint64(p[0]))
	b = fmt.Appendf(b, ", ifa_prefixlen=%d, ifa_flags=%#x, ifa_scope=", p[1], p[2])
	b = scopes.Append(b, uint64(p[3]))
	b = append(b, ", ifa_index="...)
	return append(attr.AppendIfIndex(b, ne.Uint32(p[4:]), c), '}')
}

// VRFByName is the look-up of a device by name with what tells whether it is
// a VRF.
func VRFByName(name string) (typ uint16, body []byte) {
	return unix.RTM_GETLINK, IFLAName.Put(make([]byte, linkHeaderLen), name)
}
