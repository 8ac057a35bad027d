package rt

import (
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl/attr"
)

// NHA_* numbers and values that golang.org/x/sys/unix does not have
// (include/uapi/linux/nexthop.h).
const (
	nhaFDB           = 11
	nhaResGroup      = 12
	nhaResBucket     = 13
	nhaOpFlags       = 14
	nhaGroupStats    = 15
	nhaHWStatsEnable = 16
	nhaHWStatsUsed   = 17

	OpFlagDumpStats   = 1       // NHA_OP_FLAG_DUMP_STATS
	OpFlagDumpHWStats = 2       // NHA_OP_FLAG_DUMP_HW_STATS
	OpFlagWeight16    = 1 << 31 // NHA_OP_FLAG_RESP_GRP_RESVD_0: weight_high is true

	GroupMpath     = 0 // NEXTHOP_GRP_TYPE_MPATH
	GroupResilient = 1 // NEXTHOP_GRP_TYPE_RES
)

// Nexthop is an RTM_*NEXTHOP or RTM_*NEXTHOPBUCKET message: struct nhmsg and
// the NHA_* attributes. Byte slices in it alias the message.
type Nexthop struct {
	Family, Scope, Protocol, Reserved uint8
	Flags                             uint32 // RTNH_F_*

	ID            attr.Opt[uint32]
	Group         attr.Opt[[]GroupMember]
	GroupType     attr.Opt[uint16]
	Blackhole     attr.Opt[struct{}]
	OIF           attr.Opt[uint32]
	Gateway       attr.Opt[Addr]
	EncType       attr.Opt[uint16]
	Encap         attr.Opt[[]byte]
	Groups        attr.Opt[struct{}] // of dump requests: only groups
	Master        attr.Opt[uint32]   // of dump requests: devices of this master
	FDB           attr.Opt[struct{}]
	ResGroup      attr.Opt[ResGroup]
	Bucket        attr.Opt[ResBucket]
	OpFlags       attr.Opt[uint32]
	GroupStats    attr.Opt[[]GroupStats]
	HWStatsEnable attr.Opt[uint32]
	HWStatsUsed   attr.Opt[uint32]
	Unknown       []attr.Raw

	ctx attr.Ctx
}

// NexthopHeaderLen is the size of struct nhmsg.
const NexthopHeaderLen = 8

// GroupMember is struct nexthop_grp. Weight is that of the wire, one less
// than what users say; WeightHigh are its upper 8 bits since kernel 6.12,
// reserved before; see Nexthop.MemberWeight.
type GroupMember struct {
	ID         uint32
	Weight     uint8
	WeightHigh uint8
	Reserved   uint16
}

// MemberWeight is the weight of member i as users say it, 1 to 65536. The
// upper 8 bits count only where the kernel says that they do.
func (n *Nexthop) MemberWeight(i int) int {
	m := n.Group.V[i]
	w := int(m.Weight)
	if n.OpFlags.V&OpFlagWeight16 != 0 {
		w |= int(m.WeightHigh) << 8
	}
	return w + 1
}

// NewMember is a group member with a weight of 1 to 65536.
func NewMember(id, weight uint32) GroupMember {
	w := weight - 1
	return GroupMember{ID: id, Weight: uint8(w), WeightHigh: uint8(w >> 8)}
}

// ResGroup is NHA_RES_GROUP. Times are in hundredths of a second.
type ResGroup struct {
	Buckets                    attr.Opt[uint16]
	IdleTimer, UnbalancedTimer attr.Opt[uint32]
	UnbalancedTime             attr.Opt[uint64]
	Unknown                    []attr.Raw
}

// ResBucket is NHA_RES_BUCKET. IdleTime is in hundredths of a second.
type ResBucket struct {
	Index    attr.Opt[uint16]
	IdleTime attr.Opt[uint64]
	NHID     attr.Opt[uint32]
	Unknown  []attr.Raw
}

// GroupStats is one member's entry of NHA_GROUP_STATS.
type GroupStats struct {
	ID        attr.Opt[uint32]
	Packets   attr.Opt[uint64]
	PacketsHW attr.Opt[uint64]
	Unknown   []attr.Raw
}

