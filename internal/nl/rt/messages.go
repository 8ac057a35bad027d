package rt

import (
	"strconv"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl"
	"nhctl/internal/nl/attr"
)

// Space is an attribute space as far as its values' type does not matter.
type Space interface {
	Trace(b, run []byte, c *attr.Ctx) []byte
	At(run []byte, off int, c *attr.Ctx) []attr.Location
	Specs() []attr.Spec
	Kinds() []string
	ByType(typ uint16) (attr.Spec, bool)
}

// Layout is what is known of the messages of one object.
type Layout struct {
	Object    string // route, nexthop, bucket, link, address
	Header    string // the C structure that messages begin with
	HeaderLen int
	header    func(b, p []byte, c *attr.Ctx) []byte
	Table     Space
}

var (
	routeLayout   = &Layout{"route", "rtmsg", RouteHeaderLen, traceRouteHeader, RouteTable}
	nexthopLayout = &Layout{"nexthop", "nhmsg", NexthopHeaderLen, traceNexthopHeader, NexthopTable}
	bucketLayout  = &Layout{"bucket", "nhmsg", NexthopHeaderLen, traceNexthopHeader, NexthopTable}
	linkLayout    = &Layout{"link", "ifinfomsg", linkHeaderLen, traceLinkHeader, LinkTable}
	addressLayout = &Layout{"address", "ifaddrmsg", addrHeaderLen, traceAddressHeader, AddressTable}
)

// Nexthop bucket message types (include/uapi/linux/rtnetlink.h).
const (
	NewBucket = 116
	DelBucket = 117
	GetBucket = 118
)

type messageType struct {
	name   string
	layout *Layout
}

var messageTypes = map[uint16]messageType{
	nl.TypeNoop:         {"NLMSG_NOOP", nil},
	nl.TypeError:        {"NLMSG_ERROR", nil},
	nl.TypeDone:         {"NLMSG_DONE", nil},
	nl.TypeOverrun:      {"NLMSG_OVERRUN", nil},
	unix.RTM_NEWLINK:    {"RTM_NEWLINK", linkLayout},
	unix.RTM_DELLINK:    {"RTM_DELLINK", linkLayout},
	unix.RTM_GETLINK:    {"RTM_GETLINK", linkLayout},
	unix.RTM_NEWADDR:    {"RTM_NEWADDR", addressLayout},
	unix.RTM_DELADDR:    {"RTM_DELADDR", addressLayout},
	unix.RTM_GETADDR:    {"RTM_GETADDR", addressLayout},
	unix.RTM_NEWROUTE:   {"RTM_NEWROUTE", routeLayout},
	unix.RTM_DELROUTE:   {"RTM_DELROUTE", routeLayout},
	unix.RTM_GETROUTE:   {"RTM_GETROUTE", routeLayout},
	unix.RTM_NEWNEXTHOP: {"RTM_NEWNEXTHOP", nexthopLayout},
	unix.RTM_DELNEXTHOP: {"RTM_DELNEXTHOP", nexthopLayout},
	unix.RTM_GETNEXTHOP: {"RTM_GETNEXTHOP", nexthopLayout},
	NewBucket:           {"RTM_NEWNEXTHOPBUCKET", bucketLayout},
	DelBucket:           {"RTM_DELNEXTHOPBUCKET", bucketLayout},
	GetBucket:           {"RTM_GETNEXTHOPBUCKET", bucketLayout},
}

// LayoutOf is the layout of a message type; nil for those not known.
func LayoutOf(typ uint16) *Layout { return messageTypes[typ].layout }

// TypeName is the kernel's name of a message type, or its number in hex.
func TypeName(typ uint16) string {
	if m, ok := messageTypes[typ]; ok {
		return m.name
	}
	return "0x" + strconv.FormatUint(uint64(typ), 16) + " /* RTM_??? */"
}

// isGet says whether a type is a request for information; the flags above
// 0xff mean other things there.
func isGet(typ uint16) bool { return typ >= unix.RTM_BASE && (typ-unix.RTM_BASE)%4 == 2 }

func isNew(typ uint16) bool { return typ >= unix.RTM_BASE && (typ-unix.RTM_BASE)%4 == 0 }

