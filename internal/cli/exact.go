package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"nhctl/internal/cli/grammar"
	"nhctl/internal/nl"
	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// deleteExact deletes the one route that has all of what was said. The kernel
// itself takes the first that matches and a wildcard for what was not said; so
// this reads first, and sends a delete that says all of the route. When that
// would still take another (a delete cannot say everything that tells routes
// apart), it refuses.
func (a *app) deleteExact(req *grammar.Request, args []string) error {
	var want rt.Route
	if err := rt.DecodeRoute(&want, req.Msg.Body); err != nil {
		return err
	}
	x := &exact{a: a, want: &want, metrics: metricsOf(req.Msg.Body)}
	for _, u := range req.Uses {
		x.saidScope = x.saidScope || u.Word == "scope"
		x.saidProto = x.saidProto || u.Word == "protocol"
	}
	c, err := a.conn()
	if err != nil {
		return err
	}
	f := rt.AllRoutes()
	f.Cloned, f.Family, f.Table = rt.NotCloned, want.Family, want.Table()
	if f.Table == 0 {
		f.Table = unix.RT_TABLE_MAIN
	}
	for range dumpTries {
		// To decide on a list that may lack a twin would be to guess.
		x.there = nil
		err = a.dumpRoutes(c, &grammar.List{Family: want.Family, Filter: f}, x.see)
		if !errors.Is(err, nl.ErrDumpInterrupted) {
			break
		}
	}
	if errors.Is(err, nl.ErrDumpInterrupted) {
		a.note("routes changed during each of %d dumps; nothing was sent", dumpTries)
		return exitError(exitInconsistent)
	}
	if a.o.dryRun != "" {
		a.note("the route that this finds would be deleted, if it is one")
		return err
	}
	var e *nl.Error
	if err != nil && !(errors.As(err, &e) && e.Errno == unix.ENOENT) {
		if err := a.dumpEnded(err, "Dump terminated\n"); err != nil {
			return err
		}
	}
	switch found := x.candidates(); len(found) {
	case 0:
		fmt.Fprintf(a.env.Err, "RTNETLINK answers: %s\n", strerror(unix.ESRCH))
		a.note("no route has all of what was said; nothing was sent")
		return exitError(exitKernel)
	case 1:
		body := x.request(found[0])
		if other := x.victim(body, found[0]); other != nil {
			io.WriteString(a.env.Err, a.lineOf(other)+"\n")
			a.note("the kernel would delete this one instead: a delete cannot tell it from %s; nothing was sent", a.lineOf(found[0].route()))
			return exitError(exitProtected)
		}
		msg := req.Msg
		msg.Body = body
		return a.modify(&grammar.Request{Msg: msg}, args)
	default:
		x.refuse(found)
		return exitError(exitProtected)
	}
}

type exact struct {
	a                    *app
	want                 *rt.Route
	metrics              []byte // RTA_METRICS as said
	saidScope, saidProto bool
	there                []*exactEntry // of the prefix, in the kernel's order
}

// exactEntry is a route of the dump.
type exactEntry struct {
	r    rt.Route
	body []byte
}

// A candidate is an entry, or one hop of an IPv6 list: there a hop is an
// entry of its own.
type candidate struct {
	e   *exactEntry
	hop int // -1: the whole entry
}

// route is what is deleted, for print.
func (c candidate) route() *rt.Route {
	if c.hop < 0 {
		return &c.e.r
	}
	r := c.e.r
	h := r.Hops[c.hop]
	r.Hops, r.Multipath = nil, false
	r.Hop, r.OIF = h, attr.Some(h.Dev)
	r.Flags |= uint32(h.HopFlags)
	return &r
}

// see keeps a route of the prefix that is to be deleted.
func (x *exact) see(r *rt.Route, m nl.Msg) error {
	w := x.want
	if r.DstLen != w.DstLen || r.SrcLen != w.SrcLen || !r.Dst.V.Agrees(&w.Dst.V, int(w.DstLen)) ||
		!r.Src.V.Agrees(&w.Src.V, int(w.SrcLen)) || r.Family == unix.AF_INET && r.TOS != w.TOS {
		return nil
	}
	e := &exactEntry{body: append([]byte(nil), m.Body...)}
	if err := rt.DecodeRoute(&e.r, e.body); err != nil {
		return err
	}
	x.there = append(x.there, e)
	return nil
}

