package out

import (
	"sync"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// PrintRoute prints one route as ip does. What the filter fixes is left out.
func (p *Printer) PrintRoute(r *rt.Route, f *rt.RouteFilter, deleted bool) error {
	host := rt.BitLen(r.Family)
	p.object("")
	if deleted {
		p.bool("deleted", "Deleted ", true)
	}
	if (r.Type != unix.RTN_UNICAST || p.Details > 0) && (f.TypeMask == 0 || f.TypeMask&(1<<(r.Type&63)) != 0) {
		p.str("type", "", p.typeName(r.Type), " ")
	}
	p.routeDst(r, host)
	p.routeSrc(r, host)
	if r.NHID.OK {
		p.rowUint(&rt.RTANHID.Spec, uint64(r.NHID.V), " ")
	}
	p.newDst(r.Family, &r.Hop)
	if r.Encap.OK && r.EncType.OK {
		p.encap(r.EncType.V, r.Encap.V)
	}
	if r.TOS != 0 && !f.TOS.OK {
		p.str("tos", "tos ", p.Names.DSField(r.TOS), " ")
	}
	if r.Gateway.OK && f.Via.Bits != host {
		p.rowHost(&rt.RTAGateway.Spec, r.Family, r.Gateway.V.Bytes())
	}
	p.via(&r.Hop)
	if r.OIF.OK && !f.OIF.OK {
		p.device(&rt.RTAOIF.Spec, r.OIF.V)
	}
	if t := r.Table(); t != 0 && (t != unix.RT_TABLE_MAIN || p.Details > 0) && f.Table == 0 {
		p.rowStr(&rt.RTATable.Spec, p.Names.Table(t), " ")
	}
	if r.Flags&rt.FlagCloned == 0 {
		if (r.Protocol != unix.RTPROT_BOOT || p.Details > 0) && !f.Protocol.OK {
			p.str("protocol", "proto ", p.Names.Proto(r.Protocol), " ")
		}
		if (r.Scope != unix.RT_SCOPE_UNIVERSE || p.Details > 0) && !f.Scope.OK {
			p.str("scope", "scope ", p.Names.Scope(r.Scope), " ")
		}
	}
	if r.PrefSrc.OK && f.PrefSrc.Bits != host {
		p.word(&rt.RTAPrefSrc.Spec)
		p.addr(rt.RTAPrefSrc.Spec.Key, "", familyColor(r.Family), r.Family, r.PrefSrc.V.Bytes(), " ")
	}
	if r.Priority.OK && !f.Metric.OK {
		p.rowUint(&rt.RTAPriority.Spec, uint64(r.Priority.V), " ")
	}
	p.flags(r.Flags)
	p.mark(r)
	if r.Flow.OK && f.RealmMask != ^uint32(0) {
		p.flow(r.Flow.V)
	}
	if r.UID.OK {
		p.rowUint(&rt.RTAUID.Spec, uint64(r.UID.V), " ")
	}
	switch r.Family {
	case unix.AF_INET:
		if r.Flags&rt.FlagCloned != 0 {
			p.cacheFlags(r.Flags)
		}
		p.cacheInfo(r)
	case unix.AF_INET6:
		p.cacheInfo(r)
	}
	if r.Metrics.OK {
		p.metrics(&r.Metrics.V)
	}
	if r.IIF.OK && !f.IIF.OK {
		p.device(&rt.RTAIIF.Spec, r.IIF.V)
	}
	if r.Pref.OK {
		p.pref(r.Pref.V)
	}
	if r.TTLPropagate.OK {
		// The key and the word are spelled so in ip, for ever.
		p.text(rt.RTATTLPropagate.Spec.Key)
		s := " disabled"
		if r.TTLPropagate.V != 0 {
			s = " enabled"
		}
		p.bool(rt.RTATTLPropagate.Spec.Key, s, r.TTLPropagate.V != 0)
	}
	if r.NHID.OK && p.Details > 0 && p.Nexthop != nil {
		if n, ok := p.Nexthop(r.NHID.V); ok {
			p.text("\n\tnh_info ")
			p.nexthop("nh_info", n, false)
		}
	}
	if r.Multipath {
		p.hops(r)
	}
	p.text("\n")
	p.endObject()
	return p.flushFull()
}

func (p *Printer) typeName(t uint8) string {
	return rt.TypeWord(t, p.Names.Numeric())
}

func (p *Printer) routeDst(r *rt.Route, host int) {
	switch {
	case r.Dst.OK:
		p.prefix(rt.RTADst.Spec.Key, "", rt.RealFamily(r.Type, r.Family), r.Dst.V.Bytes(), int(r.DstLen), host)
	case r.DstLen != 0:
		p.uint0(rt.RTADst.Spec.Key, "", r.DstLen, " ")
	default:
		p.str(rt.RTADst.Spec.Key, "", "default", " ")
	}
}

func (p *Printer) routeSrc(r *rt.Route, host int) {
	switch {
	case r.Src.OK:
		p.prefix(rt.RTASrc.Spec.Key, "from ", rt.RealFamily(r.Type, r.Family), r.Src.V.Bytes(), int(r.SrcLen), host)
	case r.SrcLen != 0:
		p.uint0("src", "from ", r.SrcLen, "")
	}
}

// uint0 writes a length without an address: 0/16.
func (p *Printer) uint0(k, before string, bits uint8, inside string) {
	p.str(k, before, "0/"+itoa(int(bits))+inside, " ")
}

// prefix writes an address with its length unless that is a host's; before is
// coloured, too.
func (p *Printer) prefix(k, before string, family uint8, a []byte, bits, host int) {
	c := familyColor(family)
	if bits == host && p.Resolve != nil {
		if n, ok := p.Resolve(family, a); ok {
			p.paint(c)
			p.str(k, before, n, " ")
			p.unpaint(c)
			return
		}
	}
	if p.JSON {
		p.key(k)
		p.b = append(p.b, '"')
	} else {
		p.paint(c)
		p.b = append(p.b, before...)
	}
	p.b = rt.AppendAddr(p.b, family, a)
	if bits != host {
		p.b = appendInt(append(p.b, '/'), bits)
	}
	if p.JSON {
		p.b = append(p.b, '"')
		return
	}
	p.b = append(p.b, ' ')
	p.unpaint(c)
}

func (p *Printer) device(s *attr.Spec, index uint32) {
	if p.JSON {
		p.str(s.Key, "", p.IfName(index), "")
		return
	}
	p.word(s)
	p.paint(colorIfName)
	p.b = append(AppendSafe(p.b, p.IfName(index)), ' ')
	p.unpaint(colorIfName)
}

func (p *Printer) newDst(family uint8, h *rt.Hop) {
	if h.NewDst.OK {
		p.word(&rt.RTANewDst.Spec)
		p.host(rt.RTANewDst.Spec.Key, "to ", familyColor(family), family, h.NewDst.V, " ")
	}
}

func (p *Printer) via(h *rt.Hop) {
	if !h.Via.OK {
		return
	}
	f := h.Via.V.Family
	if p.JSON {
		p.object(rt.RTAVia.Spec.Key)
		p.str("family", "", rt.FamilyWord(f), "")
		p.host("host", "", plain, f, h.Via.V.Addr.Bytes(), "")
		p.endObject()
		return
	}
	p.word(&rt.RTAVia.Spec)
	p.b = append(append(p.b, rt.FamilyWord(f)...), ' ')
	p.host("", "", familyColor(f), f, h.Via.V.Addr.Bytes(), " ")
}

// flags writes the words for RTM_F_* and RTNH_F_* bits.
func (p *Printer) flags(v uint32) {
	if p.JSON {
		p.array("flags")
	} else if v == 0 {
		return
	}
	for i := range flagWords {
		if v&flagWords[i].bit != 0 {
			p.str("", "", flagWords[i].word, " ")
		}
	}
	p.endArray()
}

var flagWords = []struct {
	bit  uint32
	word string
}{
	{rt.NHFlagDead, "dead"},
	{rt.NHFlagOnlink, "onlink"},
	{rt.NHFlagPervasive, "pervasive"},
	{rt.NHFlagOffload, "offload"},
	{rt.NHFlagTrap, "trap"},
	{rt.FlagNotify, "notify"},
	{rt.NHFlagLinkdown, "linkdown"},
	{rt.NHFlagUnresolved, "unresolved"},
	{rt.FlagOffload, "rt_offload"},
	{rt.FlagTrap, "rt_trap"},
	{rt.FlagOffloadFailed, "rt_offload_failed"},
}

func (p *Printer) mark(r *rt.Route) {
	switch m := r.Mark.V; {
	case m == 0:
	case m >= 16 && !p.JSON:
		p.word(&rt.RTAMark.Spec)
		p.hex("", "0x", uint64(m), 0, " ")
	default:
		p.rowUint(&rt.RTAMark.Spec, uint64(m), " ")
	}
}

func (p *Printer) flow(v uint32) {
	from, to := v>>16, v&0xffff
	p.object(rt.RTAFlow.Spec.Key)
	if from != 0 {
		p.str("from", "realms ", p.Names.Realm(from), "/")
		p.str("to", "", p.Names.Realm(to), " ")
	} else {
		p.str("to", "realm ", p.Names.Realm(to), " ")
	}
	p.endObject()
}

// cacheWords are RTCF_* bits (include/uapi/linux/in_route.h).
var cacheWords = []struct {
	bit  uint32
	word string
}{
	{0x80000000, "local"},
	{0x04000000, "reject"},
	{0x20000000, "mc"},
	{0x10000000, "brd"},
	{0x08000000, "dst-nat"},
	{0x00800000, "src-nat"},
	{0x00400000, "masq"},
	{0x00020000, "dst-direct"},
	{0x02000000, "src-direct"},
	{0x00040000, "redirected"},
	{0x01000000, "redirect"},
	{0x00200000, "fastroute"},
	{0x00010000, "notify"},
	{0x00100000, "proxy"},
}

func (p *Printer) cacheFlags(v uint32) {
	v &^= 0xffff
	p.array("cache")
	p.nl()
	p.text("    cache ")
	if v != 0 {
		p.text("<")
	}
	for i := range cacheWords {
		if w := &cacheWords[i]; v&w.bit != 0 {
			v &^= w.bit
			after := "> "
			if v != 0 {
				after = ","
			}
			p.str("", "", w.word, after)
		}
	}
	if v != 0 {
		p.str("flags", "", hexString(v), ">")
	}
	p.endArray()
}

func (p *Printer) cacheInfo(r *rt.Route) {
	if !r.CacheInfo.OK {
		return
	}
	const hz = 100 // USER_HZ, the same on every architecture that Go builds for
	ci := &r.CacheInfo.V
	if ci.Expires != 0 {
		p.word(&rt.RTAExpires.Spec)
		p.int(rt.RTAExpires.Spec.Key, "", int64(ci.Expires/hz), "sec ")
	}
	if ci.Error != 0 {
		p.uint("error", "error ", uint64(ci.Error), " ")
	}
	if p.Stats > 0 {
		if ci.ClntRef != 0 {
			p.uint("users", "users ", uint64(ci.ClntRef), " ")
		}
		if ci.Used != 0 {
			p.uint("used", "used ", uint64(ci.Used), " ")
		}
		if ci.LastUse != 0 {
			p.uint("age", "age ", uint64(ci.LastUse/hz), "sec ")
		}
	}
	if ci.ID != 0 {
		p.hex("ipid", "ipid 0x", uint64(ci.ID), 4, " ")
	}
	if ci.TS != 0 || ci.TSAge != 0 {
		p.hex("ts", "ts 0x", uint64(ci.TS), 0, "")
		p.uint("tsage", "tsage ", uint64(ci.TSAge), "sec ")
	}
}

var metricSpecs = sync.OnceValue(rt.MetricsTable.Specs)

func (p *Printer) metrics(m *rt.Metrics) {
	p.array(rt.RTAMetrics.Spec.Key)
	p.object("")
	specs := metricSpecs()
	for i := range specs {
		s := &specs[i]
		n := int(s.Type)
		v, ok := m.Get(n)
		if n == rt.MetricLock || !ok && !m.Locked(n) || n == rt.MetricHoplimit && v == ^uint32(0) {
			continue
		}
		p.text(s.Word)
		p.text(" ")
		if m.Locked(n) {
			p.text("lock ")
		}
		switch n {
		case rt.MetricFeatures:
			p.features(v)
		case rt.MetricRTT:
			p.millis(s.Key, v/8)
		case rt.MetricRTTVar:
			p.millis(s.Key, v/4)
		case rt.MetricRTOMin:
			p.millis(s.Key, v)
		case rt.MetricCC:
			p.str(s.Key, "", m.CC, " ")
		default:
			p.uint(s.Key, "", uint64(v), " ")
		}
	}
	p.endObject()
	p.endArray()
}

func (p *Printer) millis(k string, ms uint32) {
	if !p.JSON && ms >= 1000 {
		p.float("", "", float64(ms)/1e3, "s ")
		return
	}
	p.uint(k, "", uint64(ms), "ms ")
}

func (p *Printer) features(v uint32) {
	if v&rt.FeatureECN != 0 {
		p.null("ecn", "ecn ")
	}
	if v&rt.FeatureTCPUsecT != 0 {
		p.null("tcp_usec_ts", "tcp_usec_ts ")
	}
	if v&^(rt.FeatureECN|rt.FeatureTCPUsecT) != 0 {
		p.hex(rt.RTAXFeatures.Spec.Key, "0x", uint64(v), 0, " ")
	}
}

func (p *Printer) pref(v uint8) {
	switch w, ok := rt.Prefs.Word(uint32(v)); {
	case ok:
		p.rowStr(&rt.RTAPref.Spec, w, "")
	default:
		p.uint(rt.RTAPref.Spec.Key, "", uint64(v), "")
	}
}

func (p *Printer) hops(r *rt.Route) {
	p.array(rt.SpecMultipath.Key)
	mcast := r.Flags&rt.FlagCloned != 0 && r.Type == unix.RTN_MULTICAST
	for i := range r.Hops {
		h := &r.Hops[i]
		p.object("")
		switch {
		case mcast && i == 0:
			p.text("Oifs: ")
		case mcast:
			p.text(" ")
		default:
			p.nl()
			p.text("\t")
			p.word(&rt.SpecMultipath)
		}
		if h.Encap.OK && h.EncType.OK {
			p.encap(h.EncType.V, h.Encap.V)
		}
		p.newDst(r.Family, h)
		if h.Gateway.OK {
			p.rowHost(&rt.RTAGateway.Spec, r.Family, h.Gateway.V.Bytes())
		}
		p.via(h)
		if h.Flow.OK {
			p.flow(h.Flow.V)
		}
		if mcast {
			p.str(rt.RTAOIF.Spec.Key, "", p.IfName(h.Dev), "")
			if h.Weight != 1 {
				p.int("ttl", "(ttl>", int64(h.Weight), ")")
			}
			p.text(" ")
		} else {
			p.rowStr(&rt.RTAOIF.Spec, p.IfName(h.Dev), " ")
			if r.Family != unix.AF_MPLS {
				p.int("weight", "weight ", int64(h.Weight)+1, " ")
			}
		}
		p.flags(uint32(h.HopFlags))
		p.endObject()
	}
	p.endArray()
}
