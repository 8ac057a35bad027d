package cli

import (
	"bufio"
	"bytes"
	"encoding/binary"
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

var ne = binary.NativeEndian

// The file of `route save`, in host byte order:
//
//	u32 0x45311224              as ip writes it
//	netlink messages            each at a multiple of 4 bytes
//
// RTM_NEWROUTE messages are those of the dump, byte for byte. Before the first
// of them that needs it stands a record of nhctl's own, an NLMSG_NOOP message
// with flags, sequence number and port id 0. `ip route restore` hands records
// to the kernel, which acknowledges and ignores them; `ip route showdump`
// says "Not a route" and goes on. A record's body is
//
//	u8[4] "nhct", u16 version 1, u16 kind, u32 0
//	netlink attributes          above RTA_MAX, so that ip looks at none
//
// and its kinds are
//
//	1 device    1001 u32 index, 1002 string name
//	2 nexthop   1003 an RTM_NEWNEXTHOP message with its header
//
// A device stands before the first message, also inside a record, that holds
// its index; an object before the first route that uses it; a member before
// the first group. Readers skip kinds they do not know and refuse versions
// they do not know.
const (
	saveMagic = 0x45311224

	recordMagic   = "nhct"
	recordVersion = 1
	recordHeader  = 12
	recordDevice  = 1
	recordNexthop = 2

	recordIndex   = 1001
	recordName    = 1002
	recordMessage = 1003
)

// maxSaved is the longest message that a file may hold: above what a route
// with a full RTA_MULTIPATH takes.
const maxSaved = 128 << 10

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
	eachIndex(typ, body, func(p []byte) {
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

func beginRecord(kind uint16) []byte {
	b := append(make([]byte, 0, 64), recordMagic...)
	b = ne.AppendUint16(b, recordVersion)
	b = ne.AppendUint16(b, kind)
	return ne.AppendUint32(b, 0)
}

func endRecord(body []byte) []byte {
	m := nl.Msg{Header: nl.Header{Type: nl.TypeNoop}, Body: body}
	return m.AppendTo(nil)
}

func deviceRecord(index uint32, name string) []byte {
	b := attr.Put(beginRecord(recordDevice), recordIndex, ne.AppendUint32(nil, index))
	return endRecord(attr.Put(b, recordName, append([]byte(name), 0)))
}

// nexthopRecord is nil for a message that is too long for an attribute: a
// group of more than 8000 members.
func nexthopRecord(m nl.Msg) []byte {
	raw := m.AppendTo(nil)
	if len(raw) > math.MaxUint16-attr.HeaderLen {
		return nil
	}
	return endRecord(attr.Put(beginRecord(recordNexthop), recordMessage, raw))
}

// A record is what an NLMSG_NOOP message of ours says; kind 0 is none of ours
// or of a kind that is not known.
type record struct {
	kind  uint16
	index uint32
	name  string
	msg   nl.Msg
}

func readRecord(body []byte) (r record, err error) {
	if len(body) < recordHeader || string(body[:4]) != recordMagic {
		return r, nil
	}
	if v := ne.Uint16(body[4:]); v != recordVersion {
		return r, fmt.Errorf("record of version %d, which this nhctl does not know", v)
	}
	if err := attr.Check(body[recordHeader:]); err != nil {
		return r, err
	}
	for run := body[recordHeader:]; ; {
		typ, p, rest, ok := attr.Next(run)
		if !ok {
			break
		}
		switch typ {
		case recordIndex:
			if len(p) == 4 {
				r.index = ne.Uint32(p)
			}
		case recordName:
			r.name = string(bytes.TrimSuffix(p, []byte{0}))
		case recordMessage:
			m, _, ok, err := nl.Next(p)
			if err != nil {
				return r, err
			}
			if ok {
				r.msg = m
			}
		}
		run = rest
	}
	switch r.kind = ne.Uint16(body[6:]); r.kind {
	case recordDevice:
		if r.index == 0 || r.name == "" || len(r.name) > 127 || bytes.IndexByte([]byte(r.name), 0) >= 0 {
			return r, errors.New("record of a device without index or name")
		}
	case recordNexthop:
		var n rt.Nexthop
		if r.msg.Type != unix.RTM_NEWNEXTHOP {
			return r, fmt.Errorf("record of a nexthop holds %s", rt.TypeName(r.msg.Type))
		}
		if err := rt.DecodeNexthop(&n, r.msg.Body); err != nil {
			return r, err
		}
		if n.ID.V == 0 {
			return r, errors.New("record of a nexthop without id")
		}
	default:
		r.kind = 0
	}
	return r, nil
}

// Attributes of tunnels that hold a device: SEG6_LOCAL_IIF, SEG6_LOCAL_OIF
// (include/uapi/linux/seg6_local.h) and LWT_XFRM_LINK (lwtunnel.h).
const (
	seg6LocalIIF = 6
	seg6LocalOIF = 7
	lwtXfrmLink  = 2
)

// eachIndex gives the places of device indexes in a route or nexthop message.
func eachIndex(typ uint16, body []byte, f func(p []byte)) {
	switch {
	case typ == unix.RTM_NEWROUTE && len(body) >= rt.RouteHeaderLen:
		routeIndexes(body[rt.RouteHeaderLen:], f)
	case typ == unix.RTM_NEWNEXTHOP && len(body) >= rt.NexthopHeaderLen:
		indexes(body[rt.NexthopHeaderLen:], unix.NHA_ENCAP, unix.NHA_ENCAP_TYPE, f, unix.NHA_OIF)
	}
}

func routeIndexes(run []byte, f func(p []byte)) {
	indexes(run, unix.RTA_ENCAP, unix.RTA_ENCAP_TYPE, f, unix.RTA_IIF, unix.RTA_OIF)
	eachAttr(run, func(typ uint16, p []byte) {
		if typ == unix.RTA_MULTIPATH {
			eachHop(p, func(hop []byte) {
				f(hop[4:8])
				indexes(hop[8:], unix.RTA_ENCAP, unix.RTA_ENCAP_TYPE, f)
			})
		}
	})
}

func eachAttr(run []byte, f func(typ uint16, p []byte)) {
	for {
		typ, p, rest, ok := attr.Next(run)
		if !ok {
			return
		}
		f(typ&attr.TypeMask, p)
		run = rest
	}
}

// eachHop gives the struct rtnexthop entries of a list with their attributes.
func eachHop(p []byte, f func(hop []byte)) {
	for len(p) >= 8 {
		n := int(ne.Uint16(p))
		if n < 8 || n > len(p) {
			return
		}
		f(p[:n])
		if n = attr.Align(n); n >= len(p) {
			return
		}
		p = p[n:]
	}
}

// indexes gives the attributes of a run that are devices, and those inside its
// encapsulation.
func indexes(run []byte, encap, encapType uint16, f func(p []byte), direct ...uint16) {
	var tunnel uint16
	eachAttr(run, func(typ uint16, p []byte) {
		if typ == encapType && len(p) == 2 {
			tunnel = ne.Uint16(p)
		}
	})
	var inside []uint16
	switch tunnel {
	case rt.EncapSeg6Local:
		inside = []uint16{seg6LocalIIF, seg6LocalOIF}
	case rt.EncapXfrm:
		inside = []uint16{lwtXfrmLink}
	}
	pick := func(of []uint16) func(uint16, []byte) {
		return func(typ uint16, p []byte) {
			for _, t := range of {
				if t == typ && len(p) == 4 {
					f(p)
				}
			}
		}
	}
	eachAttr(run, pick(direct))
	if inside != nil {
		eachAttr(run, func(typ uint16, p []byte) {
			if typ == encap {
				eachAttr(p, pick(inside))
			}
		})
	}
}

// A dumpError is what is wrong with a file; text is ip's line where ip has
// one.
type dumpError struct {
	text string
	at   int64
	err  error
}

func (e *dumpError) Error() string {
	if e.err == nil {
		return e.text
	}
	return fmt.Sprintf("message at byte %d: %s", e.at, e.err)
}

// readDump gives the messages behind the magic number to f, whose error ends
// it. Bodies are valid during the call only.
func readDump(r io.Reader, f func(nl.Msg) error) error {
	at := int64(4)
	var head [nl.HeaderLen]byte
	var body []byte
	for {
		n, err := io.ReadFull(r, head[:])
		if n == 0 && errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return truncated(at, err)
		}
		size := int64(ne.Uint32(head[:]))
		if size < nl.HeaderLen || size > maxSaved {
			return &dumpError{text: fmt.Sprintf("!!!malformed message: len=%d @%d", int32(size), at+nl.HeaderLen), at: at}
		}
		want := attr.Align(int(size)) - nl.HeaderLen
		if cap(body) < want {
			body = make([]byte, want)
		}
		body = body[:want]
		if _, err := io.ReadFull(r, body); err != nil {
			return truncated(at, err)
		}
		m := nl.Msg{Header: nl.Header{
			Type: ne.Uint16(head[4:]), Flags: ne.Uint16(head[6:]), Seq: ne.Uint32(head[8:]), Port: ne.Uint32(head[12:]),
		}, Body: body[: size-nl.HeaderLen : size-nl.HeaderLen]}
		if err := f(m); err != nil {
			var exit exitError
			if errors.As(err, &exit) {
				return err
			}
			return &dumpError{at: at, err: err}
		}
		at += nl.HeaderLen + int64(want)
	}
}

func truncated(at int64, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &dumpError{text: "rtnl-from_file: truncated message", at: at}
	}
	return fmt.Errorf("read: %w", err)
}

// badDump reports what readDump returned; what says what did not happen.
func (a *app) badDump(err error, what string) error {
	var exit exitError
	var e *dumpError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit):
		return err
	case errors.As(err, &e) && e.err == nil:
		fmt.Fprintf(a.env.Err, "%s\n", e.text)
		a.note("the message at byte %d is broken; %s", e.at, what)
	default:
		a.note("%s; %s", out.AppendSafe(nil, err.Error()), what)
	}
	return exitError(exitKernel)
}

