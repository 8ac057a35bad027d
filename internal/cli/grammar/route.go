package grammar

import (
	"sync"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl"
	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// Request is a message that the words ask for, without sequence number and
// without the acknowledgement and echo flags, which the sender adds.
type Request struct {
	Msg  nl.Msg
	Uses []Use
}

// modify is what `route add` and its kin gather.
type modify struct {
	h         rt.RouteHeader
	del       bool
	body      []byte // room for the header, attributes in the order of the words
	metrics   []byte
	lock      uint32
	devArg    int // the device, 0 for none
	gw, dst   bool
	scopeSaid bool
	tableSaid bool
	typeSaid  bool
	nhid      uint32
}

// RouteModify reads the words behind `route add` … `route del`. typ is
// RTM_NEWROUTE or RTM_DELROUTE; flags are the verb's, without NLM_F_REQUEST.
func RouteModify(env *Env, typ, flags uint16, args []string) (*Request, *Error) {
	p := &parser{env: env, args: args}
	s := &modify{del: typ == unix.RTM_DELROUTE}
	s.h.Family, s.h.HeaderTable, s.h.Scope = env.Family, unix.RT_TABLE_MAIN, unix.RT_SCOPE_NOWHERE
	if !s.del {
		s.h.Protocol, s.h.Scope, s.h.Type = unix.RTPROT_BOOT, unix.RT_SCOPE_UNIVERSE, unix.RTN_UNICAST
	}
	// Most requests are smaller; room for the header comes first.
	s.body = make([]byte, rt.RouteHeaderLen, rt.RouteHeaderLen+64)
	p.at = func() (int, int) { return len(s.body), len(s.metrics) }
	for p.more() && !p.is("nexthop") {
		if !run(p, routeWords, s) {
			s.destination(p)
		}
		p.i++
	}
	if p.err == nil && !s.dst {
		p.help()
	}
	s.finish(p)
	if p.err != nil {
		return nil, p.err
	}
	s.h.AppendHeader(s.body[:0])
	return &Request{nl.Msg{Header: nl.Header{Type: typ, Flags: nl.Request | flags}, Body: s.body}, p.uses}, nil
}

// RouteKeywords describes the words of `route add` for help and completion.
func RouteKeywords() []Keyword { return describe(routeWords) }

// routeWords in the order in which ip tries them.
var routeWords = []keyword[modify]{
	{word: rt.RTAPrefSrc.Spec.Word, value: "ADDRESS", parse: func(p *parser, s *modify) {
		p.next()
		s.body = rt.RTAPrefSrc.PutRaw(s.body, s.address(p).Data)
	}},
	{word: rt.RTANewDst.Spec.Word, value: "[ to ] ADDRESS", parse: func(p *parser, s *modify) {
		if p.next() == "to" {
			p.next()
		}
		s.body = rt.RTANewDst.PutRaw(s.body, s.address(p).Data)
	}},
	{word: rt.RTAGateway.Spec.Word, value: "[ FAMILY ] ADDRESS", parse: func(p *parser, s *modify) {
		if s.gw {
			p.invalid("use nexthop syntax to specify multiple via\n", p.word())
		}
		s.gw = true
		s.body = s.via(p, s.body)
	}},
	{word: rt.RTASrc.Spec.Word, value: "PREFIX", parse: func(p *parser, s *modify) {
		p.next()
		a := s.prefix(p)
		if len(a.Data) > 0 {
			s.body = rt.RTASrc.PutRaw(s.body, a.Data)
		}
		s.h.SrcLen = uint8(a.Bits)
	}},
	{word: "dsfield", prefix: true, exact: []string{"tos"}, value: "TOS", parse: func(p *parser, s *modify) {
		p.next()
		s.h.TOS = p.dsfield("\"tos\" value is invalid\n")
	}},
	{word: rt.RTAExpires.Spec.Word, value: "SECONDS", parse: func(p *parser, s *modify) {
		p.next()
		s.body = rt.RTAExpires.Put(s.body, p.uint(maxU32, "\"expires\" value is invalid\n"))
	}},
	{word: rt.RTAPriority.Spec.Word, prefix: true, also: []string{"priority"}, exact: []string{"preference"}, value: "NUMBER", parse: func(p *parser, s *modify) {
		p.next()
		s.body = rt.RTAPriority.Put(s.body, uint32(p.uint(maxU32, "\"metric\" value is invalid\n")))
	}},
	{word: "scope", value: "SCOPE", parse: func(p *parser, s *modify) {
		p.next()
		s.h.Scope = p.scope("invalid \"scope\" value\n")
		s.scopeSaid = true
	}},
	metricWord(rt.RTAXMTU.Spec, false, maxU32, "\"mtu\" value is invalid\n"),
	metricWord(rt.RTAXHoplimit.Spec, false, maxU8, "\"hoplimit\" value is invalid\n"),
	metricWord(rt.RTAXAdvMSS.Spec, false, maxU32, "\"mss\" value is invalid\n"),
	metricWord(rt.RTAXReorder.Spec, true, maxU32, "\"reordering\" value is invalid\n"),
	timeWord(rt.RTAXRTT.Spec, false, 8),
	{word: rt.RTAXRTOMin.Spec.Word, value: "TIME", parse: func(p *parser, s *modify) {
		p.next()
		s.lock |= 1 << rt.MetricRTOMin
		ms, _ := p.time("\"rto_min\" value is invalid\n")
		s.metric(rt.MetricRTOMin, ms)
	}},
	metricWord(rt.RTAXWindow.Spec, true, maxU32, "\"window\" value is invalid\n"),
	metricWord(rt.RTAXCwnd.Spec, true, maxU32, "\"cwnd\" value is invalid\n"),
	metricWord(rt.RTAXInitCwnd.Spec, true, maxU32, "\"initcwnd\" value is invalid\n"),
	metricWord(rt.RTAXInitRwnd.Spec, true, maxU32, "\"initrwnd\" value is invalid\n"),
	{word: rt.RTAXFeatures.Spec.Word, prefix: true, value: "FEATURES", parse: parseFeatures},
	switchWord(rt.RTAXQuickAck.Spec),
	{word: rt.RTAXCongestAl.Spec.Word, prefix: true, value: "[ lock ] NAME", parse: func(p *parser, s *modify) {
		p.next()
		s.lockable(p, rt.MetricCC)
		s.metrics = rt.RTAXCongestAl.Put(s.metrics, p.word())
	}},
	timeWord(rt.RTAXRTTVar.Spec, true, 4),
	metricWord(rt.RTAXSSThresh.Spec, true, maxU32, "\"ssthresh\" value is invalid\n"),
	{word: rt.RTAFlow.Spec.Word, prefix: true, value: "[ FROM/ ]TO", parse: func(p *parser, s *modify) {
		p.next()
		s.body = rt.RTAFlow.Put(s.body, p.realms("\"realm\" value is invalid\n"))
	}},
	{word: "onlink", parse: func(_ *parser, s *modify) { s.h.Flags |= rt.NHFlagOnlink }},
	{word: rt.SpecMultipath.Word, value: "NH", parse: func(*parser, *modify) {}}, // ends the list; see RouteModify
	{word: rt.RTANHID.Spec.Word, value: "ID", parse: func(p *parser, s *modify) {
		p.next()
		s.nhid = uint32(p.uint(maxU32, "\"id\" value is invalid\n"))
		s.body = rt.RTANHID.Put(s.body, s.nhid)
	}},
	{word: "protocol", prefix: true, value: "RTPROTO", parse: func(p *parser, s *modify) {
		p.next()
		s.h.Protocol = p.proto("\"protocol\" value is invalid\n")
	}},
	{word: rt.RTATable.Spec.Word, prefix: true, value: "TABLE_ID", parse: func(p *parser, s *modify) {
		p.next()
		s.table(p.table("\"table\" value is invalid\n"))
	}},
	{word: "vrf", prefix: true, value: "NAME", parse: func(p *parser, s *modify) {
		p.next()
		s.table(p.vrfTable())
	}},
	{word: rt.RTAOIF.Spec.Word, exact: []string{"oif"}, value: "DEVICE", parse: func(p *parser, s *modify) {
		p.next()
		s.devArg = p.i
	}},
	{word: rt.RTAPref.Spec.Word, prefix: true, value: "{ low | medium | high }", parse: func(p *parser, s *modify) {
		n, ok := rt.Prefs.Number(p.next())
		v := uint64(n)
		if !ok {
			v = p.uint(maxU8, "\"pref\" value is invalid\n")
			p.suggest("preference", rt.Prefs.All)
		}
		s.body = rt.RTAPref.Put(s.body, uint8(v))
	}},
	{word: rt.RTAEncap.Spec.Word, value: "ENCAPTYPE ENCAPHDR", parse: func(p *parser, s *modify) {
		typ, payload := p.encap()
		s.body = rt.RTAEncapType.Put(rt.RTAEncap.Put(s.body, payload), typ)
	}},
	{word: rt.RTATTLPropagate.Spec.Word, value: "{ enabled | disabled }", parse: func(p *parser, s *modify) {
		var v uint8
		switch w := p.next(); {
		case matches(w, "enabled"):
			v = 1
		case matches(w, "disabled"):
		default:
			p.invalid("\"ttl-propagate\" value is invalid\n", w)
		}
		s.body = rt.RTATTLPropagate.Put(s.body, v)
	}},
	switchWord(rt.RTAXNoCookie.Spec),
}

// isMetric are the words whose attributes are in RTA_METRICS.
var isMetric = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for _, s := range rt.MetricsTable.Specs() {
		m[s.Word] = true
	}
	return m
})

