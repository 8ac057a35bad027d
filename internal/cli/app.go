package cli

import (
	"context"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"nhctl/internal/cli/grammar"
	"nhctl/internal/cli/out"
	"nhctl/internal/nl"
	"nhctl/internal/nl/rt"
)

// app is one run of nhctl: its options and what the commands share.
type app struct {
	env     *Env
	o       options
	names   *rt.Names
	links   *links // what look-ups of the commands found
	quiet   *links // for the tracer, whose look-ups are not traced
	words   grammar.Env
	style   out.Style
	main    nl.Conn
	closers []io.Closer // what else is open until the end
	inBatch bool
	report  *report // what --format json says of a failure; else nil
	out     *outWriter
	prog    string // the object and verb as they are called in full
}

func newApp(env *Env, o options) *app {
	a := &app{o: o, out: &outWriter{w: env.Out}}
	own := *env
	own.Out = a.out
	a.env, env = &own, &own
	if o.format == "json" || o.format == "jsonl" {
		a.o.json = true
		env = a.tellJSON(env)
	}
	a.names = rt.NewNames(env.Etc, env.Usr, o.numeric, safeWriter{env.Err})
	a.quiet = newLinks(func() (nl.Conn, error) { return env.Dial(DialOptions{}) })
	a.links = newLinks(func() (nl.Conn, error) { return env.Dial(DialOptions{Tap: a.tap()}) })
	a.words = grammar.Env{
		Family: o.family, Names: a.names,
		Device: a.links.index, VRF: a.links.vrfTable, Devices: a.links.names,
		IPProto: ipProto, LoadBPF: loadBPF,
	}
	if o.dryRun != "" {
		// Loading needs privilege; the descriptor is the one thing of the
		// message that cannot be known before.
		a.words.LoadBPF = func(_, file, section string, _ bool) (int, string, error) {
			return 0, file + ":[" + section + "]", nil
		}
	}
	a.style = out.Style{
		JSON: a.o.json, Pretty: o.pretty, Oneline: o.oneline, Details: o.details, Stats: o.stats,
		Human: o.human, IEC: o.iec, Names: a.names, IfName: a.links.nameOf, Nexthop: a.nexthopCache(),
	}
	if a.o.colors(env) {
		a.style.Color = a.palette()
	}
	if o.resolve {
		a.style.Resolve = newResolver().name
	}
	return a
}

func (a *app) close() {
	a.links.close()
	a.quiet.close()
	if a.main != nil {
		a.main.Close()
	}
	for _, c := range a.closers {
		c.Close()
	}
}

// conn is the main socket, opened on first need.
func (a *app) conn() (nl.Conn, error) {
	if a.main != nil {
		return a.main, nil
	}
	if a.o.dryRun != "" {
		a.main = &dryConn{a: a}
		return a.main, nil
	}
	c, err := a.env.Dial(DialOptions{Strict: true, RcvBuf: a.rcvbuf(), Tap: a.tap()})
	if err != nil {
		a.note("%s", err)
		return nil, exitError(exitSyntax)
	}
	a.main = c
	return c, nil
}

// second is another socket, for requests while a dump goes on.
func (a *app) second() (nl.Conn, error) {
	if a.o.dryRun != "" {
		return a.conn()
	}
	c, err := a.env.Dial(DialOptions{RcvBuf: a.rcvbuf(), Tap: a.tap()})
	if err != nil {
		a.note("%s", err)
		return nil, exitError(exitSyntax)
	}
	return c, nil
}

func (a *app) rcvbuf() int {
	if a.o.rcvbuf > 0 {
		return a.o.rcvbuf
	}
	return 1 << 20
}

// tap is the tracer of a socket, nil without --trace.
func (a *app) tap() func(bool, []byte) {
	if a.o.trace == "" || a.o.dryRun != "" {
		return nil
	}
	return func(sent bool, datagram []byte) {
		w := a.env.Err
		if a.report != nil {
			w = a.report.w
		}
		w.Write(out.Trace(nil, sent, datagram, a.o.trace == "hex", a.quiet.known))
	}
}

func (a *app) printer() *out.Printer { return out.NewPrinter(a.env.Out, &a.style) }

// A listing takes objects and prints them in one of the ways of --format.
type listing interface {
	Begin()
	PrintRoute(r *rt.Route, f *rt.RouteFilter, deleted bool) error
	PrintNexthop(n *rt.Nexthop, deleted bool) error
	PrintBucket(n *rt.Nexthop, deleted bool) error
	End() error
}

var (
	_ listing = (*out.Printer)(nil)
	_ listing = (*out.Lines)(nil)
	_ listing = (*out.Table)(nil)
)

// checkFormat says which options do not go with --format.
func (o *options) checkFormat() error {
	for _, c := range []struct {
		said   bool
		option string
		not    string // formats, each between blanks
		why    string
	}{
		{o.json, "-json", " text table ", "is something else than JSON"},
		{o.pretty, "-pretty", " jsonl ", "is one object a line"},
		{o.oneline, "-oneline", " table ", "is no lines of ip"},
	} {
		if c.said && o.format != "" && strings.Contains(c.not, " "+o.format+" ") {
			return optErr("Error: --format %s does not go with %s: it %s\n", o.format, c.option, c.why)
		}
	}
	return nil
}

