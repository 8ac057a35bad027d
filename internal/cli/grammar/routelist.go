package grammar

import (
	"fmt"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl"
	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// List is what `route list`, `flush` and `save` ask for.
type List struct {
	Family uint8 // of the dump
	Filter rt.RouteFilter
	Uses   []Use
}

type list struct {
	f        rt.RouteFilter
	family   uint8
	iif, oif arg
	mark     attr.Opt[uint32]
}

// arg is a value that is read when all words are: where it stands, if it does.
type arg struct {
	at   int
	said bool
}

// later notes the next word for reading it when all words are.
func (p *parser) later() arg {
	p.next()
	return arg{p.i, true}
}

// RouteList reads the words behind `route list`, `route flush` and `route
// save`.
func RouteList(env *Env, args []string) (*List, *Error) {
	p := &parser{env: env, args: args}
	s := &list{f: rt.DefaultRouteFilter(), family: env.Family}
	s.f.Family = env.Family
	for ; p.more(); p.i++ {
		if !run(p, listWords, s) {
			s.dst(p)
		}
	}
	if s.family == unix.AF_UNSPEC && s.f.Table != 0 {
		s.family = unix.AF_INET
	}
	for _, d := range []struct {
		arg
		to *attr.Opt[uint32]
	}{{s.iif, &s.f.IIF}, {s.oif, &s.f.OIF}} {
		if d.said && p.err == nil {
			p.i = d.at
			*d.to = attr.Some(p.device())
		}
	}
	s.f.Mark = s.mark
	if p.err != nil {
		return nil, p.err
	}
	return &List{s.family, s.f, p.uses}, nil
}

// RouteListKeywords describes the words of `route list`.
func RouteListKeywords() []Keyword { return describe(listWords) }

// listWords in the order in which ip tries them.
var listWords = []keyword[list]{
	{word: rt.RTATable.Spec.Word, prefix: true, value: "TABLE_ID", parse: func(p *parser, s *list) {
		w := p.next()
		if p.err != nil {
			return
		}
		id, ok := p.env.Names.ParseTable(w)
		switch {
		case ok:
			s.f.Table = id
		case w == "all":
			s.f.Table = 0
		case w == "cache":
			s.f.Cloned = rt.OnlyCloned
		case w == "help":
			p.help()
		default:
			p.invalid("table id value is invalid\n", w)
			p.suggest("table", p.env.Names.TableNames)
		}
	}},
	{word: "vrf", prefix: true, value: "NAME", parse: func(p *parser, s *list) {
		p.next()
		s.f.Table = p.vrfTable()
		s.f.TypeMask = ^uint64(1<<unix.RTN_LOCAL | 1<<unix.RTN_BROADCAST)
	}},
	{word: "cached", prefix: true, also: []string{"cloned"}, parse: func(_ *parser, s *list) {
		s.f.Cloned = rt.OnlyCloned
	}},
	{word: "dsfield", prefix: true, exact: []string{"tos"}, value: "TOS", parse: func(p *parser, s *list) {
		p.next()
		s.f.TOS = attr.Some(p.dsfield("TOS value is invalid\n"))
	}},
	{word: "protocol", prefix: true, value: "RTPROTO", parse: func(p *parser, s *list) {
		if p.next() == "all" {
			if _, named := p.env.Names.ParseProto("all"); !named {
				s.f.Protocol = attr.Opt[uint8]{}
				return
			}
		}
		s.f.Protocol = attr.Some(p.proto("invalid \"protocol\"\n"))
	}},
	{word: "scope", prefix: true, value: "SCOPE", parse: func(p *parser, s *list) {
		if p.next() == "all" {
			if _, named := p.env.Names.ParseScope("all"); !named {
				s.f.Scope = attr.Opt[uint8]{}
				return
			}
		}
		s.f.Scope = attr.Some(p.scope("invalid \"scope\"\n"))
	}},
	{word: "type", prefix: true, value: "TYPE", parse: func(p *parser, s *list) {
		w := p.next()
		t, ok := parseRouteType(w)
		if !ok {
			p.invalid("node type value is invalid\n", w)
			p.suggest("type", routeTypes)
		}
		s.f.TypeMask = 1 << (t & 31)
	}},
	{word: rt.RTAOIF.Spec.Word, exact: []string{"oif"}, value: "DEVICE", parse: func(p *parser, s *list) { s.oif = p.later() }},
	{word: rt.RTAIIF.Spec.Word, value: "DEVICE", parse: func(p *parser, s *list) { s.iif = p.later() }},
	{word: rt.RTAMark.Spec.Word, value: "NUMBER", parse: func(p *parser, s *list) {
		p.next()
		s.mark = attr.Some(uint32(p.uint(maxU32, "invalid mark value")))
	}},
	{word: rt.RTAPriority.Spec.Word, prefix: true, also: []string{"priority"}, exact: []string{"preference"}, value: "NUMBER", parse: func(p *parser, s *list) {
		p.next()
		s.f.Metric = attr.Some(uint32(p.uint(maxU32, "\"metric\" value is invalid\n")))
	}},
	{word: rt.RTAGateway.Spec.Word, value: "[ FAMILY ] PREFIX", parse: func(p *parser, s *list) {
		family, said := parseFamily(p.next())
		if said {
			p.next()
		} else {
			family = s.family
		}
		s.f.Via = prefixFilter(p.prefix(family))
	}},
	{word: rt.RTAPrefSrc.Spec.Word, value: "PREFIX", parse: func(p *parser, s *list) {
		p.next()
		s.f.PrefSrc = prefixFilter(p.prefix(s.family))
	}},
	{word: rt.RTAFlow.Spec.Word, prefix: true, value: "[ FROM/ ]TO", parse: func(p *parser, s *list) {
		w := p.next()
		s.f.Realm, s.f.RealmMask = p.realms("invalid realms\n"), ^uint32(0)
		if p.err != nil {
			return
		}
		// One half that is zero was perhaps not said: TO/ leaves the lower, TO
		// alone or /TO the upper one open.
		slash := -1
		for i := range len(w) {
			if w[i] == '/' {
				slash = i
				break
			}
		}
		if s.f.Realm&0xffff == 0 && w != "" && w[len(w)-1] == '/' {
			s.f.RealmMask &^= 0xffff
		}
		if s.f.Realm>>16 == 0 && slash <= 0 {
			s.f.RealmMask &^= 0xffff0000
		}
	}},
	{word: rt.RTASrc.Spec.Word, prefix: true, value: "[ root | match | exact ] PREFIX", parse: func(p *parser, s *list) {
		p.next()
		s.selector(p, &s.f.RootSrc, &s.f.MatchSrc)
	}},
}

func routeTypes() []string {
	return []string{
		"unicast", "local", "broadcast", "anycast", "multicast", "throw",
		"unreachable", "prohibit", "blackhole", "nat", "xresolve",
	}
}

// dst reads [to] [root | match | exact] PREFIX.
func (s *list) dst(p *parser) {
	p.use("to")
	start := p.i
	if matches(p.word(), "to") {
		p.next()
	}
	s.selector(p, &s.f.RootDst, &s.f.MatchDst)
	if p.err != nil && p.i == start {
		p.suggest("keyword", words(listWords))
	}
}

func (s *list) selector(p *parser, root, match *rt.PrefixFilter) {
	switch w := p.word(); {
	case p.err != nil:
	case matches(w, "root"):
		p.next()
		*root = prefixFilter(p.prefix(s.family))
	case matches(w, "match"):
		p.next()
		*match = prefixFilter(p.prefix(s.family))
	default:
		if matches(w, "exact") {
			p.next()
		}
		*match = prefixFilter(p.prefix(s.family))
		*root = *match
	}
}

func prefixFilter(a Prefix) rt.PrefixFilter {
	return rt.PrefixFilter{Family: a.Family, Addr: rt.AddrFrom(a.Data), Bits: a.Bits, Said: a.Specified}
}

// Get is what `route get` asks for.
type Get struct {
	Request
	Connected bool // ask again, from the source address that the answer names
	Warnings  []string
}

type get struct {
	h          rt.RouteHeader
	body       []byte
	iif, oif   arg
	mark       uint32
	fibmatch   bool
	connected  bool
	from, dest bool
	warnings   []string
}

// RouteGet reads the words behind `route get`.
func RouteGet(env *Env, args []string) (*Get, *Error) {
	p := &parser{env: env, args: args}
	s := &get{}
	s.h.Family = env.Family
	p.at = func() (int, int) { return rt.RouteHeaderLen + len(s.body), 0 }
	for ; p.more(); p.i++ {
		if !run(p, getWords, s) {
			s.destination(p)
		}
	}
	if p.err == nil && !s.dest {
		p.fail(ExitAddress, "need at least a destination address\n")
	}
	for _, d := range []struct {
		arg
		put func([]byte, uint32) []byte
	}{{s.iif, rt.RTAIIF.Put}, {s.oif, rt.RTAOIF.Put}} {
		if d.said && p.err == nil {
			p.i = d.at
			s.body = d.put(s.body, p.device())
		}
	}
	if s.mark != 0 {
		s.body = rt.RTAMark.Put(s.body, s.mark)
	}
	if s.h.Family == unix.AF_UNSPEC {
		s.h.Family = unix.AF_INET
	}
	if s.h.Family == unix.AF_INET {
		s.h.Flags |= rt.FlagLookupTable
	}
	if s.fibmatch {
		s.h.Flags |= rt.FlagFIBMatch
	}
	if p.err != nil {
		p.err.Warnings = s.warnings
		return nil, p.err
	}
	body := append(s.h.AppendHeader(nil), s.body...)
	return &Get{
		Request:   Request{nl.Msg{Header: nl.Header{Type: unix.RTM_GETROUTE, Flags: nl.Request}, Body: body}, p.uses},
		Connected: s.connected && !s.from,
		Warnings:  s.warnings,
	}, nil
}

// RouteGetKeywords describes the words of `route get`.
func RouteGetKeywords() []Keyword { return describe(getWords) }

// getWords in the order in which ip tries them.
var getWords = []keyword[get]{
	{word: "dsfield", prefix: true, exact: []string{"tos"}, value: "TOS", parse: func(p *parser, s *get) {
		p.next()
		s.h.TOS = p.dsfield("TOS value is invalid\n")
	}},
	{word: rt.RTASrc.Spec.Word, prefix: true, value: "ADDRESS", parse: func(p *parser, s *get) {
		if matches(p.next(), "help") && p.err == nil {
			p.help()
			return
		}
		s.from = true
		a := settle(&s.h.Family, p.prefix(s.h.Family))
		if len(a.Data) > 0 {
			s.body = rt.RTASrc.PutRaw(s.body, a.Data)
		}
		s.h.SrcLen = uint8(a.Bits)
	}},
	{word: rt.RTAIIF.Spec.Word, prefix: true, value: "DEVICE", parse: func(p *parser, s *get) { s.iif = p.later() }},
	{word: rt.RTAMark.Spec.Word, prefix: true, value: "NUMBER", parse: func(p *parser, s *get) {
		p.next()
		s.mark = uint32(p.uint(maxU32, "invalid mark value"))
	}},
	{word: "oif", prefix: true, exact: []string{"dev"}, value: "DEVICE", parse: func(p *parser, s *get) { s.oif = p.later() }},
	{word: "notify", prefix: true, parse: func(_ *parser, s *get) { s.h.Flags |= rt.FlagNotify }},
	{word: "connected", prefix: true, parse: func(_ *parser, s *get) { s.connected = true }},
	{word: "vrf", prefix: true, value: "NAME", parse: func(p *parser, s *get) {
		w := p.next()
		if p.err != nil {
			return
		}
		if _, ok := p.env.VRF(w); !ok {
			p.invalid("Invalid VRF\n", w)
			p.suggest("device", p.env.Devices)
		}
		s.oif = arg{p.i, true}
	}},
	{word: rt.RTAUID.Spec.Word, prefix: true, value: "NUMBER", parse: func(p *parser, s *get) {
		p.next()
		s.body = rt.RTAUID.Put(s.body, uint32(p.uint(maxU32, "invalid UID\n")))
	}},
	{word: "fibmatch", prefix: true, parse: func(_ *parser, s *get) { s.fibmatch = true }},
	{word: rt.RTANewDst.Spec.Word, value: "[ to ] ADDRESS", parse: func(p *parser, s *get) {
		if p.next() == "to" {
			p.next()
		}
		s.body = rt.RTANewDst.PutRaw(s.body, settle(&s.h.Family, p.addr(s.h.Family)).Data)
	}},
	{word: rt.RTASport.Spec.Word, prefix: true, value: "NUMBER", parse: func(p *parser, s *get) {
		p.next()
		s.body = rt.RTASport.Put(s.body, uint16(p.uint(maxU16, "invalid sport\n")))
	}},
	{word: rt.RTADport.Spec.Word, prefix: true, value: "NUMBER", parse: func(p *parser, s *get) {
		p.next()
		s.body = rt.RTADport.Put(s.body, uint16(p.uint(maxU16, "invalid dport\n")))
	}},
	{word: rt.RTAIPProto.Spec.Word, prefix: true, value: "PROTOCOL", parse: func(p *parser, s *get) {
		w := p.next()
		if p.err != nil {
			return
		}
		v, ok := parseIPProto(w, p.env.IPProto)
		if !ok {
			p.invalid("Invalid \"ipproto\" value\n", w)
		}
		s.body = rt.RTAIPProto.Put(s.body, v)
	}},
	{word: rt.RTAFlowLabel.Spec.Word, value: "NUMBER", parse: func(p *parser, s *get) {
		p.next()
		s.body = rt.RTAFlowLabel.Put(s.body, uint32(p.uint(maxU32, "invalid flowlabel")))
	}},
}

// destination reads [to] ADDRESS; a length is warned of and made a host's.
func (s *get) destination(p *parser) {
	p.use("to")
	start := p.i
	if p.is("to") {
		p.next()
	}
	if p.err == nil && matches(p.word(), "help") {
		p.help()
		return
	}
	a := settle(&s.h.Family, p.prefix(s.h.Family))
	if p.err != nil {
		if p.i == start {
			p.suggest("keyword", words(getWords))
		}
		return
	}
	if len(a.Data) > 0 {
		s.body = rt.RTADst.PutRaw(s.body, a.Data)
	}
	s.h.DstLen = uint8(a.Bits)
	host := rt.BitLen(s.h.Family)
	if (s.h.Family == unix.AF_INET || s.h.Family == unix.AF_INET6) && a.Bits != host {
		s.warnings = append(s.warnings, fmt.Sprintf(
			"Warning: /%d as prefix is invalid, only /%d (or none) is supported.\n", a.Bits, host))
		s.h.DstLen = uint8(host)
	}
	s.dest = true
}