// metricWord is a metric that is a number and may be locked.
func metricWord(row attr.Spec, prefix bool, limit uint64, msg string) keyword[modify] {
	n := int(row.Type)
	return keyword[modify]{word: row.Word, prefix: prefix, value: "[ lock ] NUMBER", parse: func(p *parser, s *modify) {
		p.next()
		s.lockable(p, n)
		s.metric(n, uint32(p.uint(limit, msg)))
	}}
}

// timeWord is a metric that the kernel scales; a bare number is sent as it is.
func timeWord(row attr.Spec, prefix bool, scale uint32) keyword[modify] {
	word, n := row.Word, int(row.Type)
	return keyword[modify]{word: word, prefix: prefix, value: "[ lock ] TIME", parse: func(p *parser, s *modify) {
		p.next()
		s.lockable(p, n)
		ms, raw := p.time("\"" + word + "\" value is invalid\n")
		if !raw {
			ms *= scale
		}
		s.metric(n, ms)
	}}
}

// switchWord is a metric that is 0 or 1.
func switchWord(row attr.Spec) keyword[modify] {
	word, n := row.Word, int(row.Type)
	return keyword[modify]{word: word, prefix: true, value: "{ 0 | 1 }", parse: func(p *parser, s *modify) {
		p.next()
		v := p.uint(maxU32, "\""+word+"\" value is invalid\n")
		if v > 1 {
			p.invalid("\""+word+"\" value should be 0 or 1\n", p.word())
		}
		s.metric(n, uint32(v))
	}}
}

