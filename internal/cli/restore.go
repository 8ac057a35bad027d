package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"sort"

	"golang.org/x/sys/unix"

	"nhctl/internal/cli/grammar"
	"nhctl/internal/cli/out"
	"nhctl/internal/nl"
	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// routeRestore adds the routes of a file: those of local addresses, then those
// of connected networks, then the others, before which come the nexthop
// objects. Nothing is sent before the whole file has been read.
func (a *app) routeRestore([]string) error {
	if a.env.InTTY {
		return a.checkMagic(nil)
	}
	in, done, err := seekable(a.env.In)
	if err != nil {
		return err
	}
	defer done()
	if err := a.checkMagic(in); err != nil {
		return err
	}
	c, err := a.conn()
	if err != nil {
		return err
	}
	s := newRestorer(a, c)
	if err := s.check(in); err != nil {
		return a.badDump(err, "nothing was restored")
	}
	for pass := range s.count {
		if s.count[pass] == 0 {
			continue
		}
		if _, err := in.Seek(4, io.SeekStart); err != nil {
			return err
		}
		if err := s.pass(in, pass); err != nil {
			return a.badDump(err, "the file has changed meanwhile")
		}
	}
	return nil
}

// seekable is what is left of a stream as something that can be read again: a
// regular file itself, anything else by way of a file without a name.
func seekable(r io.Reader) (s io.ReadSeeker, done func(), err error) {
	nothing := func() {}
	if f, ok := r.(*os.File); ok {
		if at, err := f.Seek(0, io.SeekCurrent); err == nil {
			return io.NewSectionReader(f, at, math.MaxInt64-at), nothing, nil
		}
	} else if rs, ok := r.(io.ReadSeeker); ok {
		return rs, nothing, nil
	}
	f, err := os.CreateTemp("", "nhctl-restore-")
	if err == nil {
		os.Remove(f.Name())
	} else {
		fd, merr := unix.MemfdCreate("nhctl-restore", unix.MFD_CLOEXEC)
		if merr != nil {
			return nil, nothing, fmt.Errorf("room for the routes: %w", err)
		}
		f = os.NewFile(uintptr(fd), "nhctl-restore")
	}
	if _, err = io.Copy(f, r); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, nothing, err
	}
	return f, func() { f.Close() }, nil
}

// A restorer reads a file several times: to check it, then to send the routes
// of each pass.
type restorer struct {
	a     *app
	c     nl.Conn
	names map[uint32]string // of the file, up to the message that is read
	here  map[string]uint32 // indexes on this machine, 0 for devices that are not here

	create    map[uint32]bool // objects of the file that are not here yet
	blackhole map[uint32]bool // objects of the file that drop packets
	count     [3]int          // routes of each pass
	missing   []string        // devices
	other     bool            // an object here is not the one of the file

	pack     pack
	restored int
	twins    twins
}

// twins are the IPv4 routes at the end of the pack that only their hops tell
// from each other. The kernel puts a new one before those that are there, so
// they go in reverse order to stand as they stood: the first is the one used.
type twins struct {
	key   twinKey
	first int // in the pack
}

type twinKey struct {
	ok        bool
	dst       attr.Opt[rt.Addr]
	bits, tos uint8
	table     uint32
	metric    uint32
}

func twinOf(r *rt.Route) twinKey {
	return twinKey{r.Family == unix.AF_INET, r.Dst, r.DstLen, r.TOS, r.Table(), r.Priority.V}
}

func newRestorer(a *app, c nl.Conn) *restorer {
	return &restorer{
		a: a, c: c, names: map[uint32]string{}, here: map[string]uint32{},
		create: map[uint32]bool{}, blackhole: map[uint32]bool{},
	}
}