// The attributes below NHA_RES_GROUP, NHA_RES_BUCKET and NHA_GROUP_STATS.
var (
	ResGroupBuckets = attr.Of(spec(1, "NHA_RES_GROUP_BUCKETS", "buckets", "buckets",
		"Number of hash buckets."), attr.U16, func(g *ResGroup) *attr.Opt[uint16] { return &g.Buckets })
	ResGroupIdle = attr.Of(spec(2, "NHA_RES_GROUP_IDLE_TIMER", "idle_timer", "idle_timer",
		"How long a bucket must be idle before it may move, in hundredths of a second."),
		attr.U32, func(g *ResGroup) *attr.Opt[uint32] { return &g.IdleTimer })
	ResGroupUnbalanced = attr.Of(spec(3, "NHA_RES_GROUP_UNBALANCED_TIMER", "unbalanced_timer", "unbalanced_timer",
		"How long a group may stay out of balance before buckets are moved by force, in hundredths of a second."),
		attr.U32, func(g *ResGroup) *attr.Opt[uint32] { return &g.UnbalancedTimer })
	ResGroupUnbalancedTime = attr.Of(spec(4, "NHA_RES_GROUP_UNBALANCED_TIME", "", "unbalanced_time",
		"How long the group has been out of balance, in hundredths of a second."),
		attr.U64, func(g *ResGroup) *attr.Opt[uint64] { return &g.UnbalancedTime })
	ResGroupTable = attr.NewTable("NHA_RES_GROUP", func(g *ResGroup) *[]attr.Raw { return &g.Unknown },
		ResGroupBuckets, ResGroupIdle, ResGroupUnbalanced, ResGroupUnbalancedTime,
		attr.Opaque[ResGroup](spec(0, "NHA_RES_GROUP_PAD", "", "", "Fills up to an 8-byte boundary.")))

	ResBucketIndex = attr.Of(spec(1, "NHA_RES_BUCKET_INDEX", "index", "index",
		"Number of the bucket in its group."), attr.U16, func(b *ResBucket) *attr.Opt[uint16] { return &b.Index })
	ResBucketIdle = attr.Of(spec(2, "NHA_RES_BUCKET_IDLE_TIME", "", "idle_time",
		"Time since the bucket was used, in hundredths of a second."),
		attr.U64, func(b *ResBucket) *attr.Opt[uint64] { return &b.IdleTime })
	ResBucketNHID = attr.Of(spec(3, "NHA_RES_BUCKET_NH_ID", "nhid", "nhid",
		"Nexthop object that the bucket sends to."), attr.U32, func(b *ResBucket) *attr.Opt[uint32] { return &b.NHID })
	ResBucketTable = attr.NewTable("NHA_RES_BUCKET", func(b *ResBucket) *[]attr.Raw { return &b.Unknown },
		ResBucketIndex, ResBucketIdle, ResBucketNHID,
		attr.Opaque[ResBucket](spec(0, "NHA_RES_BUCKET_PAD", "", "", "Fills up to an 8-byte boundary.")))

	GroupStatsID = attr.Of(spec(1, "NHA_GROUP_STATS_ENTRY_ID", "", "id",
		"Member that the counters are of."), attr.U32, func(s *GroupStats) *attr.Opt[uint32] { return &s.ID })
	GroupStatsPackets = attr.Of(spec(2, "NHA_GROUP_STATS_ENTRY_PACKETS", "", "packets",
		"Packets sent by this member, software and hardware."), attr.Uint, func(s *GroupStats) *attr.Opt[uint64] { return &s.Packets })
	GroupStatsPacketsHW = attr.Of(spec(3, "NHA_GROUP_STATS_ENTRY_PACKETS_HW", "", "packets_hw",
		"Packets sent by this member in hardware."), attr.Uint, func(s *GroupStats) *attr.Opt[uint64] { return &s.PacketsHW })
	GroupStatsTable = attr.NewTable("NHA_GROUP_STATS_ENTRY", func(s *GroupStats) *[]attr.Raw { return &s.Unknown },
		GroupStatsID, GroupStatsPackets, GroupStatsPacketsHW)
)

// GroupTypes are the types of groups as users know them.
var GroupTypes = Words{GroupMpath: "mpath", GroupResilient: "resilient"}

var groupKind = attr.Kind[[]GroupMember]{
	Name: "group",
	Decode: func(p []byte, _ *attr.Ctx) ([]GroupMember, bool) {
		if len(p) == 0 || len(p)%8 != 0 {
			return nil, false
		}
		out := make([]GroupMember, len(p)/8)
		for i := range out {
			q := p[8*i:]
			out[i] = GroupMember{ne.Uint32(q), q[4], q[5], ne.Uint16(q[6:])}
		}
		return out, true
	},
	Append: func(b []byte, g []GroupMember) []byte {
		for _, m := range g {
			b = append(ne.AppendUint32(b, m.ID), m.Weight, m.WeightHigh)
			b = ne.AppendUint16(b, m.Reserved)
		}
		return b
	},
	Trace: func(b, p []byte, _ *attr.Ctx) []byte {
		for i := 0; i < len(p); i += 8 {
			b = append(b, ", "...)
			if i == 0 {
				b[len(b)-2] = '['
				b = b[:len(b)-1]
			}
			b = fmt.Appendf(b, "{id=%d, weight=%d", ne.Uint32(p[i:]), p[i+4])
			if p[i+5] != 0 {
				b = fmt.Appendf(b, ", weight_high=%d", p[i+5])
			}
			if r := ne.Uint16(p[i+6:]); r != 0 {
				b = fmt.Appendf(b, ", resvd2=%#x", r)
			}
			b = append(b, '}')
		}
		return append(b, ']')
	},
}

