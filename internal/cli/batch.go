package cli

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"nhctl/internal/cli/grammar"
	"nhctl/internal/nl"
	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// Limits of a pack, within what Conn.Send puts into one datagram. Up to
// packAcks messages each ask for an acknowledgement, as they do when ip sends
// them; of more only the last does, since refusals come back anyway.
const (
	packMsgs  = 256
	packBytes = 40 << 10
	packAcks  = 16
)

// singles is how many commands go one by one before packs begin, which then
// double: a small batch sends just what ip sends, and a mistake near the
// beginning is met before anything was sent behind it. With -force packs are
// full from the start.
const singles = 16

// checkTells is how many mistakes --check-first tells of.
const checkTells = 20

// errBatchEnds ends a batch; why has been said.
var errBatchEnds = errors.New("the batch ends here")

// batch does the lines of a file or of standard input, as ip -batch does, but
// sends many requests at a time.
//
// The kernel works through all messages of a send, also behind one that it
// refuses; ip without -force does nothing behind a line that failed. So that
// the two come to the same, a send without -force is any one change followed
// by additions of what must not have been there before. When one of its
// messages is refused, the additions behind it that went well are taken back
// in reverse order. That is exact, since such an addition is the only thing
// of its identity (takeBack). With -force nothing is taken back and anything
// that changes something is packed.
//
// Deletions are sent one by one without -force. They could be packed with
// NLM_F_ECHO, which makes the kernel tell what it deleted, and be put back
// from that. But for the time between, traffic would miss a route that ip
// never touched, and of several routes of one prefix, tos and metric (append)
// the order would be lost; so they are not.
type batch struct {
	a     *app
	name  string
	force bool
	verbs []verb
	err   *notesLast
	code  int

	pack  *batchPack // is being filled
	sent  *batchPack // is being sent, while the next is filled; nil when none is
	spare *batchPack // is used next; nil while one is being sent
	most  int        // messages a pack may have
	limit int        // messages a pack may ever have
	good  int        // commands that went well in packs
	// tables are those that a route of this batch is in: to add the first
	// route of a table makes the table, which cannot be taken back.
	tables map[tableKey]bool
}

// A batchPack is what one send carries, and then what came of it.
type batchPack struct {
	msgs  []nl.Msg
	lines []packed // of msgs
	bytes int

	done    chan struct{} // closed when it was sent, of one that is sent while the next is filled
	refused []refusal
	err     error // the socket's
}

// packed is what is known of a message of a pack: the command, from which its
// words can be had again, and the request as the grammar read it.
type packed struct {
	line  int
	text  string
	req   *grammar.Request
	table tableKey // of a route that may stand behind others, without -force
}

type refusal struct {
	i   int
	err *nl.Error
}

type tableKey struct {
	family uint8
	table  uint32
}

// batch does the commands of a file, - being standard input, and returns the
// exit code.
func (a *app) batch(file string) int {
	env := *a.env
	notes := &notesLast{w: env.Err}
	env.Err = notes
	defer notes.release()
	a.env, a.inBatch = &env, true
	b := &batch{
		a: a, name: file, force: a.o.force, verbs: objects(), err: notes,
		most: 1, limit: packMsgs, tables: map[tableKey]bool{}, pack: new(batchPack), spare: new(batchPack),
	}
	if a.o.rcvbuf > 0 && a.o.rcvbuf < 1<<18 {
		b.limit = 1 // acknowledgements of a pack might not fit
	}
	if b.force || env.Singles == 0 {
		b.most = b.limit
	}
	in, check, err := b.open()
	if err != nil {
		fmt.Fprintf(env.Err, "Cannot open file \"%s\" for reading: %s\n", safeLines(file), openCause(err))
		return exitSyntax
	}
	if c, ok := in.(io.Closer); ok && file != "-" {
		defer c.Close()
	}
	if check {
		if code := b.checkFirst(in); code != exitOK {
			return code
		}
		if _, err := in.(io.Seeker).Seek(0, io.SeekStart); err != nil {
			a.note("%s", err)
			return exitSyntax
		}
	}
	b.run(in)
	if b.code == exitOK && a.written(exitOK) != exitOK {
		b.code = exitSyntax
	}
	return b.code
}

