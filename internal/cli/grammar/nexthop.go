package grammar

import (
	"math"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl"
	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// nhModify is what `nexthop add` and its kin gather.
type nhModify struct {
	h    rt.Nexthop // header fields
	body []byte
}

// NexthopModify reads the words behind `nexthop add`, `replace` and `delete`.
// typ is RTM_NEWNEXTHOP or RTM_DELNEXTHOP; flags are the verb's, without
// NLM_F_REQUEST.
func NexthopModify(env *Env, typ, flags uint16, args []string) (*Request, *Error) {
	p := &parser{env: env, args: args}
	s := &nhModify{}
	s.h.Family = env.Family
	p.at = func() (int, int) { return rt.NexthopHeaderLen + len(s.body), 0 }
	for ; p.more(); p.i++ {
		if !run(p, nexthopWords, s) {
			p.invalid("", p.word())
			p.suggest("keyword", words(nexthopWords))
		}
	}
	if p.err != nil {
		return nil, p.err
	}
	body := append(s.h.AppendHeader(nil), s.body...)
	return &Request{nl.Msg{Header: nl.Header{Type: typ, Flags: nl.Request | flags}, Body: body}, p.uses}, nil
}

// NexthopKeywords describes the words of `nexthop add`.
func NexthopKeywords() []Keyword { return describe(nexthopWords) }

const noDevice = "Device does not exist\n"

func (p *parser) nexthopDevice() uint32 {
	return p.deviceOr(func(name string) { p.invalid(noDevice, name) })
}

func (p *parser) nexthopID() uint32 { return uint32(p.uint(maxU32, "invalid id value")) }

// nexthopWords in the order in which ip tries them.
var nexthopWords = []keyword[nhModify]{
	{word: rt.NHAID.Spec.Word, value: "ID", parse: func(p *parser, s *nhModify) {
		p.next()
		s.body = rt.NHAID.Put(s.body, p.nexthopID())
	}},
	{word: rt.NHAOIF.Spec.Word, value: "DEVICE", parse: func(p *parser, s *nhModify) {
		p.next()
		s.body = rt.NHAOIF.Put(s.body, p.nexthopDevice())
		if s.h.Family == unix.AF_UNSPEC {
			s.h.Family = unix.AF_INET
		}
	}},
	{word: rt.NHAGateway.Spec.Word, value: "[ FAMILY ] ADDRESS", parse: func(p *parser, s *nhModify) {
		family, said := parseFamily(p.next())
		if said {
			p.next()
		} else {
			family = s.h.Family
		}
		a := settle(&s.h.Family, p.addr(family))
		if a.Family != s.h.Family {
			said := p.word()
			if a.Family == unix.AF_PACKET {
				_, said = llAddrBad(said) // ip has cut the word while it read it
			}
			p.invalid("address family mismatch\n", said)
		}
		s.body = rt.NHAGateway.PutRaw(s.body, a.Data)
	}},
	{word: rt.NHAEncap.Spec.Word, value: "ENCAPTYPE ENCAPHDR", parse: func(p *parser, s *nhModify) {
		typ, payload := p.encap()
		s.body = rt.NHAEncapType.Put(rt.NHAEncap.Put(s.body, payload), typ)
	}},
	{word: rt.NHABlackhole.Spec.Word, parse: func(_ *parser, s *nhModify) {
		s.body = rt.NHABlackhole.Put(s.body, struct{}{})
		if s.h.Family == unix.AF_UNSPEC {
			s.h.Family = unix.AF_INET
		}
	}},
	{word: rt.NHAFDB.Spec.Word, parse: func(_ *parser, s *nhModify) { s.body = rt.NHAFDB.Put(s.body, struct{}{}) }},
	{word: "onlink", parse: func(_ *parser, s *nhModify) { s.h.Flags |= rt.NHFlagOnlink }},
	{word: rt.NHAGroup.Spec.Word, value: "GROUP", parse: parseGroupWord},
	{word: rt.NHAGroupType.Spec.Word, value: "{ mpath | resilient TYPE_ARGS }", parse: parseGroupType},
	{word: "protocol", prefix: true, value: "RTPROTO", parse: func(p *parser, s *nhModify) {
		p.next()
		s.h.Protocol = p.proto("\"protocol\" value is invalid\n")
	}},
	{word: rt.NHAHWStatsEnable.Spec.Word, value: "{ off | on }", parse: func(p *parser, s *nhModify) {
		var v uint32
		switch w := p.next(); w {
		case "on":
			v = 1
		case "off":
		default:
			p.fail(ExitOnOff, "Error: argument of \"hw_stats\" must be one of \"off\", \"on\", not \"%s\"\n", w)
		}
		s.body = rt.NHAHWStatsEnable.Put(s.body, v)
	}},
	{word: "help", parse: func(p *parser, _ *nhModify) { p.help() }},
}

// maxGroup is how many members the 16-bit length of NHA_GROUP can say.
const maxGroup = (math.MaxUint16 - attr.HeaderLen) / 8

func parseGroupWord(p *parser, s *nhModify) {
	w := p.next()
	if p.err != nil {
		return
	}
	members, bad := parseGroup(w)
	switch {
	case bad.Kind == groupBadWeight:
		p.invalid("\"weight\" is invalid\n", bad.Word)
	case bad.Kind == groupBad:
		p.invalid("\"group\" value is invalid\n", bad.Word)
	case len(members) > maxGroup:
		p.fail(ExitUsage, "Error: a group of %d members does not fit a message, which holds %d.\n", len(members), maxGroup)
	}
	grp := make([]rt.GroupMember, len(members))
	for i, m := range members {
		grp[i] = rt.NewMember(m.ID, m.Weight)
	}
	s.body = rt.NHAGroup.Put(s.body, grp)
}

// resArgs are the arguments of type resilient.
var resWords = []keyword[rt.ResGroup]{
	{word: rt.ResGroupBuckets.Spec.Word, value: "BUCKETS", parse: func(p *parser, g *rt.ResGroup) {
		p.next()
		g.Unknown = append(g.Unknown, raw(rt.ResGroupBuckets.Put(nil, uint16(p.uint(maxU16, "invalid buckets value")))))
	}},
	{word: rt.ResGroupIdle.Spec.Word, value: "SECONDS", parse: func(p *parser, g *rt.ResGroup) {
		p.next()
		g.Unknown = append(g.Unknown, raw(rt.ResGroupIdle.Put(nil, p.centiseconds("invalid idle timer value"))))
	}},
	{word: rt.ResGroupUnbalanced.Spec.Word, value: "SECONDS", parse: func(p *parser, g *rt.ResGroup) {
		p.next()
		g.Unknown = append(g.Unknown, raw(rt.ResGroupUnbalanced.Put(nil, p.centiseconds("invalid unbalanced timer value"))))
	}},
}

// raw reads back one attribute, so that several of a kind keep their order.
func raw(b []byte) attr.Raw {
	typ, payload, _, _ := attr.Next(b)
	return attr.Raw{Type: typ, Data: payload}
}

// centiseconds reads seconds, which must be below 2^32/100 - 1.
func (p *parser) centiseconds(msg string) uint32 {
	return 100 * uint32(p.uint(math.MaxUint32/100-1, msg))
}

func parseGroupType(p *parser, s *nhModify) {
	w := p.next()
	typ, ok := rt.GroupTypes.Number(w)
	if !ok {
		p.invalid("\"type\" value is invalid\n", w)
		p.suggest("type", rt.GroupTypes.All)
	}
	if _, more := p.peek(); more && typ == rt.GroupResilient {
		var g rt.ResGroup
		for p.i++; p.more() && run(p, resWords, &g); p.i++ {
		}
		p.i--
		s.body = rt.NHAResGroup.Put(s.body, g)
	}
	s.body = rt.NHAGroupType.Put(s.body, uint16(typ))
}

// NexthopList is what `nexthop list` and `flush`, and `nexthop bucket list`,
// ask for.
type NexthopList struct {
	ID      attr.Opt[uint32] // one object: list shows it, flush deletes it
	Dev     uint32
	Master  uint32
	Groups  bool
	FDB     bool
	Proto   uint32           // 0: all
	Bucket  attr.Opt[uint32] // nhid: buckets that use this object
	All     bool             // no words
	OpFlags uint32
}

// ReadNexthopList reads the words behind `nexthop list` and `nexthop flush`.
func ReadNexthopList(env *Env, args []string) (*NexthopList, *Error) {
	return readNexthopList(env, args, nhListWords)
}

// ReadBucketList reads the words behind `nexthop bucket list`.
func ReadBucketList(env *Env, args []string) (*NexthopList, *Error) {
	return readNexthopList(env, args, bucketListWords)
}

// NexthopListKeywords describes the words of `nexthop list`.
func NexthopListKeywords() []Keyword { return describe(nhListWords) }

// BucketListKeywords describes the words of `nexthop bucket list`.
func BucketListKeywords() []Keyword { return describe(bucketListWords) }

type nhList struct {
	NexthopList
	done bool
}

func readNexthopList(env *Env, args []string, ks []keyword[nhList]) (*NexthopList, *Error) {
	p := &parser{env: env, args: args}
	s := &nhList{}
	s.All = len(args) == 0
	for ; p.more() && !s.done; p.i++ {
		if !run(p, ks, s) {
			p.invalid("", p.word())
			p.suggest("keyword", words(ks))
		}
	}
	if p.err != nil {
		return nil, p.err
	}
	return &s.NexthopList, nil
}

var (
	nhDevWord = keyword[nhList]{word: "dev", prefix: true, value: "DEVICE", parse: func(p *parser, s *nhList) {
		p.next()
		s.Dev = p.nexthopDevice()
	}}
	nhMasterWord = keyword[nhList]{word: "master", prefix: true, value: "DEVICE", parse: func(p *parser, s *nhList) {
		p.next()
		s.Master = p.nexthopDevice()
	}}
	nhVRFWord = keyword[nhList]{word: "vrf", prefix: true, value: "NAME", parse: func(p *parser, s *nhList) {
		p.next()
		s.Master = p.vrfDevice("VRF does not exist\n")
	}}
	nhHelpWord = keyword[nhList]{word: "help", prefix: true, parse: func(p *parser, _ *nhList) { p.help() }}

	// nhListWords in the order in which ip tries them.
	nhListWords = []keyword[nhList]{
		nhDevWord,
		{word: "groups", prefix: true, parse: func(_ *parser, s *nhList) { s.Groups = true }},
		nhMasterWord,
		nhVRFWord,
		// id acts at once: what stands behind is not looked at.
		{word: "id", value: "ID", parse: func(p *parser, s *nhList) {
			p.next()
			s.ID = attr.Some(p.nexthopID())
			s.done = true
		}},
		{word: "protocol", prefix: true, value: "NUMBER", parse: func(p *parser, s *nhList) {
			p.next()
			s.Proto = uint32(p.uint(maxU32, "invalid protocol value"))
		}},
		{word: "fdb", prefix: true, parse: func(_ *parser, s *nhList) { s.FDB = true }},
		nhHelpWord,
	}

	// bucketListWords in the order in which ip tries them.
	bucketListWords = []keyword[nhList]{
		nhDevWord,
		nhMasterWord,
		nhVRFWord,
		{word: "id", value: "ID", parse: func(p *parser, s *nhList) {
			p.next()
			s.ID = attr.Some(p.nexthopID())
		}},
		{word: "nhid", value: "ID", parse: func(p *parser, s *nhList) {
			p.next()
			s.Bucket = attr.Some(p.nexthopID())
		}},
		nhHelpWord,
	}
)

// Request is the body of the dump request.
func (l *NexthopList) Request(family uint8) []byte {
	b := (&rt.Nexthop{Family: family}).AppendHeader(nil)
	if l.Dev != 0 {
		b = rt.NHAOIF.Put(b, l.Dev)
	}
	if l.Groups {
		b = rt.NHAGroups.Put(b, struct{}{})
	}
	if l.Master != 0 {
		b = rt.NHAMaster.Put(b, l.Master)
	}
	if l.FDB {
		b = rt.NHAFDB.Put(b, struct{}{})
	}
	if l.OpFlags != 0 {
		b = rt.NHAOpFlags.Put(b, l.OpFlags)
	}
	return b
}

// BucketRequest is the body of the dump request for buckets.
func (l *NexthopList) BucketRequest(family uint8) []byte {
	b := l.Request(family)
	if l.ID.V != 0 {
		b = rt.NHAID.Put(b, l.ID.V)
	}
	if l.Bucket.V != 0 {
		b = rt.NHAResBucket.Put(b, rt.ResBucket{NHID: l.Bucket})
	}
	return b
}

// NexthopGet reads the words behind `nexthop get`.
func NexthopGet(env *Env, args []string) (id uint32, err *Error) {
	p := &parser{env: env, args: args}
	for ; p.more(); p.i++ {
		if !p.is("id") {
			p.help()
			break
		}
		p.use("id")
		p.next()
		id = p.nexthopID()
	}
	if p.err == nil && id == 0 {
		p.help()
	}
	return id, p.err
}

// NexthopByID is the request for one object.
func NexthopByID(family uint8, id, opFlags uint32) nl.Msg {
	b := (&rt.Nexthop{Family: family}).AppendHeader(nil)
	b = rt.NHAOpFlags.Put(rt.NHAID.Put(b, id), opFlags)
	return nl.Msg{Header: nl.Header{Type: unix.RTM_GETNEXTHOP, Flags: nl.Request}, Body: b}
}

// BucketGet reads the words behind `nexthop bucket get` into a request.
func BucketGet(env *Env, args []string) (nl.Msg, *Error) {
	p := &parser{env: env, args: args}
	var id uint32
	var index attr.Opt[uint16]
	for ; p.more(); p.i++ {
		switch {
		case p.is("id"):
			p.next()
			id = p.nexthopID()
		case p.is("index"):
			p.next()
			index = attr.Some(uint16(p.uint(maxU16, "invalid bucket index value")))
		default:
			p.help()
		}
	}
	if p.err == nil && (id == 0 || !index.OK) {
		p.help()
	}
	if p.err != nil {
		return nl.Msg{}, p.err
	}
	b := (&rt.Nexthop{Family: env.Family}).AppendHeader(nil)
	b = rt.NHAResBucket.Put(rt.NHAID.Put(b, id), rt.ResBucket{Index: index})
	return nl.Msg{Header: nl.Header{Type: rt.GetBucket, Flags: nl.Request}, Body: b}, nil
}
