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
	p.uint("id", "id ", uint64(n.ID.V), " ")
	if n.Group.OK {
		p.group(n)
	}
	switch n.GroupType.V {
	case rt.GroupMpath: // ip does not say what was there before types were
	case rt.GroupResilient:
		p.str("type", "type ", "resilient", " ")
	default:
		p.str("type", "type ", "<unknown type>", " ")
	}
	if n.ResGroup.OK {
		g := &n.ResGroup.V
		p.object("resilient_args")
		p.uint("buckets", "buckets ", uint64(g.Buckets.V), " ")
		p.float("idle_timer", "idle_timer ", seconds(uint64(g.IdleTimer.V)), " ")
		p.float("unbalanced_timer", "unbalanced_timer ", seconds(uint64(g.UnbalancedTimer.V)), " ")
		p.float("unbalanced_time", "unbalanced_time ", seconds(g.UnbalancedTime.V), " ")
		p.endObject()
	}
	if n.Encap.OK && n.EncType.OK {
		p.encap(n.EncType.V, n.Encap.V)
	}
	if n.Gateway.OK {
		p.host("gateway", "via ", familyColor(n.Family), n.Family, n.Gateway.V.Bytes(), " ")
	}
	if n.OIF.V != 0 {
		p.device("dev", n.OIF.V)
	}
	if n.Scope != unix.RT_SCOPE_UNIVERSE || p.Details > 0 {
		p.str("scope", "scope ", p.Names.Scope(n.Scope), " ")
	}
	if n.Blackhole.OK {
		p.null("blackhole", "blackhole ")
	}
	if n.Protocol != unix.RTPROT_UNSPEC || p.Details > 0 {
		p.str("protocol", "proto ", p.Names.Proto(n.Protocol), " ")
	}
	p.flags(n.Flags)
	if n.FDB.OK {
		p.null("fdb", "fdb")
	}
	if (p.Details > 0 || p.Stats > 0) && n.HWStatsEnable.OK {
		p.object("hw_stats")
		p.onOff("enabled", "hw_stats ", n.HWStatsEnable.V != 0)
		p.onOff("used", "used ", n.HWStatsUsed.V != 0)
		p.endObject()
	}
	if n.GroupStats.OK && p.Stats > 0 {
		p.groupStats(n)
	}
	p.endObject()
}

func (p *Printer) onOff(k, before string, v bool) {
	s := before + "off "
	if v {
		s = before + "on "
	}
	p.bool(k, s, v)
}

func (p *Printer) group(n *rt.Nexthop) {
	p.array("group")
	p.text("group ")
	for i, m := range n.Group.V {
		if i > 0 {
			p.text("/")
		}
		p.object("")
		p.uint("id", "", uint64(m.ID), "")
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
	p.array("group_stats")
	p.nl()
	p.text("  stats:")
	p.nl()
	for i := range n.Group.V {
		var s rt.GroupStats
		if i < len(n.GroupStats.V) {
			s = n.GroupStats.V[i]
		}
		p.object("")
		p.uint("id", "    id ", uint64(s.ID.V), "")
		p.uint("packets", " packets ", s.Packets.V, "")
		if p.Stats > 1 {
			p.uint("packets_hw", " packets_hw ", s.PacketsHW.V, "")
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
		p.uint("id", "id ", uint64(n.ID.V), " ")
	}
	if n.Bucket.OK {
		b := &n.Bucket.V
		p.object("bucket")
		if b.Index.OK {
			p.uint("index", "index ", uint64(b.Index.V), " ")
		}
		if b.IdleTime.OK {
			p.float("idle_time", "idle_time ", seconds(b.IdleTime.V), " ")
		}
		if b.NHID.OK {
			p.uint("nhid", "nhid ", uint64(b.NHID.V), " ")
		}
		p.endObject()
	}
	p.flags(n.Flags)
	p.text("\n")
	p.endObject()
	return p.flushFull()
}