// open opens the batch and says whether all of it is to be read before the
// first command is done; it can then be read twice. That makes no sense with
// -force, which goes on behind any mistake.
func (b *batch) open() (in io.Reader, check bool, err error) {
	o := &b.a.o
	in = b.a.env.In
	if b.name != "-" {
		f, err := os.Open(b.name)
		if err != nil {
			return nil, false, err
		}
		st, err := f.Stat()
		if err == nil && st.IsDir() {
			err = &fs.PathError{Op: "read", Path: b.name, Err: unix.EISDIR}
		}
		if err != nil {
			f.Close()
			return nil, false, err
		}
		in = f
		if st.Mode().IsRegular() {
			return in, !b.force && !o.checkOff, nil
		}
	}
	if b.force || !o.checkOn {
		return in, false, nil
	}
	all, err := io.ReadAll(in)
	if b.name != "-" {
		in.(io.Closer).Close()
	}
	return bytes.NewReader(all), true, err
}

func openCause(err error) string {
	var e *fs.PathError
	if errors.As(err, &e) {
		err = e.Err
	}
	return cause(err)
}

// find is the verb that a command means, the words behind it, and the words
// in full that lead to it; nil when there is none.
func (b *batch) find(words []string) (v *verb, path string, args []string) {
	name := findObject(words[0])
	for i := range b.verbs {
		if b.verbs[i].name == name {
			v = &b.verbs[i]
		}
	}
	if v == nil {
		return nil, "", nil
	}
	path, args = v.name, words[1:]
	for v.verbs != nil {
		w := v.deflt
		if len(args) > 0 {
			w, args = args[0], args[1:]
		}
		if v = findVerb(v.verbs, w); v == nil {
			return nil, "", nil
		}
	}
	return v, path, args
}

// checkFirst reads all commands without doing any, tells the mistakes in
// their words and returns the exit code of the first.
func (b *batch) checkFirst(in io.Reader) int {
	// No object file is loaded to read the line that names it.
	words := b.a.words
	words.LoadBPF = func(string, string, string, bool) (int, string, error) { return 0, "", nil }
	l := newBatchLines(in, nil)
	told, code := 0, exitOK
	for told < checkTells {
		args, err := l.next()
		if spoilt := errors.Is(err, errTooManyWords) || errors.Is(err, errNoEndQuote); err != nil && !spoilt {
			break // an incomplete end is told when it is reached
		}
		if err = b.checkLine(&words, args, err); err == nil {
			continue
		}
		told++
		c := b.failed(l.line, err)
		if told == 1 {
			code = c
		}
	}
	if told == checkTells {
		b.a.note("there may be more")
	}
	if told > 0 {
		b.a.note("nothing was sent; with --check-first=no the lines before the first mistake are done, with -force all others")
	}
	return code
}

// checkLine says what is wrong with a command; err is what its reader said.
func (b *batch) checkLine(words *grammar.Env, args []string, err error) error {
	if err != nil {
		return b.spoilt(err)
	}
	v, path, args2 := b.find(args)
	switch {
	case v == nil && !ownObject(args[0]), v != nil && v.name == "help":
		return b.a.run(args) // which only complains
	case v == nil || v.read == nil:
		return nil
	}
	if _, gerr := v.read(words, args2); gerr != nil {
		return b.a.mistake(gerr, args2, usageOf(path))
	}
	return nil
}

// ownObject says whether a word means an object of nhctl that ip lacks.
func ownObject(w string) bool { return slices.Contains(ownObjects, findObject(w)) }

