package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"nhctl/internal/cli/grammar"
	"nhctl/internal/cli/out"
	"nhctl/internal/nl"
	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// flushFor is how long a flush goes on deleting what keeps coming.
const flushFor = 30 * time.Second

// What a flush holds before it sends: as much as a socket packs into one
// datagram.
const (
	deleteBytes = 48 << 10
	deleteMsgs  = 256
)

// ipPack is what ip packs.
const ipPack = 4096 - 512

// reportMost is how many routes that could not be deleted are told one by one.
const reportMost = 10

// routeFlush deletes what a listing would show, round by round until nothing
// is left of it.
func (a *app) routeFlush(args []string) error {
	if len(args) == 0 {
		io.WriteString(a.env.Err, "\"ip route flush\" requires arguments.\n")
		return exitError(exitSyntax)
	}
	l, gerr := grammar.RouteList(&a.words, args)
	if gerr != nil {
		return a.mistake(gerr, args, usageRoute)
	}
	s := flushSummary{a: a}
	if l.Filter.Cloned == rt.OnlyCloned {
		if l.Family != unix.AF_INET6 {
			if err := a.flushCache(); err != nil {
				return err
			}
			s.cache = true
			s.say("*** IPv4 routing cache is flushed.\n")
		}
		if l.Family == unix.AF_INET {
			return s.end()
		}
	}
	l.Filter.KeepDefaultRejectIPv6 = true
	c, err := a.conn()
	if err != nil {
		return err
	}
	if a.o.dryRun != "" {
		err := a.dumpRoutes(c, l, nil)
		a.note("the routes that this finds would be deleted")
		return err
	}
	to, err := a.second()
	if err != nil {
		return err
	}
	defer to.Close()
	f := &flusher{a: a, to: to, l: l, s: &s}
	if a.o.stats > 1 {
		f.p = a.printer()
		f.p.Begin()
		s.begun = true
	}
	return f.run(c)
}

// flushCache forgets the exceptions of IPv4.
func (a *app) flushCache() error {
	const path = "/proc/sys/net/ipv4/route/flush"
	if a.o.dryRun != "" {
		a.note("-1 would be written to %s", path)
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		fmt.Fprintf(a.env.Err, "Cannot open \"%s\": %s\n", path, cause(err))
		return exitError(exitSyntax)
	}
	defer f.Close()
	if _, err := f.WriteString("-1"); err != nil {
		io.WriteString(a.env.Err, "Cannot flush routing cache\n")
		a.note("%s", err)
		return exitError(exitSyntax)
	}
	return nil
}

// flushSummary is what -s prints of a flush.
type flushSummary struct {
	a       *app
	begun   bool // the JSON array is open
	shown   bool // and has an element
	cache   bool
	flushed int
	rounds  int
	remain  int
}

// say prints a line that ip has with -s, in text only.
func (s *flushSummary) say(format string, v ...any) {
	if s.a.o.stats > 0 && !s.a.style.JSON {
		fmt.Fprintf(s.a.env.Out, format, v...)
	}
}

func (s *flushSummary) end() error {
	if s.a.o.stats == 0 || !s.a.style.JSON || s.a.o.dryRun != "" {
		return nil
	}
	fields := []string{field("flushed", s.flushed), field("rounds", s.rounds)}
	if s.remain > 0 {
		fields = append(fields, field("remaining", s.remain))
	}
	if s.cache {
		fields = append(fields, `"cache":true`)
	}
	return s.a.jsonObject(s.begun, s.shown, fields)
}

func field(k string, v int) string { return `"` + k + `":` + strconv.Itoa(v) }

// jsonObject writes the last object of an array; begun says that the array is
// open, shown that it has elements.
func (a *app) jsonObject(begun, shown bool, fields []string) error {
	var b strings.Builder
	pretty := a.style.Pretty
	if !begun {
		b.WriteByte('[')
		if pretty {
			b.WriteByte(' ')
		}
	}
	if shown {
		b.WriteByte(',')
	}
	b.WriteByte('{')
	for i, f := range fields {
		if i > 0 {
			b.WriteByte(',')
		}
		if pretty {
			f = "\n        " + strings.Replace(f, ":", ": ", 1)
		}
		b.WriteString(f)
	}
	if pretty {
		b.WriteString("\n    } ]\n")
	} else {
		b.WriteString("}]\n")
	}
	_, err := io.WriteString(a.env.Out, b.String())
	return err
}