func (s *modify) lockable(p *parser, n int) {
	if p.is("lock") {
		s.lock |= 1 << n
		p.next()
	}
}

func (s *modify) metric(n int, v uint32) {
	s.metrics = attr.Put(s.metrics, uint16(n), ne.AppendUint32(nil, v))
}

func parseFeatures(p *parser, s *modify) {
	var v uint32
	for {
		w, ok := p.peek()
		switch {
		case ok && w == "ecn":
			v |= rt.FeatureECN
		case ok && w == "tcp_usec_ts":
			v |= rt.FeatureTCPUsecT
		default:
			if v == 0 {
				if !ok {
					w = "(null)" // what ip says when there is no word
				}
				p.i++
				p.invalid("\"features\" value not valid\n", w)
				p.suggest("feature", func() []string { return []string{"ecn", "tcp_usec_ts"} })
				return
			}
			s.metric(rt.MetricFeatures, v)
			return
		}
		p.i++
	}
}

// address reads an address of the route's family, which it settles.
func (s *modify) address(p *parser) Prefix { return settle(&s.h.Family, p.addr(s.h.Family)) }

// prefix reads a prefix of the route's family, which it settles.
func (s *modify) prefix(p *parser) Prefix { return settle(&s.h.Family, p.prefix(s.h.Family)) }

// settle gives a message without a family that of the address just read.
func settle(family *uint8, a Prefix) Prefix {
	if *family == unix.AF_UNSPEC {
		*family = a.Family
	}
	return a
}

// via reads [FAMILY] ADDRESS and appends RTA_GATEWAY, or RTA_VIA when the
// address is of another family than the route.
func (s *modify) via(p *parser, b []byte) []byte {
	family, said := parseFamily(p.next())
	if said {
		p.next()
	} else {
		family = s.h.Family
	}
	a := settle(&s.h.Family, p.addr(family))
	if a.Family == s.h.Family {
		return rt.RTAGateway.PutRaw(b, a.Data)
	}
	return rt.RTAVia.PutRaw(b, append(ne.AppendUint16(nil, uint16(a.Family)), a.Data...))
}