// run does the commands of in.
func (b *batch) run(in io.Reader) {
	l := newBatchLines(in, b.flush)
	for {
		args, err := l.next()
		switch {
		case err == nil:
			err = b.do(l, args)
		case errors.Is(err, io.EOF):
			_ = b.flush()
			return
		case errors.Is(err, errMissingLine):
			// ip says so and exits as if the line were not there.
			if b.flush() == nil {
				fmt.Fprintf(b.a.env.Err, "%s\n", err)
				b.a.note("line %d of %s ends in a backslash and was not done", l.line, safeLines(b.name))
			}
			return
		case errors.Is(err, errTooManyWords), errors.Is(err, errNoEndQuote):
			if flushed := b.flush(); flushed != nil {
				return
			}
			err = b.result(l.line, b.spoilt(err))
		case !errors.Is(err, errBatchEnds):
			if b.flush() == nil {
				b.a.note("read %s: %s", safeLines(b.name), openCause(err))
				b.code = exitSyntax
			}
			return
		}
		if err != nil {
			return
		}
	}
}

// spoilt says what is wrong with a line that is not a command.
func (b *batch) spoilt(err error) error {
	fmt.Fprintf(b.a.env.Err, "%s\n", err)
	return exitError(exitSyntax)
}

// do does a command, or puts its request into the pack.
func (b *batch) do(l *batchLines, args []string) error {
	v, path, words := b.find(args)
	if v == nil || v.run != nil {
		if err := b.flush(); err != nil {
			return err
		}
		return b.result(l.line, b.a.run(args))
	}
	req, gerr := v.read(&b.a.words, words)
	if gerr != nil {
		if err := b.flush(); err != nil {
			return err
		}
		return b.result(l.line, b.a.mistake(gerr, words, usageOf(path)))
	}
	if !b.packs(req) {
		if err := b.flush(); err != nil {
			return err
		}
		return b.result(l.line, b.a.change(req, words))
	}
	return b.add(packed{line: l.line, text: l.text, req: req})
}

// packs says whether a request may go with others: nobody wants to see or
// know what it alone did.
func (b *batch) packs(req *grammar.Request) bool {
	o := &b.a.o
	switch req.Msg.Type {
	case unix.RTM_DELROUTE:
		return !o.echo && o.dryRun == "" && !o.exact
	case unix.RTM_NEWNEXTHOP:
		return !o.echo && o.dryRun == "" && !o.printID
	}
	return !o.echo && o.dryRun == ""
}

// add puts a request into the pack. What must not stand behind others waits
// for what came of them; of a full pack it is enough that it is on its way.
func (b *batch) add(p packed) error {
	follows := b.force
	if !b.force {
		p.table, follows = canTakeBack(&p.req.Msg)
		follows = follows && (p.table == tableKey{} || b.tables[p.table])
	}
	size := p.req.Msg.WireLen()
	var err error
	switch {
	case !follows:
		err = b.flush()
	case len(b.pack.msgs) >= b.most || b.pack.bytes+size > packBytes:
		err = b.push()
	}
	if err != nil {
		return err
	}
	b.pack.msgs = append(b.pack.msgs, p.req.Msg)
	b.pack.lines = append(b.pack.lines, p)
	b.pack.bytes += size
	return nil
}

// flush sends the pack and waits until all that was sent is told. Its error is
// errBatchEnds.
func (b *batch) flush() error {
	if err := b.send(false); err != nil {
		return err
	}
	return b.wait()
}

// push is flush that does not wait for what came of the pack.
func (b *batch) push() error { return b.send(true) }