var (
	grpTypes = names("NEXTHOP_GRP_TYPE_", map[uint64]string{
		GroupMpath: "NEXTHOP_GRP_TYPE_MPATH", GroupResilient: "NEXTHOP_GRP_TYPE_RES",
	})
	opFlags = names("NHA_OP_FLAG_", map[uint64]string{
		OpFlagDumpStats: "NHA_OP_FLAG_DUMP_STATS", OpFlagDumpHWStats: "NHA_OP_FLAG_DUMP_HW_STATS",
		OpFlagWeight16: "NHA_OP_FLAG_RESP_GRP_RESVD_0",
	})
)

// Rows of nexthop objects, NHA_*.
var (
	NHAID = attr.Of(spec(unix.NHA_ID, "NHA_ID", "id", "id",
		"Number of the object; without it the kernel chooses one."),
		attr.U32, func(n *Nexthop) *attr.Opt[uint32] { return &n.ID })
	NHAGroup = attr.Of(spec(unix.NHA_GROUP, "NHA_GROUP", "group", "group",
		"Members of a group with their weights."),
		groupKind, func(n *Nexthop) *attr.Opt[[]GroupMember] { return &n.Group })
	NHAGroupType = attr.Of(spec(unix.NHA_GROUP_TYPE, "NHA_GROUP_TYPE", "type", "type",
		"How a group spreads flows: mpath (hash threshold) or resilient."),
		attr.EnumOf(attr.U16, grpTypes), func(n *Nexthop) *attr.Opt[uint16] { return &n.GroupType })
	NHABlackhole = attr.Of(spec(unix.NHA_BLACKHOLE, "NHA_BLACKHOLE", "blackhole", "blackhole",
		"Packets are dropped."),
		attr.Flag, func(n *Nexthop) *attr.Opt[struct{}] { return &n.Blackhole })
	NHAOIF = attr.Of(spec(unix.NHA_OIF, "NHA_OIF", "dev", "dev",
		"Device that packets leave by; in dump requests, only objects over it."),
		attr.IfIndex, func(n *Nexthop) *attr.Opt[uint32] { return &n.OIF })
	NHAGateway = attr.Of(spec(unix.NHA_GATEWAY, "NHA_GATEWAY", "via", "gateway",
		"Address of the next hop."),
		address, func(n *Nexthop) *attr.Opt[Addr] { return &n.Gateway })
	NHAEncapType = attr.Of(spec(unix.NHA_ENCAP_TYPE, "NHA_ENCAP_TYPE", "encap", "encap_type",
		"Lightweight tunnel type that NHA_ENCAP is of."),
		attr.EnumOf(attr.U16, encapTypes), func(n *Nexthop) *attr.Opt[uint16] { return &n.EncType })
	NHAEncap = attr.Of(attr.Spec{
		Type: unix.NHA_ENCAP, Name: "NHA_ENCAP", Word: "encap", Key: "encap", Nested: true,
		Doc: "Lightweight tunnel encapsulation, in the attributes of its type.",
	}, encapKind, func(n *Nexthop) *attr.Opt[[]byte] { return &n.Encap })
	NHAGroups = attr.Of(spec(unix.NHA_GROUPS, "NHA_GROUPS", "groups", "",
		"In dump requests: groups only."),
		attr.Flag, func(n *Nexthop) *attr.Opt[struct{}] { return &n.Groups })
	NHAMaster = attr.Of(spec(unix.NHA_MASTER, "NHA_MASTER", "master", "",
		"In dump requests: objects over devices enslaved to this one."),
		attr.IfIndex, func(n *Nexthop) *attr.Opt[uint32] { return &n.Master })
	NHAFDB = attr.Of(spec(nhaFDB, "NHA_FDB", "fdb", "fdb",
		"The object is for bridge and VXLAN forwarding entries, not for routes."),
		attr.Flag, func(n *Nexthop) *attr.Opt[struct{}] { return &n.FDB })
	NHAResGroup = attr.Of(attr.Spec{
		Type: nhaResGroup, Name: "NHA_RES_GROUP", Key: "resilient_args", Nested: true,
		Doc: "Buckets and timers of a resilient group.",
	}, attr.Nest(ResGroupTable), func(n *Nexthop) *attr.Opt[ResGroup] { return &n.ResGroup })
	NHAResBucket = attr.Of(attr.Spec{
		Type: nhaResBucket, Name: "NHA_RES_BUCKET", Key: "bucket", Nested: true,
		Doc: "A bucket of a resilient group.",
	}, attr.Nest(ResBucketTable), func(n *Nexthop) *attr.Opt[ResBucket] { return &n.Bucket })
	NHAOpFlags = attr.Of(spec(nhaOpFlags, "NHA_OP_FLAGS", "", "",
		"What a request wants in the answer, and what an answer vouches for."),
		attr.FlagsOf(attr.U32, opFlags), func(n *Nexthop) *attr.Opt[uint32] { return &n.OpFlags })
	NHAGroupStats = attr.Of(spec(nhaGroupStats, "NHA_GROUP_STATS", "", "group_stats",
		"Packet counters of a group's members."),
		attr.NestList(GroupStatsTable, attr.Spec{Type: 1, Name: "NHA_GROUP_STATS_ENTRY", Nested: true}),
		func(n *Nexthop) *attr.Opt[[]GroupStats] { return &n.GroupStats })
	NHAHWStatsEnable = attr.Of(spec(nhaHWStatsEnable, "NHA_HW_STATS_ENABLE", "hw_stats", "enabled",
		"Whether hardware shall count packets of the group's members."),
		attr.U32, func(n *Nexthop) *attr.Opt[uint32] { return &n.HWStatsEnable })
	NHAHWStatsUsed = attr.Of(spec(nhaHWStatsUsed, "NHA_HW_STATS_USED", "", "used",
		"Whether hardware counts packets of the group's members."),
		attr.U32, func(n *Nexthop) *attr.Opt[uint32] { return &n.HWStatsUsed })
)