// answer is the listing for what is always told in ip's words or in JSON.
func (a *app) answer() listing {
	if a.o.format == "jsonl" {
		return out.NewLines(a.env.Out, &a.style)
	}
	return a.printer()
}

// listing is the one for show: a table on a terminal and where it is asked
// for.
func (a *app) listing() listing {
	o := &a.o
	auto := o.format == "" || o.format == "auto"
	if o.json || o.dryRun != "" || o.format != "table" && !(auto && a.env.OutTTY && !o.oneline && !a.inBatch) {
		return a.answer()
	}
	width := a.env.Width
	if !a.env.OutTTY {
		width = 0
	}
	style := a.style
	if o.color == "" && a.env.OutTTY && a.env.Getenv("NO_COLOR") == "" && a.env.Getenv("TERM") != "dumb" {
		style.Color = a.palette()
	}
	return out.NewTable(a.env.Out, &style, width)
}

// palette is ip's choice for the terminal's background.
func (a *app) palette() out.Palette {
	if darkBackground(a.env.Getenv("COLORFGBG")) {
		return out.Dark
	}
	return out.Light
}

// ctx is what requests run under: until the process is ended.
func (a *app) ctx() context.Context { return context.Background() }

// safeWriter makes what it passes on safe for a terminal, line by line.
type safeWriter struct{ w io.Writer }

func (s safeWriter) Write(b []byte) (int, error) {
	_, err := s.w.Write(safeLines(string(b)))
	return len(b), err
}

// outWriter remembers that something could not be written, which not every
// command looks at.
type outWriter struct {
	w   io.Writer
	err error
}

func (o *outWriter) Write(b []byte) (int, error) {
	n, err := o.w.Write(b)
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// written is the exit code of a command that says that all went well, unless
// what it wrote is lost.
func (a *app) written(code int) int {
	if code != exitOK || a.out.err == nil {
		return code
	}
	return a.code(a.out.err)
}

// dryConn prints requests instead of sending them.
type dryConn struct{ a *app }

var _ nl.Conn = (*dryConn)(nil)

func (d *dryConn) show(m nl.Msg, flags uint16) error {
	m.Flags |= flags
	b := m.AppendTo(nil)
	var text []byte
	if d.a.o.dryRun == "hex" {
		text = out.AppendHexLine(nil, b)
	} else {
		text = out.Trace(nil, true, b, d.a.o.trace == "hex", d.a.quiet.known)
	}
	_, err := d.a.env.Out.Write(text)
	return err
}

func (d *dryConn) Do(_ context.Context, req nl.Msg, _ func(nl.Msg) error) error {
	return d.show(req, nl.Ack)
}

func (d *dryConn) Get(_ context.Context, req nl.Msg, _ func(nl.Msg) error) error {
	return d.show(req, 0)
}

func (d *dryConn) Dump(_ context.Context, req nl.Msg, _ func(nl.Msg) error) error {
	return d.show(req, nl.Dump)
}

func (d *dryConn) Send(_ context.Context, reqs []nl.Msg, _ func(int, *nl.Error), _ func(int, nl.Msg)) error {
	for _, r := range reqs {
		if err := d.show(r, 0); err != nil {
			return err
		}
	}
	return nil
}

func (d *dryConn) Close() error { return nil }

// Main runs nhctl on the process's own files and returns the exit code.
// argv[0] is the program's name.
func Main(argv []string) int {
	env := &Env{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		InTTY: isTerminal(0), OutTTY: isTerminal(1), Width: width(1),
		Getenv: os.Getenv, Dial: dialKernel,
		Etc: "/etc/iproute2", Usr: "/usr/share/iproute2", Singles: singles,
	}
	return Run(env, argv)
}

func isTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err == nil
}

func width(fd int) int {
	ws, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(ws.Col)
}

// Run runs nhctl in env and returns the exit code.
func Run(env *Env, argv []string) (code int) {
	if len(argv) == 0 {
		argv = []string{"nhctl"}
	}
	if len(argv) > 1 && strings.HasPrefix(argv[1], "__complete") {
		return complete(env, argv[1], argv[2:])
	}
	if len(argv) == 2 && argv[1] == "--help" {
		a := newApp(env, options{})
		return a.written(runTree(a, argv[1:]))
	}
	o, args, err := parseOptions(argv[1:])
	if err == nil && !o.batched {
		var help bool
		if args, help, err = ownOptionsBehind(&o, args); help {
			a := newApp(env, o)
			return a.written(runTree(a, append(canonical(args), "--help")))
		}
	}
	a := newApp(env, o)
	env = a.env
	defer a.close()
	defer func() {
		code = a.written(code)
		a.report.tell(code)
	}()
	if err == nil {
		err = o.checkFormat()
	}
	if err != nil {
		return a.optionMistake(err)
	}
	if o.version {
		// What scripts that look at ip -V find.
		io.WriteString(env.Out, "ip utility, iproute2-7.1.0\n")
		return exitOK
	}
	for _, n := range o.netns {
		if err := switchNetns(n, env.Err); err != nil {
			io.WriteString(env.Err, err.Error()+"\n")
			return exitUsage
		}
	}
	if o.batched {
		return a.batch(o.batch)
	}
	if len(args) == 0 {
		io.WriteString(env.Err, usageRoot())
		return exitUsage
	}
	return a.object(args)
}