// send sends the pack when what came of the one before is told. The socket is
// opened here, on the thread whose network namespace counts.
func (b *batch) send(ahead bool) error {
	if err := b.wait(); err != nil || len(b.pack.msgs) == 0 {
		return err
	}
	p := b.pack
	c, err := b.a.conn()
	if err != nil {
		return b.result(p.lines[0].line, err)
	}
	b.pack, b.spare, b.sent = b.spare, nil, p
	for i := range p.msgs {
		if len(p.msgs) <= packAcks || i == len(p.msgs)-1 {
			p.msgs[i].Flags |= nl.Ack
		}
	}
	ctx := b.a.ctx()
	send := func() {
		p.err = c.Send(ctx, p.msgs, func(i int, e *nl.Error) {
			p.refused = append(p.refused, refusal{i, e})
		}, nil)
	}
	if !ahead || b.a.o.trace != "" { // the tracer writes among what is told
		send()
		return nil
	}
	p.done = make(chan struct{})
	go func() {
		defer close(p.done)
		send()
	}()
	return nil
}

// wait waits for the pack that is being sent and tells what was refused.
func (b *batch) wait() error {
	p := b.sent
	if p == nil {
		return nil
	}
	if p.done != nil {
		<-p.done
	}
	b.sent = nil
	defer func() {
		clear(p.lines)
		*p = batchPack{msgs: p.msgs[:0], lines: p.lines[:0], refused: p.refused[:0]}
		b.spare = p
	}()
	failed := len(p.msgs)
	for _, r := range p.refused {
		if r.err.Errno != 0 && !b.force {
			failed = r.i
			break
		}
	}
	if failed < len(p.msgs) {
		b.takeBackBehind(p, failed)
	}
	for _, r := range p.refused {
		if r.i > failed {
			break // ip would not have come here
		}
		l := &p.lines[r.i]
		words, _ := splitWords(nil, l.text)
		_, _, args := b.find(words)
		if stop := b.result(l.line, b.a.refused(r.err, l.req, args)); stop != nil {
			return stop
		}
	}
	if p.err != nil {
		_ = b.result(p.lines[0].line, b.a.broken(p.err))
		return errBatchEnds // the socket is of no more use
	}
	for i := range p.lines {
		if t := p.lines[i].table; t != (tableKey{}) {
			b.tables[t] = true
		}
	}
	if b.good += len(p.lines); b.good >= b.a.env.Singles {
		b.most = min(2*b.most, b.limit)
	}
	return nil
}

// result tells that a command failed, if it did, and whether that ends the
// batch.
func (b *batch) result(line int, err error) error {
	if err == nil {
		b.err.release()
		return nil
	}
	b.code = b.failed(line, err)
	if b.force {
		b.code = exitSyntax
		return nil
	}
	return errBatchEnds
}

// failed writes ip's line for a command that failed and the notes behind it,
// and returns the exit code: what ends ip on the spot ends it with a code of
// its own, everything else with 1.
func (b *batch) failed(line int, err error) int {
	code := b.a.code(err)
	fmt.Fprintf(b.a.env.Err, "Command failed %s:%d\n", safeLines(b.name), line)
	b.err.release()
	if code != exitUsage {
		code = exitSyntax
	}
	return code
}

// canTakeBack says whether takeBack can undo m, provided that m was taken,
// and tells the table that it adds a route to.
//
// With NLM_F_EXCL a route is the only one of its prefix, tos and metric in its
// table, for IPv4 and for IPv6 with all its hops, and a nexthop object the
// only one of its id.
func canTakeBack(m *nl.Msg) (table tableKey, ok bool) {
	if m.Flags&(nl.Create|nl.Excl) != nl.Create|nl.Excl {
		return table, false
	}
	switch m.Type {
	case unix.RTM_NEWROUTE:
		family := m.Body[0]
		if family != unix.AF_INET && family != unix.AF_INET6 {
			return table, false
		}
		id, ok := last(m.Body[rt.RouteHeaderLen:], unix.RTA_TABLE)
		if !ok {
			id = uint32(m.Body[headerTable])
		}
		return tableKey{family, id}, true
	case unix.RTM_NEWNEXTHOP:
		return table, nexthopID(m) != 0
	}
	return table, false
}

// headerTable is where rtm_table is in struct rtmsg.
const headerTable = 4