// A flusher turns the routes of a dump into deletes, which it sends packed on
// another socket while the dump goes on. It holds one pack, however many
// routes there are.
type flusher struct {
	a    *app
	to   nl.Conn
	l    *grammar.List
	s    *flushSummary
	p    *out.Printer // of -s -s
	pack pack

	// Of the round.
	found, deleted, failed int
	bytes                  int // of the deletes
	failures               []flushFailure
	first                  syscall.Errno
}

type flushFailure struct {
	route string
	err   *nl.Error
}

// pack gathers requests up to what a socket sends at once.
type pack struct {
	reqs []nl.Msg
	room []byte
}

// add appends a request whose body appendBody appends.
func (p *pack) add(h nl.Header, appendBody func(b []byte) []byte) {
	at := len(p.room)
	p.room = appendBody(p.room)
	p.reqs = append(p.reqs, nl.Msg{Header: h, Body: p.room[at:len(p.room):len(p.room)]})
}

func (p *pack) full() bool { return len(p.reqs) >= deleteMsgs || len(p.room) >= deleteBytes }

func (p *pack) reset() { p.reqs, p.room = p.reqs[:0], p.room[:0] }

var errFlushRefused = errors.New("flush refused")

func (f *flusher) run(c nl.Conn) error {
	start := time.Now()
	idle := 0 // rounds on end that deleted nothing
	for {
		late := f.s.rounds > 0 && time.Since(start) > flushFor
		err := f.round(c, late)
		if f.p != nil {
			if perr := f.p.Flush(); perr != nil {
				return perr
			}
		}
		f.s.flushed += f.deleted
		switch {
		case errors.Is(err, errFlushRefused):
			return f.refused()
		case err != nil && f.a.inBatch && f.a.emptyTable(err, f.l):
		case err != nil:
			if err := f.a.dumpEnded(err, "Flush terminated\n"); err != nil {
				return errors.Join(err, f.s.end())
			}
		}
		switch {
		case f.found == 0 && f.s.rounds == 0 && (f.l.Filter.Cloned != rt.OnlyCloned || f.l.Family == unix.AF_INET6):
			f.s.say("Nothing to flush.\n")
			return f.s.end()
		case f.found == 0:
			plural := ""
			if f.s.rounds > 1 {
				plural = "s"
			}
			f.s.say("*** Flush is complete after %d round%s ***\n", f.s.rounds, plural)
			return f.s.end()
		case late:
			f.s.remain = f.found
			if !f.a.style.JSON {
				fmt.Fprintf(f.a.env.Out, "\n*** Flush not completed after %d seconds, %d entries remain ***\n",
					int(time.Since(start).Seconds()), f.found)
			}
			if err := f.s.end(); err != nil {
				return err
			}
			return exitError(exitSyntax)
		}
		f.s.rounds++
		f.s.say("\n*** Round %d, deleting %d entries ***\n", f.s.rounds, f.found)
		// What another process took away meanwhile is no failure; what stays
		// in the dump and cannot be deleted is, and must not keep us here.
		idle++
		if f.deleted > 0 {
			idle = 0
		}
		if idle > 0 && f.failed > 0 || idle > 1 {
			return f.refused()
		}
	}
}

// round dumps once and deletes what it finds; with look it only counts.
func (f *flusher) round(c nl.Conn, look bool) error {
	f.found, f.deleted, f.failed, f.bytes, f.failures, f.first = 0, 0, 0, 0, f.failures[:0], 0
	f.pack.reset()
	err := f.a.dumpRoutes(c, f.l, func(r *rt.Route, m nl.Msg) error {
		f.found++
		if look {
			return nil
		}
		if f.p != nil {
			f.s.shown = true
			if err := f.p.PrintRoute(r, &f.l.Filter, false); err != nil {
				return err
			}
		}
		f.pack.add(nl.Header{Type: unix.RTM_DELROUTE, Flags: nl.Request}, func(b []byte) []byte {
			return appendDelete(b, r, m.Body)
		})
		f.bytes += m.WireLen()
		if f.pack.full() {
			return f.send()
		}
		return nil
	})
	if serr := f.send(); serr != nil && (err == nil || errors.Is(err, nl.ErrDumpInterrupted)) {
		err = serr
	}
	if errors.Is(err, nl.ErrDumpInterrupted) {
		err = nil // our own deletes raced with it; the next round tells
	}
	return err
}