// candidates are the routes that have all of what was said.
func (x *exact) candidates() []candidate {
	var found []candidate
	w := x.want
	for _, e := range x.there {
		r := &e.r
		if !x.same(e) {
			continue
		}
		switch {
		case w.Multipath:
			if x.hasHops(r) {
				found = append(found, candidate{e, -1})
			}
		case r.Family == unix.AF_INET6 && r.Multipath && !r.NHID.OK && (w.Gateway.OK || w.Via.OK):
			for i := range r.Hops {
				if hopFits(&w.Hop, w.OIF.V, &r.Hops[i], r.Hops[i].Dev) {
					found = append(found, candidate{e, i})
				}
			}
		case r.Multipath && (r.Family == unix.AF_INET6 || r.Family == unix.AF_MPLS):
			for i := range r.Hops {
				if hopFits(&w.Hop, w.OIF.V, &r.Hops[i], r.Hops[i].Dev) {
					found = append(found, candidate{e, -1})
					break
				}
			}
		case r.Multipath:
			// The kernel compares with the first hop (fib_nh_match of
			// net/ipv4/fib_semantics.c), and deletes all.
			if len(r.Hops) > 0 && hopFits(&w.Hop, w.OIF.V, &r.Hops[0], r.Hops[0].Dev) {
				found = append(found, candidate{e, -1})
			}
		case hopFits(&w.Hop, w.OIF.V, &r.Hop, r.OIF.V):
			found = append(found, candidate{e, -1})
		}
	}
	return found
}

// same compares what is not said of hops.
func (x *exact) same(e *exactEntry) bool {
	w, r := x.want, &e.r
	if w.Type != 0 && w.Type != r.Type && w.Family != unix.AF_MPLS {
		return false
	}
	if x.saidProto && w.Protocol != r.Protocol {
		return false
	}
	if (x.saidScope || w.Family == unix.AF_INET && w.Scope != unix.RT_SCOPE_NOWHERE) && w.Scope != r.Scope {
		return false
	}
	if w.Priority.OK && metric(w) != metric(r) {
		return false
	}
	if w.PrefSrc.OK && !(r.PrefSrc.OK && w.PrefSrc.V == r.PrefSrc.V) {
		return false
	}
	if w.NHID.OK && w.NHID != r.NHID {
		return false
	}
	if w.Pref.OK && w.Pref != r.Pref {
		return false
	}
	// A route by nexthop object has no gateway and device of its own, even
	// where a dump shows them.
	if r.NHID.OK && r.Family == unix.AF_INET && !w.NHID.OK && (w.OIF.V != 0 || w.Gateway.OK || w.Via.OK || w.Multipath) {
		return false
	}
	return within(x.metrics, metricsOf(e.body))
}

// metric is 1024 for what IPv6 has as 0.
func metric(r *rt.Route) uint32 {
	if r.Family == unix.AF_INET6 && r.Priority.V == 0 {
		return 1024
	}
	return r.Priority.V
}

// metricsOf is the payload of a route's RTA_METRICS.
func metricsOf(body []byte) []byte {
	var found []byte
	attr.Each(body[rt.RouteHeaderLen:], func(typ uint16, p []byte) {
		if typ == unix.RTA_METRICS {
			found = p
		}
	})
	return found
}

// within says whether all attributes of run stand in all.
func within(run, all []byte) bool {
	ok := true
	attr.Each(run, func(typ uint16, p []byte) {
		here := false
		attr.Each(all, func(t uint16, q []byte) {
			// Names may come with or without their NUL.
			here = here || t == typ && bytes.Equal(bytes.TrimRight(p, "\x00"), bytes.TrimRight(q, "\x00"))
		})
		ok = ok && here
	})
	return ok
}

// hopFits says whether a hop has what was said of one; dev 0 is any.
func hopFits(want *rt.Hop, dev uint32, have *rt.Hop, haveDev uint32) bool {
	return (dev == 0 || dev == haveDev) &&
		(!want.Gateway.OK || have.Gateway.OK && want.Gateway.V == have.Gateway.V) &&
		(!want.Via.OK || have.Via.OK && want.Via.V == have.Via.V) &&
		(!want.Flow.OK || want.Flow == have.Flow) &&
		(!want.NewDst.OK || bytes.Equal(want.NewDst.V, have.NewDst.V)) &&
		(!want.EncType.OK || want.EncType == have.EncType && bytes.Equal(want.Encap.V, have.Encap.V))
}