// check reads the file without sending anything that changes something.
func (s *restorer) check(in io.Reader) error {
	var r rt.Route
	err := readDump(bufio.NewReaderSize(in, 64<<10), func(m nl.Msg) error {
		if m.Type == nl.TypeNoop {
			return s.record(m, s.checkNexthop)
		}
		if err := checkRoute(&r, m); err != nil {
			return err
		}
		s.remap(m.Type, m.Body)
		s.count[passOf(&r)]++
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range s.missing {
		fmt.Fprintf(s.a.env.Err, "Cannot find device \"%s\"\n", out.AppendSafe(nil, name))
	}
	if len(s.missing) > 0 {
		s.a.note("the saved routes go over devices that are not here; nothing was restored")
		return exitError(exitSyntax)
	}
	if s.other {
		s.a.note("nothing was restored")
		return exitError(exitKernel)
	}
	return nil
}

// record takes a record in; nexthop is given its message.
func (s *restorer) record(m nl.Msg, nexthop func(nl.Msg) error) error {
	rec, err := readRecord(m.Body)
	if err != nil {
		return err
	}
	switch rec.kind {
	case recordDevice:
		s.names[rec.index] = rec.name
	case recordNexthop:
		return nexthop(rec.msg)
	}
	return nil
}

// remap puts this machine's indexes into a message, by the file's names.
func (s *restorer) remap(typ uint16, body []byte) {
	rt.EachIfIndex(typ, body, func(p []byte) {
		name, ok := s.names[ne.Uint32(p)]
		if !ok {
			return
		}
		i, ok := s.here[name]
		if !ok {
			i = s.a.deviceNamed(name)
			s.here[name] = i
			if i == 0 {
				s.missing = append(s.missing, name)
			}
		}
		if i != 0 {
			ne.PutUint32(p, i)
		}
	})
}

// deviceNamed is the index of a device of exactly this name; 0 for none.
func (a *app) deviceNamed(name string) uint32 {
	if link, ok := a.links.get(rt.LinkByName(name)); ok {
		return uint32(link.Index)
	}
	return 0
}

// checkNexthop compares an object of the file with that of the same id here.
func (s *restorer) checkNexthop(m nl.Msg) error {
	s.remap(m.Type, m.Body)
	want := creation(m.Body)
	var n rt.Nexthop
	if err := rt.DecodeNexthop(&n, want); err != nil {
		return err
	}
	id := n.ID.V
	s.blackhole[id] = n.Blackhole.OK
	if s.a.o.dryRun != "" {
		s.create[id] = true
		return nil
	}
	there, err := s.a.fetchNexthop(s.c, id)
	switch {
	case errors.Is(err, unix.ENOENT):
		s.create[id] = true
		return nil
	case err != nil:
		if err := s.a.refused(err, nil, nil); err != nil {
			return err
		}
		return nil
	}
	if have := creation(there.Body); !sameAttrs(want, have) {
		s.other = true
		s.a.note("nexthop %d is there already and is another:\n  here  %s\n  saved %s", id, s.a.nexthopLine(have), s.a.nexthopLine(want))
	}
	return nil
}

func (a *app) nexthopLine(body []byte) string {
	var n rt.Nexthop
	if err := rt.DecodeNexthop(&n, body); err != nil {
		return err.Error()
	}
	style := a.style
	style.JSON, style.Oneline, style.Color, style.Stats = false, true, out.NoColor, 0
	var b bytes.Buffer
	p := out.NewPrinter(&b, &style)
	_ = p.PrintNexthop(&n, false)
	_ = p.Flush()
	return string(bytes.TrimSpace(b.Bytes()))
}

// creation is the body that makes an object, from the one that a dump told:
// without what is the object's state or what the kernel computes.
func creation(body []byte) []byte {
	b := make([]byte, 0, len(body))
	b = append(b, body[0], 0, body[2], 0)
	b = ne.AppendUint32(b, ne.Uint32(body[4:])&rt.NHFlagOnlink)
	attr.Each(body[rt.NexthopHeaderLen:], func(typ uint16, p []byte) {
		switch typ {
		case rt.NHAOpFlags.Spec.Type, rt.NHAGroupStats.Spec.Type, rt.NHAHWStatsUsed.Spec.Type:
			return
		case rt.NHAHWStatsEnable.Spec.Type:
			if len(p) == 4 && ne.Uint32(p) == 0 {
				return
			}
		case rt.NHAResGroup.Spec.Type:
			var at int
			b, at = attr.Begin(b, typ|attr.FlagNested)
			attr.Each(p, func(typ uint16, p []byte) {
				switch typ {
				case rt.ResGroupBuckets.Spec.Type, rt.ResGroupIdle.Spec.Type, rt.ResGroupUnbalanced.Spec.Type:
					b = attr.Put(b, typ, p)
				}
			})
			b = attr.End(b, at)
			return
		case unix.NHA_ENCAP:
			typ |= attr.FlagNested
		}
		b = attr.Put(b, typ, p)
	})
	return b
}

// sameAttrs says whether two objects' bodies agree but for the order of their
// attributes, which differs among kernels.
func sameAttrs(x, y []byte) bool {
	if !bytes.Equal(x[:rt.NexthopHeaderLen], y[:rt.NexthopHeaderLen]) {
		return false
	}
	return attrString(x[rt.NexthopHeaderLen:]) == attrString(y[rt.NexthopHeaderLen:])
}

func attrString(run []byte) string {
	var all []string
	attr.Each(run, func(typ uint16, p []byte) { all = append(all, fmt.Sprintf("%d %x", typ, p)) })
	sort.Strings(all)
	return fmt.Sprint(all)
}

// passOf is ip's order: what is reachable without another route comes first.
func passOf(r *rt.Route) int {
	if r.Gateway.OK || r.Via.OK || r.NHID.OK {
		return 2
	}
	for i := range r.Hops {
		if r.Hops[i].Gateway.OK || r.Hops[i].Via.OK {
			return 2
		}
	}
	if r.PrefSrc.OK && !bytes.Equal(r.PrefSrc.V.Bytes(), r.Dst.V.Bytes()) {
		return 1
	}
	return 0
}

// pass sends the routes of one pass; the last one also the nexthop objects.
func (s *restorer) pass(in io.Reader, pass int) error {
	var r rt.Route
	err := readDump(bufio.NewReaderSize(in, 64<<10), func(m nl.Msg) error {
		if m.Type == nl.TypeNoop {
			return s.record(m, func(m nl.Msg) error {
				if pass == 2 {
					return s.addNexthop(m)
				}
				return nil
			})
		}
		if err := checkRoute(&r, m); err != nil {
			return err
		}
		if passOf(&r) != pass {
			return nil
		}
		s.remap(m.Type, m.Body)
		key := twinOf(&r)
		if !key.ok || key != s.twins.key {
			s.endTwins()
			if err := s.sendFull(); err != nil {
				return err
			}
			s.twins = twins{key, len(s.pack.reqs)}
		}
		s.pack.add(nl.Header{Type: m.Type, Flags: m.Flags | nl.Request | nl.Ack | nl.Create}, func(b []byte) []byte {
			return s.addition(b, &r, m.Body)
		})
		return nil
	})
	if err != nil {
		return err
	}
	return s.send()
}

func (s *restorer) addNexthop(m nl.Msg) error {
	s.remap(m.Type, m.Body)
	body := creation(m.Body)
	var n rt.Nexthop
	if err := rt.DecodeNexthop(&n, body); err != nil {
		return err
	}
	if !s.create[n.ID.V] {
		return nil
	}
	delete(s.create, n.ID.V)
	s.pack.add(nl.Header{Type: m.Type, Flags: nl.Request | nl.Ack | nl.Create | nl.Excl}, func(b []byte) []byte {
		return append(b, body...)
	})
	if s.twins.key.ok {
		return nil // the next route may be one more of them
	}
	return s.sendFull()
}

// endTwins puts the twins into the order in which they are sent, behind the
// objects that stood among them.
func (s *restorer) endTwins() {
	t := s.twins
	s.twins = twins{}
	if !t.key.ok {
		return
	}
	run := s.pack.reqs[t.first:] // which begins with a route
	object := func(m nl.Msg) int {
		if m.Type == unix.RTM_NEWROUTE {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(run, func(x, y nl.Msg) int { return object(x) - object(y) })
	routes := slices.IndexFunc(run, func(m nl.Msg) bool { return object(m) == 1 })
	slices.Reverse(run[routes:])
}

// State that dumps tell in flags and that a request must not say: of a hop
// (RTNH_F_*) and of a route (RTM_F_*).
const (
	hopState   = rt.NHFlagDead | rt.NHFlagOffload | rt.NHFlagLinkdown | rt.NHFlagUnresolved | rt.NHFlagTrap
	routeState = hopState | rt.FlagOffload | rt.FlagTrap | rt.FlagOffloadFailed
)

// addition appends the body that adds a saved route: its own bytes, without
// the state of its hops, and of a route by nexthop object without the hops.
func (s *restorer) addition(b []byte, r *rt.Route, body []byte) []byte {
	at := len(b)
	if r.NHID.OK {
		b = appendWithout(b, body, rt.RouteHeaderLen, besideNexthop)
		if r.Type == unix.RTN_BLACKHOLE && s.blackhole[r.NHID.V] {
			// So dumps tell a unicast route by such an object.
			b[at+rtmType] = unix.RTN_UNICAST
		}
	} else {
		b = append(b, body...)
	}
	flags := b[at+8 : at+12]
	ne.PutUint32(flags, ne.Uint32(flags)&^routeState)
	attr.Each(b[at+rt.RouteHeaderLen:], func(typ uint16, p []byte) {
		if typ == unix.RTA_MULTIPATH {
			rt.EachHop(p, func(hop []byte) { hop[2] &^= hopState })
		}
	})
	return b
}

func (s *restorer) sendFull() error {
	if s.pack.full() {
		return s.send()
	}
	return nil
}

func (s *restorer) send() error {
	if len(s.pack.reqs) == 0 {
		return nil
	}
	s.endTwins()
	var exit error
	good := 0
	for i := range s.pack.reqs {
		if s.pack.reqs[i].Type == unix.RTM_NEWROUTE {
			good++
		}
	}
	err := s.c.Send(s.a.ctx(), s.pack.reqs, func(i int, e *nl.Error) {
		req := s.pack.reqs[i]
		route := req.Type == unix.RTM_NEWROUTE
		if e.Errno != 0 && route {
			good--
		}
		switch {
		case e.Errno == 0 || e.Errno == unix.EEXIST && route:
			s.a.kernelSaid(e)
		case exit == nil:
			exit = s.a.refused(e, &grammar.Request{Msg: req}, nil)
			if route {
				s.a.note("the route was: %s", s.a.routeLine(req.Body))
			} else {
				s.a.note("the nexthop was: %s", s.a.nexthopLine(req.Body))
			}
		}
	}, nil)
	s.pack.reset()
	s.restored += good
	if err != nil {
		exit = s.a.broken(err)
	}
	if exit != nil {
		s.a.note("stopped; %d of %d routes were restored", s.restored, s.count[0]+s.count[1]+s.count[2])
	}
	return exit
}