func (f *flusher) send() error {
	if len(f.pack.reqs) == 0 {
		return nil
	}
	bad := 0
	var stop bool
	err := f.to.Send(f.a.ctx(), f.pack.reqs, func(i int, e *nl.Error) {
		if e.Errno == 0 {
			return
		}
		bad++
		gone := routeGone(e)
		if !gone {
			f.failed++
		}
		stop = stop || e.Errno == unix.EPERM
		if len(f.failures) < reportMost {
			f.failures = append(f.failures, flushFailure{f.a.routeLine(f.pack.reqs[i].Body), e})
		}
		if f.first == 0 || !gone && f.failed == 1 {
			f.first = e.Errno
		}
	}, nil)
	if err == nil { // else which of them went is not known
		f.deleted += len(f.pack.reqs) - bad
	}
	f.pack.reset()
	if err == nil && stop {
		err = errFlushRefused
	}
	return err
}

// routeGone says that a delete failed because the route is no longer there.
func routeGone(e *nl.Error) bool {
	return e.Errno == unix.ESRCH || e.Errno == unix.ENOENT ||
		e.Errno == unix.EINVAL && e.Text == "Nexthop id does not exist"
}

// refused reports the routes that stay.
func (f *flusher) refused() error {
	fmt.Fprintf(f.a.env.Err, "Failed to send flush request: %s\n", strerror(f.first))
	if f.bytes > ipPack {
		// ip noticed while the dump went on.
		io.WriteString(f.a.env.Err, "Flush terminated\n")
	}
	for _, x := range f.failures {
		text := x.err.Text
		if text == "" {
			text = strerror(x.err.Errno)
		}
		f.a.note("not deleted: %s: %s", x.route, out.AppendSafe(nil, text))
	}
	if n := f.found - f.deleted - len(f.failures); n > 0 {
		f.a.note("and %d more", n)
	}
	if len(f.failures) > 0 {
		if h := f.a.hint(f.failures[0].err, nil); h != "" {
			f.a.note("%s", h)
		}
	}
	if err := f.s.end(); err != nil {
		return err
	}
	return exitError(exitKernel)
}

// routeLine is a route as ip prints it, in one line and with everything that
// tells it from others.
func (a *app) routeLine(body []byte) string {
	var r rt.Route
	if err := rt.DecodeRoute(&r, body); err != nil {
		return err.Error()
	}
	return a.lineOf(&r)
}

func (a *app) lineOf(r *rt.Route) string {
	style := a.style
	style.JSON, style.Oneline, style.Details, style.Color, style.Stats = false, true, 0, out.NoColor, 0
	var b bytes.Buffer
	p := out.NewPrinter(&b, &style)
	f := rt.AllRoutes()
	_ = p.PrintRoute(r, &f, false)
	_ = p.Flush()
	return strings.TrimSpace(b.String())
}

// besideNexthop are the attributes that a dump says of a route by nexthop
// object and that a request must not say with RTA_NH_ID (fib_frontend.c and
// route.c of net/ipv4 and net/ipv6).
func besideNexthop(typ uint16) bool {
	switch typ & attr.TypeMask {
	case unix.RTA_OIF, unix.RTA_GATEWAY, unix.RTA_VIA, unix.RTA_MULTIPATH, unix.RTA_ENCAP, unix.RTA_ENCAP_TYPE, unix.RTA_FLOW:
		return true
	}
	return false
}

// appendWithout appends a message's body without the attributes that drop
// names.
func appendWithout(b, body []byte, header int, drop func(typ uint16) bool) []byte {
	b = append(b, body[:header]...)
	for run := body[header:]; ; {
		typ, p, rest, ok := attr.Next(run)
		if !ok {
			return b
		}
		if !drop(typ) {
			b = attr.Put(b, typ, p)
		}
		run = rest
	}
}

// rtmType is the offset of rtm_type in struct rtmsg.
const rtmType = 7

// appendDelete appends the body of the delete of a route that a dump told:
// the dump's own, as ip sends it, but of a route by nexthop object only what
// the kernel takes beside the id.
func appendDelete(b []byte, r *rt.Route, body []byte) []byte {
	if !r.NHID.OK {
		return append(b, body...)
	}
	at := len(b)
	b = appendWithout(b, body, rt.RouteHeaderLen, besideNexthop)
	if r.Type == unix.RTN_BLACKHOLE {
		// Of a unicast route by a blackhole object, dumps say blackhole; the
		// id tells enough.
		b[at+rtmType] = unix.RTN_UNSPEC
	}
	return b
}

