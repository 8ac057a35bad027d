package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sys/unix"

	"nhctl/internal/cli/grammar"
	"nhctl/internal/cli/out"
	"nhctl/internal/nl"
	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// routeVerbs in the order in which ip tries them.
func routeVerbs() []verb {
	return []verb{
		{name: "add", short: "add a route", read: changeRoute(unix.RTM_NEWROUTE, nl.Create|nl.Excl)},
		{name: "change", exact: []string{"chg"}, short: "change a route that is there", read: changeRoute(unix.RTM_NEWROUTE, nl.Replace)},
		{name: "replace", short: "change a route, or add it", read: changeRoute(unix.RTM_NEWROUTE, nl.Create|nl.Replace)},
		{name: "prepend", short: "add a route before those of the same prefix", read: changeRoute(unix.RTM_NEWROUTE, nl.Create)},
		{name: "append", short: "add a route behind those of the same prefix", read: changeRoute(unix.RTM_NEWROUTE, nl.Create|nl.Append)},
		{name: "test", short: "ask whether a route is there (IPv6: adds it if it is not)", read: changeRoute(unix.RTM_NEWROUTE, nl.Excl)},
		{name: "delete", short: "delete a route", read: changeRoute(unix.RTM_DELROUTE, 0)},
		{name: "list", also: []string{"show", "lst"}, short: "list routes", read: readOnly(grammar.RouteList), run: (*app).routeList},
		{name: "get", short: "ask which route the kernel takes", read: readOnly(grammar.RouteGet), run: (*app).routeGet},
		{name: "flush", short: "delete the routes that a listing would show", read: readOnly(grammar.RouteList), run: (*app).routeFlush},
		{name: "save", short: "write routes to standard output, for restore", read: readOnly(grammar.RouteList), run: (*app).routeSave},
		{name: "restore", short: "add the routes that save wrote, from standard input", run: (*app).routeRestore},
		{name: "showdump", short: "show the routes that save wrote, from standard input", run: (*app).routeShowdump},
		{name: "help", short: "show the grammar", run: func(a *app, _ []string) error {
			io.WriteString(a.env.Err, usageRoute())
			return exitError(exitUsage)
		}},
	}
}

func changeRoute(typ, flags uint16) func(*grammar.Env, []string) (*grammar.Request, *grammar.Error) {
	return func(w *grammar.Env, args []string) (*grammar.Request, *grammar.Error) {
		return grammar.RouteModify(w, typ, flags, args)
	}
}

// change does what a verb that changes something asks for.
func (a *app) change(req *grammar.Request, args []string) error {
	switch {
	case req.Msg.Type == unix.RTM_DELROUTE && a.o.exact:
		return a.deleteExact(req, args)
	case req.Msg.Type == unix.RTM_NEWNEXTHOP && a.wantsID(req):
		return a.addNexthopPrintID(req, args)
	}
	return a.modify(req, args)
}

// modify sends a request that changes something.
func (a *app) modify(req *grammar.Request, args []string) error {
	c, err := a.conn()
	if err != nil {
		return err
	}
	var flags uint16
	var reply func(nl.Msg) error
	if a.o.echo {
		flags = nl.Echo
		reply = a.printFirst()
	}
	msg := req.Msg
	msg.Flags |= flags
	if err := c.Do(a.ctx(), msg, reply); err != nil {
		return a.refused(err, req, args)
	}
	return nil
}

// printFirst prints what the kernel made of a request: the first of its
// answers, as ip does. Others are of groups that an object went from.
func (a *app) printFirst() func(nl.Msg) error {
	said := false
	return func(m nl.Msg) error {
		if said {
			return nil
		}
		said = true
		p := a.answer()
		p.Begin()
		if err := printMessage(p, m, &rt.RouteFilter{}); err != nil {
			return err
		}
		return p.End()
	}
}

// printMessage prints a route, nexthop or bucket message that the filter lets
// pass.
func printMessage(p listing, m nl.Msg, f *rt.RouteFilter) error {
	switch m.Type {
	case unix.RTM_NEWROUTE, unix.RTM_DELROUTE:
		var r rt.Route
		if err := rt.DecodeRoute(&r, m.Body); err != nil {
			return err
		}
		if f.Match(&r) {
			return p.PrintRoute(&r, f, m.Type == unix.RTM_DELROUTE)
		}
	case unix.RTM_NEWNEXTHOP, unix.RTM_DELNEXTHOP:
		var n rt.Nexthop
		if err := rt.DecodeNexthop(&n, m.Body); err != nil {
			return err
		}
		return p.PrintNexthop(&n, m.Type == unix.RTM_DELNEXTHOP)
	case rt.NewBucket, rt.DelBucket:
		var n rt.Nexthop
		if err := rt.DecodeNexthop(&n, m.Body); err != nil {
			return err
		}
		return p.PrintBucket(&n, m.Type == rt.DelBucket)
	}
	return nil
}