// hasHops says whether a route's list is the one that was said: for IPv6
// also when it is a part of it.
func (x *exact) hasHops(r *rt.Route) bool {
	w := x.want
	if !r.Multipath || r.NHID.OK {
		return false
	}
	if r.Family != unix.AF_INET6 {
		if len(r.Hops) != len(w.Hops) {
			return false
		}
		for i := range w.Hops {
			if !hopFits(&w.Hops[i], w.Hops[i].Dev, &r.Hops[i], r.Hops[i].Dev) {
				return false
			}
		}
		return true
	}
	return x.chosen(r) != nil
}

// chosen are the hops of an IPv6 route that were said; nil when one is not
// there or could be two.
func (x *exact) chosen(r *rt.Route) []rt.Hop {
	var hops []rt.Hop
	for i := range x.want.Hops {
		h := &x.want.Hops[i]
		n := 0
		for j := range r.Hops {
			if hopFits(h, h.Dev, &r.Hops[j], r.Hops[j].Dev) {
				hops = append(hops, r.Hops[j])
				n++
			}
		}
		if n != 1 {
			return nil
		}
	}
	return hops
}

// request is the body of the delete that says all of a candidate.
func (x *exact) request(c candidate) []byte {
	r := &c.e.r
	body := appendDelete(nil, r, c.e.body)
	for i := 8; i < rt.RouteHeaderLen; i++ {
		body[i] = 0 // flags: state, not identity
	}
	body = appendWithout(nil, body, rt.RouteHeaderLen, func(typ uint16) bool {
		return typ&attr.TypeMask == unix.RTA_CACHEINFO
	})
	if r.Family != unix.AF_INET6 || !r.Multipath || r.NHID.OK {
		return body
	}
	// IPv6: what stands outside of the list is said of its first hop only.
	const rtmProtocol = 5
	body = appendWithout(nil, body, rt.RouteHeaderLen, func(typ uint16) bool {
		return typ&attr.TypeMask == unix.RTA_MULTIPATH
	})
	if c.hop >= 0 {
		h := &r.Hops[c.hop]
		if c.hop > 0 && !x.saidProto {
			body[rtmProtocol] = 0
		}
		return rt.RTAOIF.Put(rt.HopTable.Append(body, h), h.Dev)
	}
	body[rtmProtocol] = 0
	hops := r.Hops
	if x.want.Multipath {
		hops = x.chosen(r)
	}
	b, at := attr.Begin(body, unix.RTA_MULTIPATH)
	for i := range hops {
		var hop int
		b, hop = rt.BeginHop(b, 0, int(hops[i].Weight)+1, hops[i].Dev)
		b = rt.HopTable.Append(b, &hops[i])
		rt.EndHop(b, hop)
	}
	return attr.End(b, at)
}

// victim is the route that the kernel would take for the request when that is
// not the candidate; nil when it is.
func (x *exact) victim(body []byte, c candidate) *rt.Route {
	var q rt.Route
	if rt.DecodeRoute(&q, body) != nil {
		return &c.e.r
	}
	switch q.Family {
	case unix.AF_INET:
		for _, e := range x.there {
			if e == c.e {
				return nil
			}
			if takes4(&q, body, e) {
				return &e.r
			}
		}
	case unix.AF_INET6:
		if !q.Multipath {
			return x.victim6(&q, &q.Hop, q.OIF.V, c.e)
		}
		for i := range q.Hops {
			if r := x.victim6(&q, &q.Hops[i], q.Hops[i].Dev, c.e); r != nil {
				return r
			}
		}
	}
	return nil
}

