package out

import (
	"strconv"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl/rt"
)

func itoa(n int) string                 { return strconv.Itoa(n) }
func appendInt(b []byte, n int) []byte  { return strconv.AppendInt(b, int64(n), 10) }
func hexString(v uint32) string         { return strconv.FormatUint(uint64(v), 16) }
func seconds(hundredths uint64) float64 { return float64(hundredths) / 100 }

// PrintNexthop prints one nexthop object as ip does.
func (p *Printer) PrintNexthop(n *rt.Nexthop, deleted bool) error {
	p.nexthop("", n, deleted)
	p.text("\n")
	return p.flushFull()
}

func (p *Printer) nexthop(key string, n *rt.Nexthop, deleted bool) {
	p.object(key)
	if deleted {
		p.bool("deleted", "Deleted ", true)
	}
	p.rowUint(&rt.NHAID.Spec, uint64(n.ID.V), " ")
	if n.Group.OK {
		p.group(n)
	}
	switch n.GroupType.V {
	case rt.GroupMpath: // ip does not say what was there before types were
	case rt.GroupResilient:
		p.rowStr(&rt.NHAGroupType.Spec, rt.GroupTypes[rt.GroupResilient], " ")
	default:
		p.rowStr(&rt.NHAGroupType.Spec, "<unknown type>", " ")
	}
	if n.ResGroup.OK {
		g := &n.ResGroup.V
		p.object(rt.NHAResGroup.Spec.Key)
		p.rowUint(&rt.ResGroupBuckets.Spec, uint64(g.Buckets.V), " ")
		p.rowSeconds(&rt.ResGroupIdle.Spec, uint64(g.IdleTimer.V))
		p.rowSeconds(&rt.ResGroupUnbalanced.Spec, uint64(g.UnbalancedTimer.V))
		p.rowSeconds(&rt.ResGroupUnbalancedTime.Spec, g.UnbalancedTime.V)
		p.endObject()
	}
	if n.Encap.OK && n.EncType.OK {
		p.encap(n.EncType.V, n.Encap.V)
	}
	if n.Gateway.OK {
		p.rowHost(&rt.NHAGateway.Spec, n.Family, n.Gateway.V.Bytes())
	}
	if n.OIF.V != 0 {
		p.device(&rt.NHAOIF.Spec, n.OIF.V)
	}
	if n.Scope != unix.RT_SCOPE_UNIVERSE || p.Details > 0 {
		p.str("scope", "scope ", p.Names.Scope(n.Scope), " ")
	}
	if n.Blackhole.OK {
		p.word(&rt.NHABlackhole.Spec)
		p.null(rt.NHABlackhole.Spec.Key, "")
	}
	if n.Protocol != unix.RTPROT_UNSPEC || p.Details > 0 {
		p.str("protocol", "proto ", p.Names.Proto(n.Protocol), " ")
	}
	p.flags(n.Flags)
	if n.FDB.OK {
		p.null(rt.NHAFDB.Spec.Key, rt.NHAFDB.Spec.Word)
	}
	if (p.Details > 0 || p.Stats > 0) && n.HWStatsEnable.OK {
		p.object("hw_stats")
		p.word(&rt.NHAHWStatsEnable.Spec)
		p.onOff(rt.NHAHWStatsEnable.Spec.Key, n.HWStatsEnable.V != 0)
		p.text("used ")
		p.onOff(rt.NHAHWStatsUsed.Spec.Key, n.HWStatsUsed.V != 0)
		p.endObject()
	}
	if n.GroupStats.OK && p.Stats > 0 {
		p.groupStats(n)
	}
	p.endObject()
}

func (p *Printer) onOff(k string, v bool) {
	s := "off "
	if v {
		s = "on "
	}
	p.bool(k, s, v)
}

func (p *Printer) group(n *rt.Nexthop) {
	p.array(rt.NHAGroup.Spec.Key)
	p.word(&rt.NHAGroup.Spec)
	for i, m := range n.Group.V {
		if i > 0 {
			p.text("/")
		}
		p.object("")
		p.uint(rt.NHAID.Spec.Key, "", uint64(m.ID), "")
		if w := n.MemberWeight(i); w > 1 {
			// ip keeps it in 16 bits, where 65536 is 0.
			p.uint("weight", ",", uint64(w), "")
		}
		p.endObject()
	}
	p.text(" ")
	p.endArray()
}

func (p *Printer) groupStats(n *rt.Nexthop) {
	p.array(rt.NHAGroupStats.Spec.Key)
	p.nl()
	p.text("  stats:")
	p.nl()
	for i := range n.Group.V {
		var s rt.GroupStats
		if i < len(n.GroupStats.V) {
			s = n.GroupStats.V[i]
		}
		p.object("")
		p.uint(rt.GroupStatsID.Spec.Key, "    id ", uint64(s.ID.V), "")
		p.uint(rt.GroupStatsPackets.Spec.Key, " packets ", s.Packets.V, "")
		if p.Stats > 1 {
			p.uint(rt.GroupStatsPacketsHW.Spec.Key, " packets_hw ", s.PacketsHW.V, "")
		}
		if i != len(n.Group.V)-1 {
			p.nl()
		}
		p.endObject()
	}
	p.endArray()
}

// PrintBucket prints one bucket of a resilient group as ip does.
func (p *Printer) PrintBucket(n *rt.Nexthop, deleted bool) error {
	p.object("")
	if deleted {
		p.bool("deleted", "Deleted ", true)
	}
	if n.ID.OK {
		p.rowUint(&rt.NHAID.Spec, uint64(n.ID.V), " ")
	}
	if n.Bucket.OK {
		b := &n.Bucket.V
		p.object(rt.NHAResBucket.Spec.Key)
		if b.Index.OK {
			p.rowUint(&rt.ResBucketIndex.Spec, uint64(b.Index.V), " ")
		}
		if b.IdleTime.OK {
			p.rowSeconds(&rt.ResBucketIdle.Spec, b.IdleTime.V)
		}
		if b.NHID.OK {
			p.rowUint(&rt.ResBucketNHID.Spec, uint64(b.NHID.V), " ")
		}
		p.endObject()
	}
	p.flags(n.Flags)
	p.text("\n")
	p.endObject()
	return p.flushFull()
}
