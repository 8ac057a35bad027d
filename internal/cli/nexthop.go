package cli

import (
	"fmt"
	"io"

	"golang.org/x/sys/unix"

	"nhctl/internal/cli/grammar"
	"nhctl/internal/nl"
	"nhctl/internal/nl/rt"
)

// nexthopVerbs in the order in which ip tries them.
func nexthopVerbs() []verb {
	help := verb{name: "help", short: "show the grammar", run: func(a *app, _ []string) error {
		io.WriteString(a.env.Err, usageNexthop())
		return exitError(exitUsage)
	}}
	return []verb{
		{name: "add", short: "add a nexthop object", read: changeNexthop(unix.RTM_NEWNEXTHOP, nl.Create|nl.Excl)},
		{name: "replace", short: "change a nexthop object, or add it", read: changeNexthop(unix.RTM_NEWNEXTHOP, nl.Create|nl.Replace)},
		{name: "delete", short: "delete a nexthop object", read: changeNexthop(unix.RTM_DELNEXTHOP, 0)},
		{name: "list", also: []string{"show", "lst"}, short: "list nexthop objects", read: readOnly(grammar.ReadNexthopList), run: (*app).nexthopList},
		{name: "get", short: "show one nexthop object", read: readOnly(grammar.NexthopGet), run: (*app).nexthopGet},
		{name: "flush", short: "delete the objects that a listing would show", read: readOnly(grammar.ReadNexthopList), run: (*app).nexthopFlush},
		{name: "bucket", short: "show buckets of resilient groups", deflt: "list", verbs: []verb{
			{name: "list", also: []string{"show", "lst"}, short: "list buckets", read: readOnly(grammar.ReadBucketList), run: (*app).bucketList},
			{name: "get", short: "show one bucket", read: readOnly(grammar.BucketGet), run: (*app).bucketGet},
			help,
		}},
		help,
	}
}

func changeNexthop(typ, flags uint16) func(*grammar.Env, []string) (*grammar.Request, *grammar.Error) {
	return func(w *grammar.Env, args []string) (*grammar.Request, *grammar.Error) {
		return grammar.NexthopModify(w, typ, flags, args)
	}
}

// wantsID says whether the id that the kernel chooses is to be told: with
// --print-id always, else on a terminal when none was said.
func (a *app) wantsID(req *grammar.Request) bool {
	if a.o.echo || a.o.dryRun != "" {
		return false
	}
	var n rt.Nexthop
	if rt.DecodeNexthop(&n, req.Msg.Body) != nil {
		return false
	}
	return a.o.printID || a.env.OutTTY && !a.inBatch && n.ID.V == 0
}

// addNexthopPrintID sends a request and prints the object's id, which the
// kernel tells in its echo.
func (a *app) addNexthopPrintID(req *grammar.Request, args []string) error {
	c, err := a.conn()
	if err != nil {
		return err
	}
	msg := req.Msg
	msg.Flags |= nl.Echo
	var id uint32
	err = c.Do(a.ctx(), msg, func(m nl.Msg) error {
		var n rt.Nexthop
		if m.Type == unix.RTM_NEWNEXTHOP && rt.DecodeNexthop(&n, m.Body) == nil {
			id = n.ID.V
		}
		return nil
	})
	if err != nil {
		if err := a.refused(err, req, args); err != nil {
			return err
		}
	}
	switch {
	case id == 0:
		return nil
	case a.o.json:
		_, err = fmt.Fprintf(a.env.Out, "[{\"id\":%d}]\n", id)
	case a.o.printID:
		_, err = fmt.Fprintf(a.env.Out, "%d\n", id)
	default:
		_, err = fmt.Fprintf(a.env.Out, "id %d\n", id)
	}
	return err
}

// opFlags are the counters that -s and -s -s ask for.
func (a *app) opFlags() uint32 {
	switch {
	case a.o.stats > 1:
		return rt.OpFlagDumpStats | rt.OpFlagDumpHWStats
	case a.o.stats > 0:
		return rt.OpFlagDumpStats
	}
	return 0
}

func (a *app) nexthopList(args []string) error {
	l, gerr := grammar.ReadNexthopList(&a.words, args)
	if gerr != nil {
		return a.mistake(gerr, args, usageNexthop)
	}
	if l.ID.OK {
		return a.showNexthop(l.ID.V, l.Proto, args)
	}
	l.OpFlags = a.opFlags()
	c, err := a.conn()
	if err != nil {
		return err
	}
	p := a.listing()
	p.Begin()
	err = a.dumpNexthops(c, l.Request(a.o.family), func(n *rt.Nexthop) error {
		// The kernel reads the fdb attribute and then lists all.
		if l.Proto != 0 && uint32(n.Protocol) != l.Proto || l.FDB && !n.FDB.OK {
			return nil
		}
		return p.PrintNexthop(n, false)
	})
	if a.o.dryRun != "" {
		return nil
	}
	if perr := p.End(); perr != nil {
		return perr
	}
	return a.dumpEnded(err, "Dump terminated\n")
}

