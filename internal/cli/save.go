package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"

	"nhctl/internal/cli/grammar"
	"nhctl/internal/cli/out"
	"nhctl/internal/nl"
	"nhctl/internal/nl/rt"
)

// routeSave writes what a listing would show, for routeRestore.
func (a *app) routeSave(args []string) error {
	if a.env.OutTTY && a.o.dryRun == "" {
		io.WriteString(a.env.Err, "Not sending a binary stream to stdout\n")
		return exitError(exitSyntax)
	}
	l, gerr := grammar.RouteList(&a.words, args)
	if gerr != nil {
		return a.mistake(gerr, args, usageRoute)
	}
	c, err := a.conn()
	if err != nil {
		return err
	}
	if a.o.dryRun != "" {
		return a.dumpRoutes(c, l, nil)
	}
	s := &saver{a: a, w: bufio.NewWriterSize(a.env.Out, 64<<10), devices: map[uint32]bool{}, objects: map[uint32]bool{}}
	defer s.close()
	s.write(ne.AppendUint32(nil, saveMagic))
	err = a.dumpRoutes(c, l, s.route)
	if a.emptyTable(err, l) {
		err = nil
	}
	if ferr := s.w.Flush(); ferr != nil {
		return ferr
	}
	return a.dumpEnded(err, "Dump terminated\n")
}

// A saver writes routes, and before them what they need.
type saver struct {
	a       *app
	w       *bufio.Writer // its error sticks
	to      nl.Conn       // for nexthop objects, while the dump goes on
	b       []byte
	devices map[uint32]bool // told
	objects map[uint32]bool
}

func (s *saver) close() {
	if s.to != nil {
		s.to.Close()
	}
}

func (s *saver) write(b []byte) { _, _ = s.w.Write(b) }

func (s *saver) route(r *rt.Route, m nl.Msg) error {
	if r.NHID.OK {
		if err := s.object(r.NHID.V); err != nil {
			return err
		}
	}
	s.deviceNames(m.Type, m.Body)
	s.b = m.AppendTo(s.b[:0])
	_, err := s.w.Write(s.b)
	return err
}

// deviceNames tells the devices of a message that have not been told yet.
func (s *saver) deviceNames(typ uint16, body []byte) {
	rt.EachIfIndex(typ, body, func(p []byte) {
		i := ne.Uint32(p)
		if i == 0 || s.devices[i] {
			return
		}
		s.devices[i] = true
		if name := s.a.links.known(i); name != "" {
			s.write(deviceRecord(i, name))
		}
	})
}

// object tells a nexthop object, its members before it.
func (s *saver) object(id uint32) error {
	if s.objects[id] {
		return nil
	}
	s.objects[id] = true
	if s.to == nil {
		c, err := s.a.second()
		if err != nil {
			return err
		}
		s.to = c
	}
	m, err := s.a.fetchNexthop(s.to, id)
	if err != nil {
		var e *nl.Error
		if !errors.As(err, &e) {
			return err
		}
		s.a.note("nexthop %d is not saved: %s", id, e)
		return nil
	}
	var n rt.Nexthop
	if err := rt.DecodeNexthop(&n, m.Body); err != nil {
		return err
	}
	for _, g := range n.Group.V {
		if err := s.object(g.ID); err != nil {
			return err
		}
	}
	s.deviceNames(m.Type, m.Body)
	rec := nexthopRecord(m)
	if rec == nil {
		s.a.note("nexthop %d is not saved: it has too many members for a record", id)
	}
	s.write(rec)
	return nil
}

// fetchNexthop asks for an object, with the counters, since without them the
// kernel does not say whether hardware shall count.
func (a *app) fetchNexthop(c nl.Conn, id uint32) (got nl.Msg, err error) {
	for _, flags := range []uint32{rt.OpFlagDumpStats, 0} {
		b := rt.NHAID.Put((&rt.Nexthop{}).AppendHeader(nil), id)
		if flags != 0 {
			b = rt.NHAOpFlags.Put(b, flags)
		}
		req := nl.Msg{Header: nl.Header{Type: unix.RTM_GETNEXTHOP, Flags: nl.Request}, Body: b}
		err = c.Get(a.ctx(), req, func(m nl.Msg) error {
			if m.Type != unix.RTM_NEWNEXTHOP {
				return fmt.Errorf("the kernel answered with %s", rt.TypeName(m.Type))
			}
			got = m
			got.Body = append([]byte(nil), m.Body...)
			return nil
		})
		if !errors.Is(err, unix.EINVAL) {
			break // kernels before 6.10 refuse the flags
		}
	}
	return got, err
}

// routeShowdump prints the routes of a file.
func (a *app) routeShowdump([]string) error {
	if err := a.checkMagic(a.env.In); err != nil {
		return err
	}
	f := rt.RouteFilter{Family: a.o.family}
	// The file's own names and objects where it has them.
	names, objects := map[uint32]string{}, map[uint32]*rt.Nexthop{}
	style := a.style
	style.IfName = func(i uint32) string {
		if n, ok := names[i]; ok {
			return n
		}
		return a.links.nameOf(i)
	}
	style.Nexthop = func(id uint32) (*rt.Nexthop, bool) {
		if n, ok := objects[id]; ok {
			return n, true
		}
		return a.style.Nexthop(id)
	}
	p := out.NewPrinter(a.env.Out, &style)
	p.Begin()
	var r rt.Route
	err := readDump(bufio.NewReaderSize(a.env.In, 64<<10), func(m nl.Msg) error {
		if m.Type == nl.TypeNoop {
			rec, err := readRecord(m.Body)
			if err != nil {
				return err
			}
			switch rec.kind {
			case recordDevice:
				names[rec.index] = rec.name
			case recordNexthop:
				n := new(rt.Nexthop)
				if err := rt.DecodeNexthop(n, append([]byte(nil), rec.msg.Body...)); err != nil {
					return err
				}
				objects[n.ID.V] = n
			}
			return nil
		}
		if m.Type != unix.RTM_NEWROUTE && m.Type != unix.RTM_DELROUTE {
			fmt.Fprintf(a.env.Err, "Not a route: %08x %08x %08x\n", nl.HeaderLen+len(m.Body), m.Type, m.Flags)
			return nil
		}
		if err := rt.DecodeRoute(&r, m.Body); err != nil {
			return err
		}
		if !f.Match(&r) {
			return nil
		}
		return p.PrintRoute(&r, &f, m.Type == unix.RTM_DELROUTE)
	})
	if perr := p.End(); perr != nil {
		return perr
	}
	return a.badDump(err, "what stands behind it is not shown")
}