// last is the number in the last attribute of a type, which is the one that
// counts.
func last(attrs []byte, typ uint16) (v uint32, ok bool) {
	for {
		t, p, rest, more := attr.Next(attrs)
		if !more {
			return v, ok
		}
		if t&attr.TypeMask == typ && len(p) == 4 {
			v, ok = binary.NativeEndian.Uint32(p), true
		}
		attrs = rest
	}
}

func nexthopID(m *nl.Msg) uint32 {
	id, _ := last(m.Body[rt.NexthopHeaderLen:], unix.NHA_ID)
	return id
}

// takeBack is the request that undoes m, of which canTakeBack said yes. It
// says no more than the identity: the kernel compares what else is said with
// what it made of it, which need not be the same.
func takeBack(m *nl.Msg) nl.Msg {
	undo := nl.Msg{Header: nl.Header{Flags: nl.Request | nl.Ack}}
	if m.Type == unix.RTM_NEWNEXTHOP {
		undo.Type = unix.RTM_DELNEXTHOP
		undo.Body = rt.NHAID.Put((&rt.Nexthop{}).AppendHeader(nil), nexthopID(m))
		return undo
	}
	undo.Type = unix.RTM_DELROUTE
	h := m.Body
	id := rt.RouteHeader{Family: h[0], DstLen: h[1], SrcLen: h[2], TOS: h[3], HeaderTable: h[headerTable], Scope: unix.RT_SCOPE_NOWHERE}
	b := id.AppendHeader(nil)
	attrs := h[rt.RouteHeaderLen:]
	for rest := attrs; ; {
		typ, p, next, ok := attr.Next(rest)
		if !ok {
			break
		}
		switch typ & attr.TypeMask {
		case unix.RTA_DST, unix.RTA_SRC, unix.RTA_TABLE, unix.RTA_PRIORITY:
			b = attr.Put(b, typ, p)
		}
		rest = next
	}
	if metric, _ := last(attrs, unix.RTA_PRIORITY); id.Family == unix.AF_INET6 && metric == 0 {
		// None is any in a deletion, and this in an addition.
		b = rt.RTAPriority.Put(b, ip6DefaultMetric)
	}
	undo.Body = b
	return undo
}

// ip6DefaultMetric is IP6_RT_PRIO_USER (include/uapi/linux/ipv6_route.h).
const ip6DefaultMetric = 1024

// takeBackBehind undoes what was taken behind message i of a pack.
func (b *batch) takeBackBehind(p *batchPack, i int) {
	no := map[int]bool{}
	for _, r := range p.refused {
		no[r.i] = no[r.i] || r.err.Errno != 0
	}
	var undo []nl.Msg
	var lines []int
	for j := len(p.msgs) - 1; j > i; j-- {
		if !no[j] {
			undo = append(undo, takeBack(&p.msgs[j]))
			lines = append(lines, p.lines[j].line)
		}
	}
	if len(undo) == 0 {
		return
	}
	err := b.a.main.Send(b.a.ctx(), undo, func(j int, e *nl.Error) {
		if errors.Is(e.Errno, unix.ESRCH) || errors.Is(e.Errno, unix.ENOENT) || e.Errno == 0 {
			return // it went by itself
		}
		b.a.note("line %d of %s, behind the one that failed, was done and could not be taken back: %s", lines[j], safeLines(b.name), e)
	}, nil)
	if err != nil {
		b.a.note("lines behind the one that failed were done and could not be taken back: %s", err)
	}
}

// notesLast holds nhctl's own lines on standard error back, so that ip's
// `Command failed` follows ip's message.
type notesLast struct {
	w    io.Writer
	held []byte
}

func (n *notesLast) Write(b []byte) (int, error) {
	if bytes.HasPrefix(b, []byte("nhctl: ")) {
		n.held = append(n.held, b...)
		return len(b), nil
	}
	return n.w.Write(b)
}

func (n *notesLast) release() {
	if len(n.held) > 0 {
		_, _ = n.w.Write(n.held)
		n.held = n.held[:0]
	}
}