func (s *modify) table(id uint32) {
	s.tableSaid = true
	if id < 256 {
		s.h.HeaderTable = uint8(id)
		return
	}
	s.h.HeaderTable = unix.RT_TABLE_UNSPEC
	s.body = rt.RTATable.Put(s.body, id)
}

// destination reads [to] [TYPE] PREFIX.
func (s *modify) destination(p *parser) {
	p.use("to")
	start := p.i
	if p.is("to") {
		p.next()
	}
	if w := p.word(); p.err == nil && (w == "" || w[0] < '0' || w[0] > '9') {
		if t, ok := parseRouteType(w); ok {
			p.next()
			s.h.Type, s.typeSaid = t, true
		}
	}
	if p.err != nil {
		return
	}
	if matches(p.word(), "help") {
		p.help()
		return
	}
	if s.dst {
		p.duplicate("to", p.word())
		p.suggest("keyword", words(routeWords))
		return
	}
	a := s.prefix(p)
	if p.err != nil && p.i == start {
		p.suggest("keyword", destinationWords)
	}
	s.h.DstLen = uint8(a.Bits)
	s.dst = true
	if len(a.Data) > 0 {
		s.body = rt.RTADst.PutRaw(s.body, a.Data)
	}
}

// destinationWords are what may stand where no keyword fits, for suggestions.
func destinationWords() []string {
	return append(append(words(routeWords)(), routeTypes()...), "default")
}

// finish adds what ip puts behind the attributes of the words, and the
// defaults.
func (s *modify) finish(p *parser) {
	if s.devArg != 0 && p.err == nil {
		at := p.i
		p.i = s.devArg
		for i := range p.uses {
			if p.uses[i].Arg == s.devArg-1 {
				p.uses[i].At = len(s.body)
			}
		}
		s.body = rt.RTAOIF.Put(s.body, p.device())
		p.i = at
	}
	if len(s.metrics) > 0 {
		if s.lock != 0 {
			s.metric(rt.MetricLock, s.lock)
		}
		for i := range p.uses {
			if isMetric()[p.uses[i].Word] {
				p.uses[i].At = len(s.body) + attr.HeaderLen + p.uses[i].metric
			}
		}
		if len(s.metrics) > maxPayload {
			p.fail(ExitUsage, "Error: the metrics do not fit a message.\n")
			return
		}
		s.body = rt.RTAMetrics.PutRaw(s.body, s.metrics)
	}
	hops := p.more()
	if hops {
		s.nexthops(p)
	}
	if s.h.Family == unix.AF_UNSPEC {
		s.h.Family = unix.AF_INET
	}
	if !s.tableSaid {
		switch s.h.Type {
		case unix.RTN_LOCAL, unix.RTN_BROADCAST, unix.RTN_NAT, unix.RTN_ANYCAST:
			s.h.HeaderTable = unix.RT_TABLE_LOCAL
		}
	}
	if !s.scopeSaid {
		s.defaultScope(hops)
	}
	if !s.typeSaid && s.h.Family == unix.AF_MPLS {
		s.h.Type = unix.RTN_UNICAST
	}
}

func (s *modify) defaultScope(hops bool) {
	switch {
	case s.h.Family == unix.AF_INET6 || s.h.Family == unix.AF_MPLS:
		s.h.Scope = unix.RT_SCOPE_UNIVERSE
	case s.h.Type == unix.RTN_LOCAL || s.h.Type == unix.RTN_NAT:
		s.h.Scope = unix.RT_SCOPE_HOST
	case s.h.Type == unix.RTN_BROADCAST || s.h.Type == unix.RTN_MULTICAST || s.h.Type == unix.RTN_ANYCAST:
		s.h.Scope = unix.RT_SCOPE_LINK
	case s.h.Type == unix.RTN_UNICAST || s.h.Type == unix.RTN_UNSPEC:
		if s.del {
			s.h.Scope = unix.RT_SCOPE_NOWHERE
		} else if !s.gw && !hops && s.nhid == 0 {
			s.h.Scope = unix.RT_SCOPE_LINK
		}
	}
}

// hop is one nexthop block.
type hop struct {
	*modify
	body   []byte
	flags  uint8
	weight int
	dev    uint32
}