// nexthopFlush deletes the objects that a listing would show; without words
// all of them, groups first.
func (a *app) nexthopFlush(args []string) error {
	l, gerr := grammar.ReadNexthopList(&a.words, args)
	if gerr != nil {
		return a.mistake(gerr, args, usageNexthop)
	}
	if l.ID.OK {
		c, err := a.conn()
		if err != nil {
			return err
		}
		if err := c.Do(a.ctx(), deleteNexthop(l.ID.V), nil); err != nil {
			req := &grammar.Request{Msg: deleteNexthop(l.ID.V)}
			if err := a.refused(err, req, args); err != nil {
				return exitError(exitSyntax) // ip's code for this one
			}
		}
		return nil
	}
	c, err := a.conn()
	if err != nil {
		return err
	}
	to, err := a.second()
	if err != nil {
		return err
	}
	if a.o.dryRun == "" {
		defer to.Close()
	}
	f := &nexthopFlusher{a: a, to: to, l: l}
	l.OpFlags = a.opFlags()
	l.Groups = l.Groups || l.All
	for tries := 0; ; {
		before := f.flushed
		err = f.round(c)
		if errors.Is(err, nl.ErrDumpInterrupted) && tries < dumpTries {
			tries++ // what it told is gone; there may be more
			continue
		}
		if errors.Is(err, unix.EMSGSIZE) && l.All && (l.Groups || f.flushed > before) {
			l.Groups = false // a group that no dump holds goes with its members
			continue
		}
		if err != nil || !l.All || !l.Groups {
			break
		}
		l.Groups = false
	}
	if a.o.dryRun != "" {
		a.note("the objects that this finds would be deleted")
		return err
	}
	err = a.dumpEnded(err, "Dump terminated. Failed to flush nexthops\n")
	// An object that could not be deleted was told of; as with ip, that does
	// not count.
	return errors.Join(err, f.say())
}

func deleteNexthop(id uint32) nl.Msg {
	b := rt.NHAID.Put((&rt.Nexthop{}).AppendHeader(nil), id)
	return nl.Msg{Header: nl.Header{Type: unix.RTM_DELNEXTHOP, Flags: nl.Request}, Body: b}
}

type nexthopFlusher struct {
	a       *app
	to      nl.Conn
	l       *grammar.NexthopList
	flushed int
}

// round dumps once, then deletes what the dump told: to delete meanwhile
// would mark the dump as interrupted.
func (f *nexthopFlusher) round(c nl.Conn) error {
	var ids []uint32
	err := f.a.dumpNexthops(c, f.l.Request(f.a.o.family), func(n *rt.Nexthop) error {
		// The kernel reads the fdb attribute and then lists all.
		if f.l.Proto != 0 && uint32(n.Protocol) != f.l.Proto || f.l.FDB && !n.FDB.OK || n.ID.V == 0 {
			return nil
		}
		ids = append(ids, n.ID.V)
		return nil
	})
	if err != nil && !errors.Is(err, nl.ErrDumpInterrupted) && !(f.l.All && errors.Is(err, unix.EMSGSIZE)) {
		return err
	}
	reqs := make([]nl.Msg, 0, deleteMsgs)
	for len(ids) > 0 {
		reqs = reqs[:0]
		for _, id := range ids[:min(deleteMsgs, len(ids))] {
			m := deleteNexthop(id)
			m.Flags |= nl.Ack
			reqs = append(reqs, m)
		}
		ids = ids[len(reqs):]
		if serr := f.send(reqs); serr != nil {
			return serr
		}
	}
	return err
}

func (f *nexthopFlusher) send(reqs []nl.Msg) error {
	bad := 0
	err := f.to.Send(f.a.ctx(), reqs, func(_ int, e *nl.Error) {
		if e.Errno == 0 {
			f.a.kernelSaid(e)
			return
		}
		bad++
		if e.Errno == unix.ENOENT {
			return // a group that went with its last member
		}
		f.a.kernelSaid(e)
	}, nil)
	if err != nil {
		return err // which of them went is not known
	}
	f.flushed += len(reqs) - bad
	return nil
}

func (f *nexthopFlusher) say() error {
	switch {
	case f.a.style.JSON:
		return f.a.jsonObject(false, false, []string{field("flushed", f.flushed)})
	case f.flushed == 0:
		_, err := io.WriteString(f.a.env.Out, "Nothing to flush\n")
		return err
	}
	_, err := fmt.Fprintf(f.a.env.Out, "Flushed %d nexthops\n", f.flushed)
	return err
}

// printerTo prints ip's lines, also with -json, where they are no result.
func (a *app) printerTo(w io.Writer) *out.Printer {
	style := a.style
	style.JSON, style.Color = false, out.NoColor
	return out.NewPrinter(w, &style)
}