func (a *app) dumpNexthops(c nl.Conn, body []byte, f func(*rt.Nexthop) error) error {
	msg := nl.Msg{Header: nl.Header{Type: unix.RTM_GETNEXTHOP, Flags: nl.Request}, Body: body}
	return c.Dump(a.ctx(), msg, func(m nl.Msg) error {
		var n rt.Nexthop
		if m.Type != unix.RTM_NEWNEXTHOP {
			return nil
		}
		if err := rt.DecodeNexthop(&n, m.Body); err != nil {
			return err
		}
		return f(&n)
	})
}

func (a *app) nexthopGet(args []string) error {
	id, gerr := grammar.NexthopGet(&a.words, args)
	if gerr != nil {
		return a.mistake(gerr, args, usageNexthop)
	}
	return a.showNexthop(id, 0, args)
}

// showNexthop asks for an object and prints it, if it is of the protocol
// proto or that is 0.
func (a *app) showNexthop(id, proto uint32, args []string) error {
	return a.showOne(grammar.NexthopByID(a.o.family, id, a.opFlags()), args, func(m nl.Msg) bool {
		var n rt.Nexthop
		return proto == 0 || rt.DecodeNexthop(&n, m.Body) == nil && uint32(n.Protocol) == proto
	})
}

// showOne asks for one object and prints it, if it is wanted.
func (a *app) showOne(msg nl.Msg, args []string, wanted func(nl.Msg) bool) error {
	c, err := a.conn()
	if err != nil {
		return err
	}
	err = c.Get(a.ctx(), msg, func(m nl.Msg) error {
		p := a.answer()
		p.Begin()
		if wanted(m) {
			if err := printMessage(p, m, &rt.RouteFilter{}); err != nil {
				return err
			}
		}
		return p.End()
	})
	if err != nil {
		return a.refused(err, &grammar.Request{Msg: msg}, args)
	}
	return nil
}

func (a *app) bucketList(args []string) error {
	l, gerr := grammar.ReadBucketList(&a.words, args)
	if gerr != nil {
		return a.mistake(gerr, args, usageNexthop)
	}
	c, err := a.conn()
	if err != nil {
		return err
	}
	p := a.listing()
	p.Begin()
	msg := nl.Msg{Header: nl.Header{Type: rt.GetBucket, Flags: nl.Request}, Body: l.BucketRequest(a.o.family)}
	err = c.Dump(a.ctx(), msg, func(m nl.Msg) error {
		return printMessage(p, m, &rt.RouteFilter{})
	})
	if a.o.dryRun != "" {
		return nil
	}
	if perr := p.End(); perr != nil {
		return perr
	}
	return a.dumpEnded(err, "Dump terminated\n")
}

func (a *app) bucketGet(args []string) error {
	msg, gerr := grammar.BucketGet(&a.words, args)
	if gerr != nil {
		return a.mistake(gerr, args, usageNexthop)
	}
	return a.showOne(msg, args, func(nl.Msg) bool { return true })
}

// nexthopCache fetches objects for the nh_info of -details, each once.
func (a *app) nexthopCache() func(uint32) (*rt.Nexthop, bool) {
	seen := map[uint32]*rt.Nexthop{}
	var c nl.Conn
	return func(id uint32) (*rt.Nexthop, bool) {
		if n, ok := seen[id]; ok {
			return n, n != nil
		}
		if c == nil {
			var err error
			if c, err = a.second(); err != nil {
				return nil, false
			}
			a.closers = append(a.closers, c)
		}
		seen[id] = nil
		err := c.Get(a.ctx(), grammar.NexthopByID(a.o.family, id, a.opFlags()), func(m nl.Msg) error {
			if m.Type != unix.RTM_NEWNEXTHOP {
				return nil
			}
			n := new(rt.Nexthop)
			// It is kept beyond the receive buffer that its slices alias.
			if err := rt.DecodeNexthop(n, append([]byte(nil), m.Body...)); err != nil {
				return err
			}
			seen[id] = n
			return nil
		})
		if err != nil {
			_ = a.refused(err, nil, nil)
		}
		return seen[id], seen[id] != nil
	}
}