// hopWords in the order in which ip tries them.
var hopWords = []keyword[hop]{
	{word: rt.RTAGateway.Spec.Word, value: "[ FAMILY ] ADDRESS", parse: func(p *parser, h *hop) { h.body = h.via(p, h.body) }},
	{word: rt.RTAOIF.Spec.Word, value: "DEVICE", parse: func(p *parser, h *hop) {
		p.next()
		h.dev = p.deviceOr(func(name string) {
			p.fail(ExitUsage, "Cannot find device \"%s\"\nError: cannot parse nexthop\n", name)
		})
	}},
	{word: "weight", value: "NUMBER", parse: func(p *parser, h *hop) {
		w, ok := parseUint(p.next(), 0, 256)
		if !ok || w == 0 {
			p.invalid("\"weight\" is invalid\n", p.word())
		}
		h.weight = int(w)
	}},
	{word: "onlink", parse: func(_ *parser, h *hop) { h.flags |= rt.NHFlagOnlink }},
	{word: rt.RTAFlow.Spec.Word, prefix: true, value: "[ FROM/ ]TO", parse: func(p *parser, h *hop) {
		p.next()
		h.body = rt.RTAFlow.Put(h.body, p.realms("\"realm\" value is invalid\n"))
	}},
	{word: rt.RTAEncap.Spec.Word, value: "ENCAPTYPE ENCAPHDR", parse: func(p *parser, h *hop) {
		typ, payload := p.encapHop()
		h.body = rt.RTAEncapType.Put(rt.RTAEncap.Put(h.body, payload), typ)
	}},
	{word: rt.RTANewDst.Spec.Word, value: "[ to ] ADDRESS", parse: func(p *parser, h *hop) {
		if p.next() == "to" {
			p.next()
		}
		h.body = rt.RTANewDst.PutRaw(h.body, p.addr(h.h.Family).Data)
	}},
}

// maxPayload is what the 16-bit length of an attribute can say.
const maxPayload = 1<<16 - 1 - attr.HeaderLen

// nexthops reads the nexthop blocks that end the line.
func (s *modify) nexthops(p *parser) {
	var list []byte
	for p.more() {
		if !p.is("nexthop") {
			p.fail(ExitUsage, "Error: \"nexthop\" or end of line is expected instead of \"%s\"\n", p.word())
			p.suggest("keyword", words(hopWords))
			return
		}
		if p.i+1 >= len(p.args) {
			p.fail(ExitUsage, "Error: unexpected end of line after \"nexthop\"\n")
			return
		}
		h := &hop{modify: s, weight: 1}
		p.at = func() (int, int) { return len(s.body), 0 }
		p.use("nexthop")
		base := len(s.body) + attr.HeaderLen + len(list) + rt.HopHeaderLen
		p.at = func() (int, int) { return base + len(h.body), 0 }
		first := p.i
		for p.i++; p.more() && run(p, hopWords, h); p.i++ {
		}
		var at int
		list, at = rt.BeginHop(list, h.flags, h.weight, h.dev)
		list = append(list, h.body...)
		rt.EndHop(list, at)
		if len(list) > maxPayload {
			p.i = first
			p.fail(ExitUsage, "Error: cannot parse nexthop\nError: the hops of a route do not fit a message above %d bytes.\n", maxPayload)
			return
		}
	}
	s.body = attr.Put(s.body, unix.RTA_MULTIPATH, list)
}

// parseRouteType reads a type of route by name or beginning of it, or by
// number.
func parseRouteType(s string) (uint8, bool) {
	for _, t := range []struct {
		name  string
		exact bool
		typ   uint8
	}{
		{"local", true, unix.RTN_LOCAL},
		{"nat", true, unix.RTN_NAT},
		{"broadcast", false, unix.RTN_BROADCAST},
		{"brd", true, unix.RTN_BROADCAST},
		{"anycast", false, unix.RTN_ANYCAST},
		{"multicast", false, unix.RTN_MULTICAST},
		{"prohibit", false, unix.RTN_PROHIBIT},
		{"unreachable", false, unix.RTN_UNREACHABLE},
		{"blackhole", false, unix.RTN_BLACKHOLE},
		{"xresolve", false, unix.RTN_XRESOLVE},
		{"unicast", false, unix.RTN_UNICAST},
		{"throw", true, unix.RTN_THROW},
	} {
		if s == t.name || !t.exact && matches(s, t.name) {
			return t.typ, true
		}
	}
	v, ok := parseUint(s, 0, 255)
	return uint8(v), ok
}