// takes4 is the kernel's test, fib_table_delete and fib_nh_match of net/ipv4:
// what it leaves out of the comparison (weights, flags, the source address and
// the metrics of a route that has some when the request says none) lets twins
// pass.
func takes4(q *rt.Route, body []byte, e *exactEntry) bool {
	r := &e.r
	if q.Type != 0 && q.Type != r.Type || q.Protocol != 0 && q.Protocol != r.Protocol ||
		q.Scope != unix.RT_SCOPE_NOWHERE && q.Scope != r.Scope ||
		q.PrefSrc.OK && !q.PrefSrc.V.IsZero() && q.PrefSrc.V != r.PrefSrc.V ||
		q.Priority.V != 0 && q.Priority.V != r.Priority.V {
		return false
	}
	if !within(metricsOf(body), metricsOf(e.body)) {
		return false
	}
	switch {
	case q.NHID.OK:
		return r.NHID == q.NHID
	case r.NHID.OK:
		return q.OIF.V == 0 && !q.Gateway.OK && !q.Via.OK && !q.Multipath
	case q.OIF.V != 0 || q.Gateway.OK || q.Via.OK:
		if r.Multipath {
			return len(r.Hops) > 0 && hopFits(&q.Hop, q.OIF.V, &r.Hops[0], r.Hops[0].Dev)
		}
		return hopFits(&q.Hop, q.OIF.V, &r.Hop, r.OIF.V)
	case q.Multipath:
		if len(q.Hops) != len(r.Hops) {
			return false
		}
		for i := range q.Hops {
			if !hopFits(&q.Hops[i], q.Hops[i].Dev, &r.Hops[i], r.Hops[i].Dev) {
				return false
			}
		}
	}
	return true
}

// victim6 is ip6_route_del of net/ipv6/route.c for one hop of a request: the
// first entry of the metric and protocol with its device and gateway, whatever
// its type; one by a nexthop object without looking at the hop.
func (x *exact) victim6(q *rt.Route, want *rt.Hop, dev uint32, target *exactEntry) *rt.Route {
	for _, e := range x.there {
		if e == target {
			return nil
		}
		r := &e.r
		if r.NHID.OK && q.NHID.OK && r.NHID != q.NHID || q.Priority.V != 0 && q.Priority.V != r.Priority.V ||
			q.Protocol != 0 && q.Protocol != r.Protocol && !r.Multipath {
			continue
		}
		if r.NHID.OK {
			return r
		}
		if q.NHID.OK {
			continue
		}
		fits := func(h *rt.Hop, have uint32) bool {
			return (dev == 0 || dev == have) && (!want.Gateway.OK || h.Gateway.OK && want.Gateway.V == h.Gateway.V)
		}
		if !r.Multipath && fits(&r.Hop, r.OIF.V) {
			return r
		}
		for i := range r.Hops {
			if fits(&r.Hops[i], r.Hops[i].Dev) {
				return r
			}
		}
	}
	return nil
}

// refuse prints the candidates and what would tell them apart.
func (x *exact) refuse(found []candidate) {
	p := x.a.printerTo(x.a.env.Err)
	f := rt.AllRoutes()
	for _, c := range found {
		_ = p.PrintRoute(c.route(), &f, false)
	}
	_ = p.Flush()
	var by []string
	for _, d := range []struct {
		word string
		of   func(r *rt.Route) string
	}{
		{"metric", func(r *rt.Route) string { return strconv.FormatUint(uint64(metric(r)), 10) }},
		{"via", func(r *rt.Route) string { return fmt.Sprint(r.Gateway, r.Via) }},
		{"dev", func(r *rt.Route) string { return fmt.Sprint(r.OIF.V) }},
		{"nexthop", func(r *rt.Route) string { return fmt.Sprint(len(r.Hops)) }},
		{"nhid", func(r *rt.Route) string { return fmt.Sprint(r.NHID) }},
		{"proto", func(r *rt.Route) string { return fmt.Sprint(r.Protocol) }},
		{"the type", func(r *rt.Route) string { return fmt.Sprint(r.Type) }},
		{"scope", func(r *rt.Route) string { return fmt.Sprint(r.Scope) }},
		{"src", func(r *rt.Route) string { return fmt.Sprint(r.PrefSrc) }},
		{"mtu and the like", func(r *rt.Route) string { return fmt.Sprint(r.Metrics) }},
		{"encap", func(r *rt.Route) string { return fmt.Sprint(r.EncType, r.Encap) }},
	} {
		first := d.of(found[0].route())
		for _, c := range found[1:] {
			if d.of(c.route()) != first {
				by = append(by, d.word)
				break
			}
		}
	}
	if len(by) == 0 {
		x.a.note("%d routes match and differ in nothing that a delete can say; nothing was sent", len(found))
		return
	}
	x.a.note("%d routes match; say which by %s; nothing was sent", len(found), strings.Join(by, ", "))
}