// checkMagic reads the first 4 bytes.
func (a *app) checkMagic(r io.Reader) error {
	if a.env.InTTY {
		io.WriteString(a.env.Err, "Can't restore route dump from a terminal\n")
		return exitError(exitSyntax)
	}
	var b [4]byte
	n, _ := io.ReadFull(r, b[:])
	if v := ne.Uint32(b[:]); v != saveMagic {
		fmt.Fprintf(a.env.Err, "Magic mismatch (%d elems, %x magic)\n", n/4, v)
		a.note("standard input is no file that `route save` wrote")
		return exitError(exitSyntax)
	}
	return nil
}

// checkRoute says what the file may not hold of a route.
func checkRoute(r *rt.Route, m nl.Msg) error {
	if m.Type != unix.RTM_NEWROUTE {
		return fmt.Errorf("%s where a route should be", rt.TypeName(m.Type))
	}
	if err := rt.DecodeRoute(r, m.Body); err != nil {
		return err
	}
	for _, u := range r.Unknown {
		if u.Type&attr.TypeMask == unix.RTA_MULTIPATH {
			return errors.New("RTA_MULTIPATH that breaks off")
		}
	}
	return nil
}

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
	eachIndex(typ, body, func(p []byte) {
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
	eachAttr(body[rt.NexthopHeaderLen:], func(typ uint16, p []byte) {
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
			eachAttr(p, func(typ uint16, p []byte) {
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
	eachAttr(run, func(typ uint16, p []byte) { all = append(all, fmt.Sprintf("%d %x", typ, p)) })
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
	eachAttr(b[at+rt.RouteHeaderLen:], func(typ uint16, p []byte) {
		if typ == unix.RTA_MULTIPATH {
			eachHop(p, func(hop []byte) { hop[2] &^= hopState })
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