// NexthopTable is the attribute space of nexthop and bucket messages.
var NexthopTable = attr.NewTable("NHA", func(n *Nexthop) *[]attr.Raw { return &n.Unknown },
	NHAID, NHAGroup, NHAGroupType, NHABlackhole, NHAOIF, NHAGateway, NHAEncap, NHAEncapType,
	NHAGroups, NHAMaster, NHAFDB, NHAResGroup, NHAResBucket, NHAOpFlags, NHAGroupStats,
	NHAHWStatsEnable, NHAHWStatsUsed).Beside(unix.NHA_ENCAP_TYPE)

// DecodeNexthop reads the body of a nexthop or bucket message into n, which
// it resets. The error is a *attr.LenError, or says that the header is not
// there.
func DecodeNexthop(n *Nexthop, body []byte) error {
	*n = Nexthop{Unknown: n.Unknown[:0]}
	if len(body) < NexthopHeaderLen {
		return fmt.Errorf("nexthop message of %d bytes, want at least %d", len(body), NexthopHeaderLen)
	}
	n.Family, n.Scope, n.Protocol, n.Reserved = body[0], body[1], body[2], body[3]
	n.Flags = ne.Uint32(body[4:])
	n.ctx.Family = n.Family
	return NexthopTable.Decode(n, body[NexthopHeaderLen:], &n.ctx)
}

// AppendHeader appends struct nhmsg.
func (n *Nexthop) AppendHeader(b []byte) []byte {
	return ne.AppendUint32(append(b, n.Family, n.Scope, n.Protocol, n.Reserved), n.Flags)
}

// Append appends the body of a nexthop message.
func (n *Nexthop) Append(b []byte) []byte { return NexthopTable.Append(n.AppendHeader(b), n) }

func traceNexthopHeader(b, p []byte, _ *attr.Ctx) []byte {
	b = append(b, "{nh_family="...)
	b = families.Append(b, uint64(p[0]))
	b = append(b, ", nh_scope="...)
	b = scopes.Append(b, uint64(p[1]))
	b = append(b, ", nh_protocol="...)
	b = protocols.Append(b, uint64(p[2]))
	if p[3] != 0 {
		b = strconv.AppendUint(append(b, ", resvd=0x"...), uint64(p[3]), 16)
	}
	b = append(b, ", nh_flags="...)
	return append(hopFlags.AppendFlags(b, uint64(ne.Uint32(p[4:]))), '}')
}
