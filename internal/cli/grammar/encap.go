package grammar

import (
	"strings"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// The words of lightweight tunnels behind encap (ip-route(8)). All of them
// are whole words. A type's parser ends at the first word that is not its
// own, and the command goes on with that word.

// encapState is what an encapsulation gathers.
type encapState struct {
	typ   uint16
	b     []byte // attributes in the order of the words
	seen  []string
	flags uint16 // ip, ip6

	mode     int32  // seg6; -1 is none
	segs     string // seg6, seg6local, rpl
	segsArg  int
	hmac     uint32
	src      attr.Opt[rt.Addr] // seg6
	action   uint32            // seg6local
	srh      bool
	stop     bool
	headroom bool // bpf
}

// once fails when the word was there before. Words that exclude one another
// share a name.
func (s *encapState) once(p *parser, word string) {
	if p.err != nil {
		return
	}
	for _, w := range s.seen {
		if w == word {
			p.duplicate(word, p.word())
			return
		}
	}
	s.seen = append(s.seen, word)
}

// value moves to the value of a word that may be said once.
func (s *encapState) value(p *parser, word string) string {
	p.next()
	s.once(p, word)
	return p.word()
}

// encapGrammar is the words of one type.
type encapGrammar struct {
	words []keyword[encapState]
	parse func(p *parser, s *encapState) // leaves the parser behind the last word; nil reads words alone
}

// ipEncapBuffer is the space that ip has for an encapsulation of a route or a
// nexthop object, and encapRoom what it leaves to the payload: the buffer
// also holds a header that is not sent, that of RTA_ENCAP, and RTA_ENCAP_TYPE.
const (
	ipEncapBuffer = 1024
	encapRoom     = ipEncapBuffer - 2*attr.HeaderLen - 8
	// ipHopsBuffer is the space for all hops of a route with several; their
	// encapsulations may be longer.
	ipHopsBuffer = 4096
	encapHopRoom = ipHopsBuffer - 2*attr.HeaderLen - 8 - 8 // less struct rtnexthop
)

// encap reads the type and the parameters of an encapsulation; the current
// word is encap. It returns the lightweight tunnel type and the payload of
// RTA_ENCAP or NHA_ENCAP, and leaves the parser on the last word that it used.
// Two things that ip does are followed to the letter, because what comes
// next on the line depends on them: xfrm uses all the words there are, and
// the last value of ioam6, or of srh segs, is read a second time when nothing
// follows it.
func (p *parser) encap() (typ uint16, payload []byte) { return p.encapUpTo(encapRoom) }

// encapHop is encap in a nexthop block, where ip has more room.
func (p *parser) encapHop() (typ uint16, payload []byte) { return p.encapUpTo(encapHopRoom) }

func (p *parser) encapUpTo(room int) (typ uint16, payload []byte) {
	name := p.next()
	if name == "help" {
		p.fail(ExitUsage, "%s", encapUsage())
	}
	if p.err != nil {
		return 0, nil
	}
	typ, ok := rt.EncapType(name)
	if !ok {
		p.invalid("\"encap type\" value is invalid\n", name)
		p.suggest("encapsulation", func() []string {
			var out []string
			for _, t := range rt.EncapTypes() {
				out = append(out, rt.EncapName(t))
			}
			return out
		})
	}
	p.next()
	if p.err == nil && p.i+1 >= len(p.args) {
		p.i = len(p.args)
		p.missing("encap type")
	}
	if p.err != nil {
		return 0, nil
	}
	s := &encapState{typ: typ, mode: -1}
	if g := encaps[typ]; g.parse != nil {
		g.parse(p, s)
	} else {
		p.encapWords(s)
	}
	if len(s.b) > room {
		p.fail(ExitUsage, "Error: \"encap %s\" is too long: %d bytes, at most %d fit.\n", name, len(s.b), room)
	}
	if p.err != nil {
		return 0, nil
	}
	p.i--
	return typ, s.b
}

// EncapKeywords describes the words of a lightweight tunnel type for help and
// completion.
func EncapKeywords(typ uint16) []Keyword { return describe(encaps[typ].words) }

// encapUsage is ip's list of types for `encap help`.
func encapUsage() string {
	b := []byte("Usage: ip route ... encap TYPE [ OPTIONS ] [...]\n")
	for i, t := range rt.EncapTypes() {
		b = append(b, rt.EncapName(t)...)
		if i == 0 {
			b = append(b, " TYPE := \n"...)
		} else {
			b = append(b, "       \n"...)
		}
	}
	return string(b)
}

const (
	bpfUsage = "Usage: ip route ... encap bpf [ in BPF ] [ out BPF ] [ xmit BPF ] [...]\n" +
		"BPF := obj FILE [ section NAME ] [ verbose ]\n"
	xfrmUsage = "Usage: ip route ... encap xfrm if_id IF_ID [ link_dev LINK ]\n"
)

// encaps is filled by init because its parsers refer to it.
var encaps map[uint16]encapGrammar

func init() {
	encaps = map[uint16]encapGrammar{
		rt.EncapMPLS:      {mplsWords, parseMPLSEncap},
		rt.EncapIP:        {ipEncapWords, parseIPEncap},
		rt.EncapILA:       {ilaWords, parseILA},
		rt.EncapIP6:       {ip6EncapWords, parseIPEncap},
		rt.EncapSeg6:      {seg6Words, parseSeg6},
		rt.EncapBPF:       {bpfWords, nil},
		rt.EncapSeg6Local: {seg6LocalWords, parseSeg6Local},
		rt.EncapRPL:       {rplWords, parseRPL},
		rt.EncapIOAM6:     {ioam6Words, parseIOAM6},
		rt.EncapXfrm:      {xfrmWords, parseXfrm},
	}
}

// encapWords reads words of the type up to the first that is none. The words
// are not noted in uses: many of them are words of routes as well.
func (p *parser) encapWords(s *encapState) {
	ks := encaps[s.typ].words
	for p.more() && p.encapWord(ks, s) && !s.stop {
		p.i++
	}
}

func (p *parser) encapWord(ks []keyword[encapState], s *encapState) bool {
	for i := range ks {
		if ks[i].parse != nil && ks[i].fits(p.word()) {
			ks[i].parse(p, s)
			return true
		}
	}
	return false
}

// Words whose value is a number of 8 bits or an address.

func encapU8(word string, row func([]byte, uint8) []byte) keyword[encapState] {
	return keyword[encapState]{word: word, value: "NUMBER", parse: func(p *parser, s *encapState) {
		s.value(p, word)
		s.b = row(s.b, uint8(p.uint(maxU8, "\""+word+"\" value is invalid\n")))
	}}
}

func encapAddr(word string, family uint8, row func([]byte, rt.Addr) []byte) keyword[encapState] {
	return keyword[encapState]{word: word, value: "ADDRESS", parse: func(p *parser, s *encapState) {
		s.value(p, word)
		s.b = row(s.b, rt.AddrFrom(p.addr(family).Data))
	}}
}

func encapDevice(word string, row func([]byte, uint32) []byte) keyword[encapState] {
	return keyword[encapState]{word: word, value: "DEVICE", parse: func(p *parser, s *encapState) {
		s.value(p, word)
		s.b = row(s.b, p.deviceOr(func(name string) { p.fail(ExitUsage, "Cannot find device \"%s\"\n", name) }))
	}}
}

// encapEnum is a word whose value is one of names.
func encapEnum(p *parser, names rt.Words, msg, what string) uint32 {
	return named(p, msg, what, names.Number, names.All)
}

// encap mpls LABELS [ ttl TTL ]
var mplsWords = []keyword[encapState]{encapU8("ttl", rt.MPLSEncapTTL.Put)}

func parseMPLSEncap(p *parser, s *encapState) {
	s.b = rt.MPLSEncapDst.Put(s.b, p.addr(unix.AF_MPLS).Data)
	p.i++
	p.encapWords(s)
}

// tooManyLabels says whether a word that is no label stack has 64 labels and
// a slash behind them.
func tooManyLabels(w string) bool {
	if strings.Contains(w, ":") {
		return false
	}
	for range maxMPLSLabels {
		v, used, _ := strtoul(w, 0)
		if used == 0 || v >= 1<<20 || used == len(w) || w[used] != '/' {
			return false
		}
		w = w[used+1:]
	}
	return true
}

// encap ip and ip6
var (
	ipEncapWords = append([]keyword[encapState]{
		{word: "id", value: "NUMBER", parse: func(p *parser, s *encapState) { s.id(p, rt.IPEncapID.Put) }},
		encapAddr("dst", unix.AF_INET, rt.IPEncapDst.Put),
		encapAddr("src", unix.AF_INET, rt.IPEncapSrc.Put),
		{word: "tos", value: "TOS", parse: func(p *parser, s *encapState) {
			s.value(p, "tos")
			s.b = rt.IPEncapTOS.Put(s.b, p.dsfield("\"tos\" value is invalid\n"))
		}},
		encapU8("ttl", rt.IPEncapTTL.Put),
	}, ipCommonWords...)
	ip6EncapWords = append([]keyword[encapState]{
		{word: "id", value: "NUMBER", parse: func(p *parser, s *encapState) { s.id(p, rt.IP6EncapID.Put) }},
		encapAddr("dst", unix.AF_INET6, rt.IP6EncapDst.Put),
		encapAddr("src", unix.AF_INET6, rt.IP6EncapSrc.Put),
		{word: "tc", value: "TC", parse: func(p *parser, s *encapState) {
			s.value(p, "tc")
			s.b = rt.IP6EncapTC.Put(s.b, p.dsfield("\"tc\" value is invalid\n"))
		}},
		encapU8("hoplimit", rt.IP6EncapHoplimit.Put),
	}, ipCommonWords...)
	ipCommonWords = []keyword[encapState]{
		encapOpts("geneve_opts", "CLASS:TYPE:DATA[,...]", geneveOpts),
		encapOpts("vxlan_opts", "GBP", vxlanOpts),
		encapOpts("erspan_opts", "VERSION:INDEX:DIR:HWID", erspanOpts),
		encapFlag("key", rt.TunnelKey),
		encapFlag("csum", rt.TunnelCsum),
		encapFlag("seq", rt.TunnelSeq),
	}
)

func (s *encapState) id(p *parser, row func([]byte, uint64) []byte) {
	s.value(p, "id")
	s.b = row(s.b, p.uint(maxU64, "\"id\" value is invalid\n"))
}

func encapFlag(word string, bit uint16) keyword[encapState] {
	return keyword[encapState]{word: word, parse: func(p *parser, s *encapState) {
		s.once(p, word)
		s.flags |= bit
	}}
}

func parseIPEncap(p *parser, s *encapState) {
	p.encapWords(s)
	switch {
	case s.flags == 0:
	case s.typ == rt.EncapIP6:
		s.b = rt.IP6EncapFlags.Put(s.b, s.flags)
	default:
		s.b = rt.IPEncapFlags.Put(s.b, s.flags)
	}
}

// encapOpts is a word for the metadata of a tunnel device, of which there may
// be one. parse appends what belongs into LWTUNNEL_IP_OPTS; where it fails it
// returns the word as ip quotes it, and a remark that ip makes before. The
// number of LWTUNNEL_IP6_OPTS is that of LWTUNNEL_IP_OPTS.
func encapOpts(word, value string, parse func(b []byte, w string) (_ []byte, quoted, remark string, ok bool)) keyword[encapState] {
	return keyword[encapState]{word: word, value: value, parse: func(p *parser, s *encapState) {
		s.once(p, "opts")
		w := p.next()
		if p.err != nil {
			return
		}
		b, at := attr.Begin(s.b, rt.IPEncapOpts.Spec.Type|attr.FlagNested)
		b, quoted, remark, ok := parse(b, w)
		if !ok {
			p.fail(ExitUsage, "%sError: argument \"%s\" is wrong: \"%s\" value is invalid\n\n", remark, quoted, word)
			return
		}
		s.b = attr.End(b, at)
	}}
}

// unknownOption is what ip says of one field too many, also for erspan_opts.
const unknownOption = "Unknown \"geneve_opts\" type\n"

// geneveOpts reads CLASS:TYPE:DATA[,...], each option a nest of its own. An
// empty field is left out. ip quotes a word that it has cut by then, at the
// first comma and the first colon.
func geneveOpts(b []byte, w string) (_ []byte, quoted, remark string, ok bool) {
	quoted = w
	if i := strings.IndexAny(w, ",:"); i >= 0 {
		quoted = w[:i]
	}
	for opt := range strings.SplitSeq(w, ",") {
		var at int
		b, at = attr.Begin(b, rt.SpecGeneve.Type|attr.FlagNested)
		i := 0
		for field := range strings.SplitSeq(opt, ":") {
			switch i++; {
			case i > 3:
				return b, quoted, unknownOption, false
			case field == "":
			case i == 3:
				data, ok := parseHex(field)
				if !ok {
					return b, quoted, "", false
				}
				b = rt.GeneveData.Put(b, data)
			default:
				v, ok := parseUint(field, 0, []uint64{maxU16, maxU8}[i-1])
				if !ok {
					return b, quoted, "", false
				}
				if i == 1 {
					b = rt.GeneveClass.Put(b, uint16(v))
				} else {
					b = rt.GeneveType.Put(b, uint8(v))
				}
			}
		}
		b = attr.End(b, at)
	}
	return b, "", "", true
}

func vxlanOpts(b []byte, w string) (_ []byte, quoted, remark string, ok bool) {
	v, ok := parseUint(w, 0, maxU32)
	b, at := attr.Begin(b, rt.OptsVXLAN.Spec.Type|attr.FlagNested)
	b = rt.VXLANGBP.Put(b, uint32(v))
	return attr.End(b, at), w, "", ok
}

// erspanOpts reads VERSION:INDEX:DIR:HWID. An empty field is left out.
func erspanOpts(b []byte, w string) (_ []byte, quoted, remark string, ok bool) {
	quoted, _, _ = strings.Cut(w, ":")
	b, at := attr.Begin(b, rt.OptsERSPAN.Spec.Type|attr.FlagNested)
	i := 0
	for field := range strings.SplitSeq(w, ":") {
		if i++; i > 4 {
			return b, quoted, unknownOption, false
		}
		if field == "" {
			continue
		}
		limit := uint64(maxU8)
		if i == 2 {
			limit = maxU32
		}
		v, ok := parseUint(field, 0, limit)
		if !ok {
			return b, quoted, "", false
		}
		switch i {
		case 1:
			b = rt.ERSPANVersion.Put(b, uint8(v))
		case 2:
			b = rt.ERSPANIndex.Put(b, uint32(v))
		case 3:
			b = rt.ERSPANDirection.Put(b, uint8(v))
		case 4:
			b = rt.ERSPANHWID.Put(b, uint8(v))
		}
	}
	return attr.End(b, at), "", "", true
}

// encap ila LOCATOR [ csum-mode MODE ] [ ident-type TYPE ] [ hook-type TYPE ],
// each as often as one likes.
var ilaWords = []keyword[encapState]{
	ilaWord("csum-mode", rt.ILACsumWords, rt.ILACsumMode.Put),
	// Of the other types the kernel lets nobody choose.
	ilaWord("ident-type", rt.Words{1: rt.ILAIdentWords[1], 32: rt.ILAIdentWords[32]}, rt.ILAIdentType.Put),
	ilaWord("hook-type", rt.ILAHookWords, rt.ILAHookType.Put),
}

func ilaWord(word string, names rt.Words, row func([]byte, uint8) []byte) keyword[encapState] {
	return keyword[encapState]{word: word, value: "{ " + strings.Join(names.All(), " | ") + " }", parse: func(p *parser, s *encapState) {
		p.next()
		s.b = row(s.b, uint8(encapEnum(p, names, "\""+word+"\" value is invalid\n", word)))
	}}
}

func parseILA(p *parser, s *encapState) {
	loc, ok := parseAddr64(p.word())
	if !ok {
		p.fail(ExitAddress, "Bad locator: %s\n", p.word())
		return
	}
	s.b = attr.Put(s.b, rt.ILALocator.Spec.Type, loc[:])
	p.i++
	p.encapWords(s)
}

// maxSegsWord is how much of a list of segments ip looks at.
const maxSegsWord = 1023

func (s *encapState) segments(p *parser) {
	s.segs = s.value(p, "segs")
	s.segs, s.segsArg = s.segs[:min(len(s.segs), maxSegsWord)], p.i
}

func (s *encapState) key(p *parser) {
	// What is no number leaves the key as it was, without a word from ip.
	if v, ok := parseUint(s.value(p, "hmac"), 0, maxU32); ok {
		s.hmac = uint32(v)
	}
}

// putSegments writes the addresses of the list from place last downwards.
// Empty elements have a place (see header) but are passed over, so that it is
// the lower places that stay zero.
func (s *encapState) putSegments(p *parser, last int, place func(int) []byte) {
	if p.err != nil {
		return
	}
	for a := range strings.SplitSeq(s.segs, ",") {
		if a == "" {
			continue
		}
		addr, ok := parseAddr(a, unix.AF_INET6)
		if !ok {
			p.i = s.segsArg
			p.fail(ExitAddress, "Error: %s address is expected rather than \"%s\".\n", familyVerbose(unix.AF_INET6), a)
			return
		}
		copy(place(last), addr.Data)
		last--
	}
}

// header makes the segment routing header: a place for each element of the
// list, and without encapsulation one more for the packet's own destination.
// More segments than the header can count are refused here; ip writes beyond
// its memory.
func (s *encapState) header(p *parser, encap bool) rt.SRH {
	n := strings.Count(s.segs, ",") + 1
	if !encap {
		n++
	}
	h, err := rt.NewSRH(n, s.hmac)
	if err != nil {
		p.i = s.segsArg
		p.fail(ExitUsage, "Error: too many segments.\n")
		return nil
	}
	s.putSegments(p, n-1, h.Segment)
	return h
}

// encap seg6 mode MODE [ tunsrc ADDRESS ] segs ADDRESS[,...] [ hmac KEY ]
var seg6Words = []keyword[encapState]{
	{word: "mode", value: "{ inline | encap | l2encap | encap.red | l2encap.red }", parse: func(p *parser, s *encapState) {
		s.value(p, "mode")
		s.mode = int32(encapEnum(p, rt.Seg6ModeWords, "\"mode\" value is invalid\n", "mode"))
	}},
	{word: "tunsrc", value: "ADDRESS", parse: func(p *parser, s *encapState) {
		w := p.next()
		switch {
		case s.mode == -1:
			p.invalid("\"tunsrc\" provided before \"mode\"\n", w)
		case s.mode == rt.Seg6ModeInline:
			p.invalid("\"tunsrc\" invalid with inline mode\n", w)
		}
		s.once(p, "tunsrc")
		s.src = attr.Some(p.wholeInet6("\"tunsrc\" value is invalid\n"))
	}},
	{word: "segs", value: "ADDRESS[,...]", parse: func(p *parser, s *encapState) {
		s.segments(p)
		if s.mode == -1 {
			p.invalid("\"segs\" provided before \"mode\"\n", p.word())
		}
	}},
	{word: "hmac", value: "KEY", parse: func(p *parser, s *encapState) { s.key(p) }},
}

// wholeInet6 is an IPv6 address of 16 bytes: not any, not all.
func (p *parser) wholeInet6(msg string) rt.Addr {
	a := p.addr(unix.AF_INET6)
	if len(a.Data) != 16 {
		p.invalid(msg, p.word())
	}
	return rt.AddrFrom(a.Data)
}

func parseSeg6(p *parser, s *encapState) {
	p.encapWords(s)
	end := p.i
	h := s.header(p, s.mode != rt.Seg6ModeInline)
	if p.err != nil {
		return
	}
	p.i = end
	s.b = rt.Seg6SRH.Put(s.b, rt.Seg6Tunnel{Mode: s.mode, Header: h})
	if s.src.OK {
		s.b = rt.Seg6Src.Put(s.b, s.src.V)
	}
}

// encap rpl segs ADDRESS[,...]
var rplWords = []keyword[encapState]{
	{word: "segs", value: "ADDRESS[,...]", parse: func(p *parser, s *encapState) { s.segments(p) }},
}

func parseRPL(p *parser, s *encapState) {
	p.encapWords(s)
	end := p.i
	n := strings.Count(s.segs, ",") + 1
	h, err := rt.NewRPLHeader(n)
	if err != nil {
		p.i = s.segsArg
		p.fail(ExitUsage, "Error: too many segments.\n")
		return
	}
	s.putSegments(p, n-1, h.Segment)
	if p.err == nil {
		p.i = end
	}
	s.b = rt.RPLSRH.Put(s.b, h)
}

// encap seg6local
var seg6LocalWords = []keyword[encapState]{
	{word: "action", value: "ACTION", parse: func(p *parser, s *encapState) {
		s.value(p, "action")
		s.action = encapEnum(p, rt.Seg6ActionWords, "\"action\" value is invalid\n", "action")
		s.b = rt.Seg6LocalAction.Put(s.b, s.action)
	}},
	{word: "table", value: "TABLE", parse: func(p *parser, s *encapState) {
		s.value(p, "table")
		s.b = rt.Seg6LocalTable.Put(s.b, p.table("invalid table id\n"))
	}},
	{word: "vrftable", value: "TABLE", parse: func(p *parser, s *encapState) {
		s.value(p, "vrftable")
		s.b = rt.Seg6LocalVRFTable.Put(s.b, p.table("invalid vrf table id\n"))
	}},
	encapAddr("nh4", unix.AF_INET, rt.Seg6LocalNH4.Put),
	encapAddr("nh6", unix.AF_INET6, rt.Seg6LocalNH6.Put),
	encapDevice("iif", rt.Seg6LocalIIF.Put),
	encapDevice("oif", rt.Seg6LocalOIF.Put),
	{word: "count", parse: func(p *parser, s *encapState) {
		s.once(p, "count")
		s.b = rt.Seg6LocalCounters.Put(s.b, rt.Seg6Counters{
			Packets: attr.Some(uint64(0)), Bytes: attr.Some(uint64(0)), Errors: attr.Some(uint64(0)),
		})
	}},
	{word: "flavors", value: "FLAVOR[,...] [ lblen NUMBER ] [ nflen NUMBER ]", parse: func(p *parser, s *encapState) { s.flavors(p) }},
	{word: "srh", value: "segs ADDRESS[,...] [ hmac KEY ]", parse: func(p *parser, s *encapState) {
		if s.value(p, "srh") != "segs" {
			p.invalid("missing \"segs\" attribute for srh\n", p.word())
		}
		s.segments(p)
		s.srh = true
		switch next, ok := p.peek(); {
		case !ok:
			s.stop = true // and so the list is the command's next word
		case next == "hmac":
			p.i++
			s.key(p)
		}
	}},
	{word: "endpoint", value: "obj FILE [ section NAME ] [ verbose ]", parse: func(p *parser, s *encapState) {
		s.value(p, "endpoint")
		s.program(p, rt.Seg6LocalBPF.Spec, "seg6local")
	}},
}

// flavors reads FLAVOR[,...] and the lengths that next-csid may have. It
// takes the end of the line where a length could stand for a mistake; ip
// crashes there.
func (s *encapState) flavors(p *parser) {
	w := s.value(p, "flavors")
	mask, ok := parseFlavors(w)
	if !ok {
		p.invalid("invalid \"flavors\" attribute\n", w)
	}
	f := rt.Seg6Flavors{Operation: attr.Some(mask)}
	if mask&(1<<rt.Seg6FlavorNextCSID) != 0 {
		p.next()
		if p.is("lblen") {
			p.next()
			f.LocBlock = attr.Some(uint8(p.uint(maxU8, "\"locator-block length\" value is invalid\n")))
			p.next()
		}
		if p.is("nflen") {
			p.next()
			f.LocNodeFn = attr.Some(uint8(p.uint(maxU8, "\"locator-node function length\" value is invalid\n")))
			p.i++
		}
		p.i--
	}
	if p.err == nil {
		s.b = rt.Seg6LocalFlavors.Put(s.b, f)
	}
}

func parseFlavors(w string) (mask uint32, ok bool) {
	if w == "" {
		return 0, false
	}
	for f := range strings.SplitSeq(w, ",") {
		if f == "" {
			continue
		}
		bit, ok := rt.Seg6FlavorWords.Number(asciiLower(f))
		if !ok || mask&(1<<bit) != 0 {
			return 0, false
		}
		mask |= 1 << bit
	}
	return mask, true
}

func parseSeg6Local(p *parser, s *encapState) {
	p.encapWords(s)
	if s.action == 0 {
		p.fail(ExitUsage, "Missing action type\n")
	}
	if s.srh && p.err == nil {
		end := p.i
		h := s.header(p, s.action == rt.Seg6LocalEndB6Encap)
		if p.err == nil {
			p.i = end
		}
		s.b = rt.Seg6LocalSRH.Put(s.b, h)
	}
}

// encap ioam6 [ freq K/N ] [ mode MODE ] [ tunsrc ADDRESS ] [ tundst ADDRESS ]
// trace prealloc type TYPE ns NAMESPACE size SIZE: the order is fixed up to
// prealloc.
var ioam6Words = []keyword[encapState]{
	{word: "freq", value: "K/N"},
	{word: "mode", value: "{ inline | encap | auto }"},
	{word: "tunsrc", value: "ADDRESS"},
	{word: "tundst", value: "ADDRESS"},
	{word: "trace"},
	{word: "prealloc"},
	{word: "type", value: "NUMBER"},
	{word: "ns", value: "NUMBER"},
	{word: "size", value: "BYTES"},
}

const (
	ioam6FreqMax  = 1000000 // IOAM6_IPTUNNEL_FREQ_MAX
	ioam6TraceMax = 244     // IOAM6_TRACE_DATA_SIZE_MAX
)

func parseIOAM6(p *parser, s *encapState) {
	e := rt.IOAM6Encap{FreqK: attr.Some(uint32(1)), FreqN: attr.Some(uint32(1)), Mode: attr.Some(uint8(rt.IOAM6ModeInline))}
	if p.is("freq") {
		e.FreqK.V, e.FreqN.V = p.ioam6Freq()
		p.next()
	}
	if p.is("mode") {
		p.next()
		e.Mode.V = uint8(encapEnum(p, rt.IOAM6ModeWords, "Invalid mode", "mode"))
		p.next()
	}
	inline := e.Mode.V == rt.IOAM6ModeInline
	if p.is("tunsrc") {
		if inline {
			p.invalid("Inline mode does not need tunsrc", p.word())
		}
		p.next()
		e.Src = attr.Some(p.wholeInet6("Invalid IPv6 address for tunsrc"))
		p.next()
	}
	if p.is("tundst") {
		if inline {
			p.invalid("Inline mode does not need tundst", p.word())
		}
		p.next()
		e.Dst = attr.Some(p.wholeInet6("Invalid IPv6 address for tundst"))
		p.next()
	} else if !inline {
		p.missing("tundst")
	}
	if !p.is("trace") {
		p.missing("trace")
	}
	p.next()
	if !p.is("prealloc") {
		p.missing("prealloc")
	}
	e.Trace = attr.Some(s.ioam6Trace(p))
	if p.err == nil {
		s.b = rt.IOAM6EncapTable.Append(s.b, &e)
	}
}

func (p *parser) ioam6Freq() (k, n uint32) {
	w := p.next()
	if len(w) > 15 {
		p.invalid("Invalid frequency (too long)", w)
	}
	ks, ns, _ := strings.Cut(w, "/")
	kv, ok1 := parseUint(ks, 10, maxU32)
	nv, ok2 := parseUint(ns, 10, maxU32)
	switch {
	case !ok1 || !ok2:
		p.invalid("Invalid frequency (malformed)", w)
	case kv < 1 || kv > ioam6FreqMax:
		p.invalid("Out of bound \"k\" frequency", w)
	case nv < 1 || nv > ioam6FreqMax:
		p.invalid("Out of bound \"n\" frequency", w)
	case kv > nv:
		p.invalid("Frequency with k > n is forbidden", w)
	}
	return uint32(kv), uint32(nv)
}

// ioam6Trace reads what follows prealloc and leaves the parser on the first
// word that does not belong to it or, when there is none, on the last word.
func (s *encapState) ioam6Trace(p *parser) rt.IOAM6Trace {
	var typ uint32
	var ns, size uint16
	for {
		if _, more := p.peek(); !more {
			break
		}
		p.i++
		switch p.word() {
		case "type":
			p.next()
			if typ != 0 {
				p.duplicate("type", p.word())
			}
			if typ = uint32(p.uint(maxU32, "Invalid trace type")); typ == 0 {
				p.invalid("Invalid trace type", p.word())
			}
			continue
		case "ns":
			s.value(p, "ns")
			ns = uint16(p.uint(maxU16, "Invalid namespace ID"))
			continue
		case "size":
			p.next()
			if size != 0 {
				p.duplicate("size", p.word())
			}
			switch size = uint16(p.uint(maxU16, "Invalid trace size")); {
			case size == 0:
				p.invalid("Invalid trace size", p.word())
			case size%4 != 0:
				p.invalid("Trace size must be a 4-octet multiple", p.word())
			case size > ioam6TraceMax:
				p.invalid("Trace size is too big", p.word())
			}
			continue
		}
		break
	}
	switch {
	case typ == 0:
		p.missing("type")
	case len(s.seen) == 0:
		p.missing("ns")
	case size == 0:
		p.missing("size")
	}
	return rt.NewIOAM6Trace(typ, ns, uint8(size/4))
}

// encap bpf
var bpfWords = []keyword[encapState]{
	bpfWord("in", rt.BPFIn.Spec),
	bpfWord("out", rt.BPFOut.Spec),
	bpfWord("xmit", rt.BPFXmit.Spec),
	{word: "headroom", value: "BYTES", parse: func(p *parser, s *encapState) {
		p.next()
		v := uint32(p.uint(maxU32, "headroom is invalid\n"))
		if v == 0 {
			p.invalid("headroom is invalid\n", p.word())
		}
		if !s.headroom { // the first one counts
			s.b = rt.BPFHeadroom.Put(s.b, v)
		}
		s.headroom = true
	}},
	{word: "help", parse: func(p *parser, _ *encapState) { p.fail(ExitUsage, "%s", bpfUsage) }},
}

func bpfWord(word string, spec attr.Spec) keyword[encapState] {
	return keyword[encapState]{word: word, value: "obj FILE [ section NAME ] [ verbose ]", parse: func(p *parser, s *encapState) {
		p.next()
		s.program(p, spec, word)
	}}
}

// PinnedSection is the section that Env.LoadBPF is asked for when FILE is a
// program pinned in a BPF file system.
const PinnedSection = "*fsobj"

// program reads obj FILE [ section NAME ] [ verbose ], or pinned FILE, loads
// it, and appends its nest.
func (s *encapState) program(p *parser, spec attr.Spec, hook string) {
	if p.err != nil {
		return
	}
	section := ""
	switch w := p.word(); {
	case matches(w, "object-file") || w == "obj":
	case matches(w, "object-pinned") || matches(w, "pinned") || matches(w, "fd"):
		section = PinnedSection
	default:
		p.fail(ExitUsage, "What mode is \"%s\"?\nFailed to parse eBPF program: Operation not permitted\n", w)
		return
	}
	file, arg := p.next(), p.i
	if w, ok := p.peek(); ok && matches(w, "section") {
		p.i++
		if name := p.next(); section == "" {
			section = name
		}
	}
	if w, ok := p.peek(); ok && w == "program" {
		p.i++
		p.fail(ExitUsage, "Error: \"program\" is not supported, name a section.\n")
	}
	verbose := false
	if w, ok := p.peek(); ok && matches(w, "verbose") {
		p.i++
		verbose = true
	}
	if p.err != nil {
		return
	}
	last := p.i
	p.i = arg
	if p.env.LoadBPF == nil {
		p.fail(ExitUsage, "Failed to parse eBPF program: Function not implemented\n")
		return
	}
	fd, name, err := p.env.LoadBPF(hook, file, section, verbose)
	if err != nil {
		p.fail(ExitUsage, "Failed to parse eBPF program: %v\n", err)
		return
	}
	p.i = last
	b, at := attr.Begin(s.b, spec.Type|attr.FlagNested)
	b = rt.BPFProgFD.Put(b, uint32(fd)) // the numbers are those of SEG6_LOCAL_BPF_PROG_*
	b = rt.BPFProgName.Put(b, name)
	s.b = attr.End(b, at)
}

// encap xfrm if_id NUMBER [ link_dev DEVICE ]. Words that it does not know it
// passes over, to the end of the line.
var xfrmWords = []keyword[encapState]{
	{word: "if_id", value: "NUMBER", parse: func(p *parser, s *encapState) {
		s.value(p, "if_id")
		v := uint32(p.uint(maxU32, "\"if_id\" value is invalid\n"))
		if v == 0 {
			p.invalid("\"if_id\" value is invalid\n", p.word())
		}
		s.b = rt.XfrmIfID.Put(s.b, v)
	}},
	encapDevice("link_dev", rt.XfrmLink.Put),
	{word: "help", parse: func(p *parser, _ *encapState) { p.fail(ExitUsage, "%s", xfrmUsage) }},
}

func parseXfrm(p *parser, s *encapState) {
	for ; p.more(); p.i++ {
		p.encapWord(xfrmWords, s)
	}
	for _, w := range s.seen {
		if w == "if_id" {
			return
		}
	}
	p.fail(ExitUsage, "%s", xfrmUsage)
}