// FlagNames are the names of message flags for a type.
func FlagNames(typ, flags uint16) string {
	n := map[uint64]string{
		nl.Request: "NLM_F_REQUEST", nl.Multi: "NLM_F_MULTI", nl.Ack: "NLM_F_ACK", nl.Echo: "NLM_F_ECHO",
		nl.DumpIntr: "NLM_F_DUMP_INTR", nl.DumpFiltered: "NLM_F_DUMP_FILTERED",
	}
	var b []byte
	switch {
	case typ == nl.TypeError || typ == nl.TypeDone:
		n[nl.Capped], n[nl.AckTLVs] = "NLM_F_CAPPED", "NLM_F_ACK_TLVS"
	case isGet(typ):
		if flags&nl.Dump == nl.Dump {
			// strace prints the two bits of a dump by their common name.
			n[nl.Atomic] = "NLM_F_ATOMIC"
			rest := (&attr.Names{Prefix: "NLM_F_", Of: n}).AppendFlags(nil, uint64(flags&^nl.Dump))
			if string(rest) == "0" {
				rest = nil
			} else {
				rest = append(rest, '|')
			}
			return string(append(rest, "NLM_F_DUMP"...))
		}
		n[nl.Root], n[nl.Match], n[nl.Atomic] = "NLM_F_ROOT", "NLM_F_MATCH", "NLM_F_ATOMIC"
	case isNew(typ):
		n[nl.Replace], n[nl.Excl], n[nl.Create], n[nl.Append] = "NLM_F_REPLACE", "NLM_F_EXCL", "NLM_F_CREATE", "NLM_F_APPEND"
	default:
		n[0x100], n[0x200] = "NLM_F_NONREC", "NLM_F_BULK"
	}
	return string((&attr.Names{Prefix: "NLM_F_", Of: n}).AppendFlags(b, uint64(flags)))
}

// TraceBody appends a message's body in strace's words: the header, then the
// attributes. What is too short or of an unknown type is shown in hex.
func TraceBody(b []byte, typ uint16, body []byte, c *attr.Ctx) []byte {
	l := LayoutOf(typ)
	if l == nil || len(body) < l.HeaderLen {
		return attr.AppendHex(b, body)
	}
	ctx := *c
	ctx.Family = body[0]
	b = l.header(b, body, &ctx)
	if len(body) > l.HeaderLen {
		b = append(b, ", "...)
		b = l.Table.Trace(b, body[l.HeaderLen:], &ctx)
	}
	return b
}

// AttrAt names the attributes that cover an offset of a request, counted from
// the start of its netlink header, outermost first.
func AttrAt(m *nl.Msg, off int) []attr.Location {
	l := LayoutOf(m.Type)
	off -= nl.HeaderLen
	if l == nil || off < l.HeaderLen || len(m.Body) < l.HeaderLen {
		return nil
	}
	at := l.Table.At(m.Body[l.HeaderLen:], off-l.HeaderLen, &attr.Ctx{Family: m.Body[0]})
	for i := range at {
		at[i].Start += nl.HeaderLen + l.HeaderLen
	}
	return at
}

// FieldAt is a place in a message, counted from the start of its netlink
// header, and what begins there; Depth is how many attributes it is inside.
type FieldAt struct {
	Offset, Depth int
	Name          string
}

// Fields lists what begins where in a message, in order: the headers, then
// the attributes.
func Fields(m *nl.Msg) []FieldAt {
	out := []FieldAt{{0, 0, "nlmsghdr " + TypeName(m.Type)}}
	end := nl.HeaderLen + len(m.Body)
	l := LayoutOf(m.Type)
	if l == nil || len(m.Body) < l.HeaderLen {
		return append(out, FieldAt{nl.HeaderLen, 0, "payload"})
	}
	out = append(out, FieldAt{nl.HeaderLen, 0, l.Header})
	for off := nl.HeaderLen + l.HeaderLen; off < end; off += 4 {
		at := AttrAt(m, off)
		if n := len(at); n > 0 && at[n-1].Start == off {
			out = append(out, FieldAt{off, n - 1, at[n-1].Spec.Name})
		}
	}
	return out
}