// dumpRoutes gives each wanted route to f. It ends as ip does: a table main
// that does not exist yet is empty.
func (a *app) dumpRoutes(c nl.Conn, l *grammar.List, f func(*rt.Route, nl.Msg) error) error {
	msg := nl.Msg{Header: nl.Header{Type: unix.RTM_GETROUTE, Flags: nl.Request}, Body: l.Filter.Request(l.Family)}
	var r rt.Route
	return c.Dump(a.ctx(), msg, func(m nl.Msg) error {
		if m.Type != unix.RTM_NEWROUTE {
			return nil
		}
		if err := rt.DecodeRoute(&r, m.Body); err != nil {
			return err
		}
		if !l.Filter.Match(&r) {
			return nil
		}
		return f(&r, m)
	})
}

// dumpEnded reports how a dump ended; terminated is what ip says when it
// failed.
func (a *app) dumpEnded(err error, terminated string) error {
	var e *nl.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, nl.ErrDumpInterrupted):
		io.WriteString(a.env.Err, "Dump was interrupted and may be inconsistent.\n")
		return nil
	case !errors.As(err, &e):
		return a.broken(err)
	}
	switch {
	case e.Dump && e.Text == "" && (e.Errno == unix.ENOENT || e.Errno == unix.EOPNOTSUPP):
	case e.Dump && e.Text == "" && e.Errno == unix.EMSGSIZE:
		io.WriteString(a.env.Err, "Error: Buffer too small for object.\n")
	case !e.Dump:
		// ip leaves the kernel's text out here; ours follows below.
		fmt.Fprintf(a.env.Err, "RTNETLINK answers: %s\n", strerror(e.Errno))
	case !a.kernelSaid(e):
		return nil
	}
	io.WriteString(a.env.Err, terminated)
	if !e.Dump && e.Text != "" {
		a.note("%s", out.AppendSafe(nil, e.Text))
	}
	if h := a.hint(e, nil); h != "" {
		a.note("%s", h)
	}
	return exitError(exitKernel)
}

// emptyTable says whether a dump failed only because table main is not there
// yet, which is no mistake; nor is another table in a batch, where ip does
// not let the kernel filter.
func (a *app) emptyTable(err error, l *grammar.List) bool {
	var e *nl.Error
	return errors.As(err, &e) && e.Dump && e.Errno == unix.ENOENT && (l.Filter.Table == unix.RT_TABLE_MAIN || a.inBatch)
}

func (a *app) routeList(args []string) error {
	l, gerr := grammar.RouteList(&a.words, args)
	if gerr != nil {
		return a.mistake(gerr, args, usageRoute)
	}
	c, err := a.conn()
	if err != nil {
		return err
	}
	p := a.listing()
	p.Begin()
	err = a.dumpRoutes(c, l, func(r *rt.Route, _ nl.Msg) error { return p.PrintRoute(r, &l.Filter, false) })
	if a.emptyTable(err, l) {
		err = nil
	}
	if a.o.dryRun != "" {
		return nil
	}
	if perr := p.End(); perr != nil {
		return perr
	}
	return a.dumpEnded(err, "Dump terminated\n")
}

func (a *app) routeGet(args []string) error {
	g, gerr := grammar.RouteGet(&a.words, args)
	if gerr != nil {
		return a.mistake(gerr, args, usageRoute)
	}
	for _, w := range g.Warnings {
		io.WriteString(a.env.Err, w)
	}
	c, err := a.conn()
	if err != nil {
		return err
	}
	p := a.answer() // of which a refusal prints nothing
	begin := sync.OnceFunc(p.Begin)
	f := rt.AllRoutes()
	var source attr.Opt[rt.Addr] // that the last answer names
	ask := func() error {
		return c.Get(a.ctx(), g.Msg, func(m nl.Msg) error {
			var r rt.Route
			if m.Type != unix.RTM_NEWROUTE {
				return fmt.Errorf("the kernel answered with %s", rt.TypeName(m.Type))
			}
			if err := rt.DecodeRoute(&r, m.Body); err != nil {
				return err
			}
			if source = r.PrefSrc; !source.OK {
				source = r.Src
			}
			begin()
			if !f.Match(&r) {
				return nil
			}
			return p.PrintRoute(&r, &f, false)
		})
	}
	if err := ask(); err != nil {
		return a.refused(err, &g.Request, args)
	}
	if a.o.dryRun != "" {
		return nil
	}
	if !g.Connected {
		return p.End()
	}
	if !source.OK {
		err := p.End()
		io.WriteString(a.env.Err, "Failed to connect the route\n")
		return cmp.Or(err, error(exitError(exitSyntax)))
	}
	// ip means to ask again from the source address found, but sends the same
	// request; so do we.
	again := ask()
	if err := p.End(); err != nil {
		return err
	}
	if again != nil {
		return a.refused(again, &g.Request, args)
	}
	return nil
}
