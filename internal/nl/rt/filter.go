package rt

import (
	"golang.org/x/sys/unix"

	"nhctl/internal/nl/attr"
)

// PrefixFilter is a prefix that a route's address is compared with. Wild is
// "any": it asks nothing but, with Bits 0, is still a length.
type PrefixFilter struct {
	Family uint8 // 0: any family
	Addr   Addr
	Bits   int  // -1: no bound
	Said   bool // a length was said, so that it counts without a family, too
}

func (f *PrefixFilter) on() bool { return f.Family != 0 || f.Said }

// RouteFilter is which routes a listing wants, as ip-route(8) SELECTOR has
// it. Its zero value wants all of all tables that are not cloned; Default
// makes ip's start. Part of it goes into the dump request (Request), all of
// it is checked again by Match, and the printer leaves out what it fixes.
type RouteFilter struct {
	Family                uint8  // -4, -6, -M: only that family
	Table                 uint32 // 0: all
	Cloned                Cloned
	Protocol, Scope, TOS  attr.Opt[uint8]
	TypeMask              uint64 // bit n: type n; 0: all
	IIF, OIF              attr.Opt[uint32]
	Mark, Metric          attr.Opt[uint32]
	Realm, RealmMask      uint32
	PrefSrc, Via          PrefixFilter
	RootDst, MatchDst     PrefixFilter // the route is inside of RootDst; it covers MatchDst
	RootSrc, MatchSrc     PrefixFilter
	sawOtherTable         bool // of IPv6: a table that is not main went by
	KeepDefaultRejectIPv6 bool // flush: the kernel's own unreachable default stays
}

// Cloned says whether cached (cloned) routes are wanted.
type Cloned uint8

// Cloned values.
const (
	NotCloned  Cloned = iota
	OnlyCloned        // show cache
	AnyCloned         // get
)

// DefaultRouteFilter is what ip route list starts from: table main.
func DefaultRouteFilter() RouteFilter {
	return RouteFilter{Table: unix.RT_TABLE_MAIN, MatchDst: PrefixFilter{Bits: -1}, MatchSrc: PrefixFilter{Bits: -1}}
}

// AllRoutes is the filter that lets every route pass, cloned ones too.
func AllRoutes() RouteFilter {
	return RouteFilter{Cloned: AnyCloned, MatchDst: PrefixFilter{Bits: -1}, MatchSrc: PrefixFilter{Bits: -1}}
}

// Request is the body of the dump request: the kernel filters by table,
// protocol and device under strict checking.
func (f *RouteFilter) Request(family uint8) []byte {
	h := RouteHeader{Family: family, Protocol: f.Protocol.V}
	if f.Cloned == OnlyCloned {
		h.Flags |= FlagCloned
	}
	b := h.AppendHeader(make([]byte, 0, RouteHeaderLen+16))
	if f.Table != 0 {
		b = RTATable.Put(b, f.Table)
	}
	if f.OIF.V != 0 {
		b = RTAOIF.Put(b, f.OIF.V)
	}
	return b
}

// Match says whether a route is wanted. It remembers whether IPv6 routes of
// another table than main went by, on which ip's notion of main depends.
func (f *RouteFilter) Match(r *Route) bool {
	table := r.Table()
	if f.Family != 0 && r.Family != f.Family {
		return false
	}
	if r.Family == unix.AF_INET6 && table != unix.RT_TABLE_MAIN {
		f.sawOtherTable = true
	}
	cloned := r.Flags&FlagCloned != 0
	if f.Cloned == NotCloned && cloned || f.Cloned == OnlyCloned && !cloned {
		return false
	}
	if !f.matchTable(r, table) {
		return false
	}
	if f.Protocol.OK && f.Protocol.V != r.Protocol || f.Scope.OK && f.Scope.V != r.Scope || f.TOS.OK && f.TOS.V != r.TOS {
		return false
	}
	if f.TypeMask != 0 && f.TypeMask&(1<<(r.Type&63)) == 0 {
		return false
	}
	if !f.RootDst.matchRoot(r.Family, &r.Dst.V, int(r.DstLen)) || !f.MatchDst.matchCover(r.Family, &r.Dst.V, int(r.DstLen)) ||
		!f.RootSrc.matchRoot(r.Family, &r.Src.V, int(r.SrcLen)) || !f.MatchSrc.matchCover(r.Family, &r.Src.V, int(r.SrcLen)) {
		return false
	}
	if !f.matchGateway(r) {
		return false
	}
	if f.PrefSrc.Family != 0 && (r.Family != f.PrefSrc.Family || !r.PrefSrc.V.Agrees(&f.PrefSrc.Addr, f.PrefSrc.Bits)) {
		return false
	}
	if (r.Flow.V^f.Realm)&f.RealmMask != 0 {
		return false
	}
	if !same(f.IIF, r.IIF) || !same(f.Mark, r.Mark) || !same(f.Metric, r.Priority) {
		return false
	}
	if f.OIF.OK && !f.matchDevice(r) {
		return false
	}
	return !(f.KeepDefaultRejectIPv6 && r.Family == unix.AF_INET6 && r.DstLen == 0 &&
		r.Type == unix.RTN_UNREACHABLE && r.Priority.OK && r.Priority.V == 0xffffffff)
}

func same(want, got attr.Opt[uint32]) bool { return !want.OK || want.V == got.V }

// matchTable: as long as all IPv6 routes seen are of table main, ip takes
// local ones for those of table local (a kernel without multiple tables).
func (f *RouteFilter) matchTable(r *Route, table uint32) bool {
	if f.Table == 0 {
		return true
	}
	if r.Family != unix.AF_INET6 || f.sawOtherTable {
		return f.Table == table
	}
	switch f.Table {
	case unix.RT_TABLE_LOCAL:
		return r.Type == unix.RTN_LOCAL
	case unix.RT_TABLE_MAIN:
		return r.Type != unix.RTN_LOCAL
	}
	return false
}

// matchRoot: the route's prefix lies inside f.
func (f *PrefixFilter) matchRoot(family uint8, a *Addr, bits int) bool {
	if !f.on() {
		return true
	}
	return (f.Family == 0 || f.Family == family) && f.Bits <= bits && a.Agrees(&f.Addr, f.Bits)
}

// matchCover: the route's prefix covers f.
func (f *PrefixFilter) matchCover(family uint8, a *Addr, bits int) bool {
	if !f.on() {
		return true
	}
	return (f.Family == 0 || f.Family == family) && (f.Bits < 0 || f.Bits >= bits) && a.Agrees(&f.Addr, bits)
}

// matchGateway compares the route's own gateway, never those of a list.
func (f *RouteFilter) matchGateway(r *Route) bool {
	if f.Via.Family == 0 {
		return true
	}
	family, gw := r.Family, &r.Gateway.V
	if r.Via.OK {
		family, gw = r.Via.V.Family, &r.Via.V.Addr
	}
	return family == f.Via.Family && gw.Agrees(&f.Via.Addr, f.Via.Bits)
}

// matchDevice: the route's device, or that of any hop; a route with neither
// passes.
func (f *RouteFilter) matchDevice(r *Route) bool {
	if r.OIF.OK {
		return r.OIF.V == f.OIF.V
	}
	if !r.Multipath {
		return true
	}
	for i := range r.Hops {
		if r.Hops[i].Dev == f.OIF.V {
			return true
		}
	}
	return false
}
