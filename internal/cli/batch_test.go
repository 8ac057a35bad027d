package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl"
	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// A recorder stands in for a kernel: it keeps what it is sent and refuses what
// it is told to.
type recorder struct {
	sends  [][]nl.Msg
	refuse func(m *nl.Msg) *nl.Error // nil: takes all
}

var _ nl.Conn = (*recorder)(nil)

func (r *recorder) take(reqs []nl.Msg, done func(int, *nl.Error)) {
	var kept []nl.Msg
	for i, m := range reqs {
		m.Body = bytes.Clone(m.Body)
		kept = append(kept, m)
		if r.refuse == nil {
			continue
		}
		if e := r.refuse(&kept[i]); e != nil {
			e.Request = &reqs[i]
			done(i, e)
		}
	}
	r.sends = append(r.sends, kept)
}

func (r *recorder) Do(_ context.Context, req nl.Msg, _ func(nl.Msg) error) (err error) {
	req.Flags |= nl.Ack
	r.take([]nl.Msg{req}, func(_ int, e *nl.Error) { err = e })
	return err
}

func (r *recorder) Get(context.Context, nl.Msg, func(nl.Msg) error) error {
	return &nl.Error{Errno: unix.ENODEV}
}

func (r *recorder) Dump(_ context.Context, req nl.Msg, _ func(nl.Msg) error) error {
	if req.Type != unix.RTM_GETLINK { // for suggestions
		r.sends = append(r.sends, []nl.Msg{req})
	}
	return nil
}

func (r *recorder) Send(_ context.Context, reqs []nl.Msg, done func(int, *nl.Error), _ func(int, nl.Msg)) error {
	if len(reqs) > 0 {
		r.take(reqs, done)
	}
	return nil
}

func (r *recorder) Close() error { return nil }

// said is a send in words. A mark tells that an acknowledgement is asked for.
func said(send []nl.Msg) string {
	var out []string
	for _, m := range send {
		out = append(out, saidOne(&m))
	}
	return strings.Join(out, ", ")
}

func saidOne(m *nl.Msg) string {
	verb := "add"
	if m.Type == unix.RTM_DELROUTE || m.Type == unix.RTM_DELNEXTHOP {
		verb = "del"
	}
	var s string
	switch m.Type {
	case unix.RTM_NEWROUTE, unix.RTM_DELROUTE:
		var r rt.Route
		if err := rt.DecodeRoute(&r, m.Body); err != nil {
			return err.Error()
		}
		s = fmt.Sprintf("%s %x/%d", verb, r.Dst.V.Bytes(), r.DstLen)
		if r.Priority.OK {
			s += fmt.Sprintf(" metric %d", r.Priority.V)
		}
		if r.TOS != 0 {
			s += fmt.Sprintf(" tos %d", r.TOS)
		}
		if r.Table() != unix.RT_TABLE_MAIN {
			s += fmt.Sprintf(" table %d", r.Table())
		}
	case unix.RTM_NEWNEXTHOP, unix.RTM_DELNEXTHOP:
		var n rt.Nexthop
		if err := rt.DecodeNexthop(&n, m.Body); err != nil {
			return err.Error()
		}
		s = fmt.Sprintf("%s nh %d", verb, n.ID.V)
	default:
		s = rt.TypeName(m.Type)
	}
	if m.Flags&nl.Ack != 0 {
		s += "!"
	}
	return s
}

// runBatch runs nhctl with args on the kernel that r stands in for.
func runBatch(c nl.Conn, stdin io.Reader, args ...string) (code int, stderr string) {
	return runBatchFrom(0, c, stdin, args...)
}

// runBatchFrom is runBatch with commands that go one by one at the beginning.
func runBatchFrom(singles int, c nl.Conn, stdin io.Reader, args ...string) (code int, stderr string) {
	var errs bytes.Buffer
	env := &Env{
		In: stdin, Out: io.Discard, Err: &errs,
		Getenv:  func(string) string { return "" },
		Dial:    func(DialOptions) (nl.Conn, error) { return c, nil },
		Singles: singles,
	}
	code = Run(env, append([]string{"nhctl"}, args...))
	return code, errs.String()
}

// refuse refuses requests whose words contain one of a list.
func refuse(what ...string) func(*nl.Msg) *nl.Error {
	return func(m *nl.Msg) *nl.Error {
		for _, w := range what {
			if strings.Contains(saidOne(m), w) {
				return &nl.Error{Errno: unix.EEXIST}
			}
		}
		return nil
	}
}

func TestBatch(t *testing.T) {
	const eexist = "RTNETLINK answers: File exists\n"
	for _, c := range []struct {
		name   string
		args   string
		lines  string
		refuse []string
		code   int
		sends  []string
		stderr string // without nhctl's own lines
	}{
		{
			name:  "packed behind the first of a table",
			lines: "route add 10.0.0.0/8 via 1.1.1.1\nroute add 10.0.0.1 via 1.1.1.1\nroute add 10.0.0.2 via 1.1.1.1\n",
			sends: []string{"add 0a000000/8!", "add 0a000001/32!, add 0a000002/32!"},
		},
		{
			name: "taken back behind the one that fails, latest first",
			lines: "nexthop add id 1 blackhole\nnexthop add id 2 blackhole\nnexthop add id 3 blackhole\n" +
				"nexthop add id 4 blackhole\nnexthop add id 5 blackhole\n",
			refuse: []string{"add nh 2", "add nh 4"},
			code:   1,
			sends:  []string{"add nh 1!, add nh 2!, add nh 3!, add nh 4!, add nh 5!", "del nh 5!, del nh 3!"},
			stderr: eexist + "Command failed -:2\n",
		},
		{
			name: "nothing is taken back with -force",
			args: "-force",
			lines: "route add 10.0.0.1 via 1.1.1.1 table 7\nroute add 2001:db8::1 via fe80::1\nnexthop add id 9 blackhole\n" +
				"route append 10.0.0.2 via 1.1.1.1\n",
			refuse: []string{"2001"},
			code:   1,
			sends:  []string{"add 0a000001/32 table 7!, add 20010db8000000000000000000000001/128!, add nh 9!, add 0a000002/32!"},
			stderr: eexist + "Command failed -:2\n",
		},
		{
			name: "IPv6 is taken back by its metric",
			lines: "route add 2001:db8::1 via fe80::1\nroute add 2001:db8::2 via fe80::1\n" +
				"route add 2001:db8::3 via fe80::1\nroute add 2001:db8::4 via fe80::1 metric 5 metric 6\n",
			refuse: []string{"0002/128"},
			code:   1,
			sends: []string{
				"add 20010db8000000000000000000000001/128!",
				"add 20010db8000000000000000000000002/128!, add 20010db8000000000000000000000003/128!, add 20010db8000000000000000000000004/128 metric 6!",
				"del 20010db8000000000000000000000004/128 metric 6!, del 20010db8000000000000000000000003/128 metric 1024!",
			},
			stderr: eexist + "Command failed -:2\n",
		},
		{
			name: "IPv4 by tos, metric and table",
			lines: "route add 10.0.0.1 via 1.1.1.1 table 7\nroute add 10.0.0.2 via 1.1.1.1 table 7\n" +
				"route add 10.0.0.3 via 1.1.1.1 table 7 metric 9 tos 4 mtu 1400 onlink\nroute add 10.0.0.4 nhid 3 table 7\n",
			refuse: []string{"0a000002"},
			code:   1,
			sends: []string{
				"add 0a000001/32 table 7!",
				"add 0a000002/32 table 7!, add 0a000003/32 metric 9 tos 4 table 7!, add 0a000004/32 table 7!",
				"del 0a000004/32 table 7!, del 0a000003/32 metric 9 tos 4 table 7!",
			},
			stderr: eexist + "Command failed -:2\n",
		},
		{
			name: "any change may begin a pack, only such additions may follow",
			lines: "nexthop replace id 1 blackhole\nnexthop add id 2 blackhole\nnexthop del id 3\nnexthop add id 4 blackhole\n" +
				"nexthop add blackhole\nnexthop add id 5 blackhole\n",
			sends: []string{"add nh 1!, add nh 2!", "del nh 3!, add nh 4!", "add nh 0!, add nh 5!"},
		},
		{
			name:   "a first that fails takes the rest back",
			lines:  "nexthop del id 3\nnexthop add id 4 blackhole\n",
			refuse: []string{"del nh 3"},
			code:   1,
			sends:  []string{"del nh 3!, add nh 4!", "del nh 4!"},
			stderr: eexist + "Command failed -:1\n",
		},
		{
			name:   "-force packs everything and tells every failure",
			args:   "-force",
			lines:  "nexthop del id 1\nnexthop del id 2\nbogus\nroute del 10.0.0.1\nroute replace 10.0.0.2 via 1.1.1.1\n",
			refuse: []string{"nh 2", "add 0a000002"},
			code:   1,
			sends:  []string{"del nh 1!, del nh 2!", "del 0a000001/32!, add 0a000002/32!"},
			stderr: eexist + "Command failed -:2\nObject \"bogus\" is unknown, try \"ip help\".\nCommand failed -:3\n" +
				eexist + "Command failed -:5\n",
		},
		{
			name:  "a listing comes after what stands before it",
			lines: "nexthop add id 1 blackhole\nnexthop\nnexthop add id 2 blackhole\n",
			sends: []string{"add nh 1!", "RTM_GETNEXTHOP", "add nh 2!"},
		},
		{
			name:   "a wrong word ends the batch with ip's code",
			lines:  "nexthop add id 1 blackhole\nroute add 10.0.0.1 metric x\nnexthop add id 2 blackhole\n",
			code:   255,
			sends:  []string{"add nh 1!"},
			stderr: "Error: argument \"x\" is wrong: \"metric\" value is invalid\n\nCommand failed -:2\n",
		},
		{
			name:  "which -force passes over",
			args:  "-force",
			lines: "nexthop add id 1 blackhole\nroute add 10.0.0.1 metric x\nnexthop add id 2 'blackhole\nnexthop add id 3 blackhole\n",
			code:  1,
			sends: []string{"add nh 1!", "add nh 3!"},
			stderr: "Error: argument \"x\" is wrong: \"metric\" value is invalid\n\nCommand failed -:2\n" +
				"Unterminated quoted string\nCommand failed -:3\n",
		},
		{
			name:  "--check-first sends nothing and tells all",
			args:  "--check-first",
			lines: "nexthop add id 1 blackhole\nroute add 10.0.0.x via 1.1.1.1\nroute show table nosuch\n-6 route\nnexthop nosuch\n",
			code:  1,
			stderr: "Error: any valid prefix is expected rather than \"10.0.0.x\".\nCommand failed -:2\n" +
				"Error: argument \"nosuch\" is wrong: table id value is invalid\n\nCommand failed -:3\n" +
				"Object \"-6\" is unknown, try \"ip help\".\nCommand failed -:4\n" +
				"Command \"nosuch\" is unknown, try \"ip nexthop help\".\nCommand failed -:5\n",
		},
		{
			name:  "--check-first of what is right",
			args:  "--check-first",
			lines: "nexthop add id 1 blackhole\nnexthop add id 2 blackhole",
			sends: []string{"add nh 1!, add nh 2!"},
		},
		{
			name:   "a line that is not there is no failure for ip",
			lines:  "nexthop add id 1 blackhole\nnexthop add \\\n",
			sends:  []string{"add nh 1!"},
			stderr: "Missing continuation line\n",
		},
		{
			name:  "a family holds for every line",
			args:  "-6",
			lines: "route add default via fe80::1\nroute add default via fe80::2 metric 5\n",
			sends: []string{"add 00000000000000000000000000000000/0!", "add 00000000000000000000000000000000/0 metric 5!"},
		},
		{
			name:  "what is to be echoed goes alone",
			args:  "-echo",
			lines: "nexthop add id 1 blackhole\nnexthop add id 2 blackhole\n",
			sends: []string{"add nh 1!", "add nh 2!"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &recorder{refuse: refuse(c.refuse...)}
			code, stderr := runBatch(r, strings.NewReader(c.lines), append(strings.Fields(c.args), "-batch", "-")...)
			var sends []string
			for _, s := range r.sends {
				sends = append(sends, said(s))
			}
			if code != c.code {
				t.Errorf("exit code: want %d, got %d", c.code, code)
			}
			if !slices.Equal(sends, c.sends) {
				t.Errorf("sends: want\n\t%s\ngot\n\t%s", strings.Join(c.sends, "\n\t"), strings.Join(sends, "\n\t"))
			}
			if got := withoutNotes(stderr); got != c.stderr {
				t.Errorf("stderr: want\n%s\ngot\n%s", c.stderr, got)
			}
		})
	}
}

func withoutNotes(s string) string {
	var out strings.Builder
	for l := range strings.Lines(s) {
		if !strings.HasPrefix(l, "nhctl: ") {
			out.WriteString(l)
		}
	}
	return out.String()
}

// Notes stand behind ip's `Command failed`, which stands behind ip's message.
func TestBatchNotesLast(t *testing.T) {
	r := &recorder{refuse: func(*nl.Msg) *nl.Error { return &nl.Error{Errno: unix.EEXIST, Text: "Such is life"} }}
	_, stderr := runBatch(r, strings.NewReader("nexthop add id 1 blackhole\n"), "-batch", "-")
	want := "Error: Such is life.\nCommand failed -:1\nnhctl: errno is EEXIST\n"
	if !strings.HasPrefix(stderr, want) {
		t.Errorf("stderr: want first\n%s\ngot\n%s", want, stderr)
	}
}

// A regular file is checked before anything is sent, unless told otherwise.
func TestBatchCheckFirst(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lines")
	if err := os.WriteFile(file, []byte("nexthop add id 1 blackhole\n\nnexthop add id x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args  string
		sends int
		code  int
	}{
		{"", 0, 255},
		{"--check-first=no", 1, 255},
		{"-force", 1, 1},
		{"-force --check-first", 1, 1},
	} {
		r := &recorder{}
		code, stderr := runBatch(r, nil, append(strings.Fields(c.args), "-batch", file)...)
		if len(r.sends) != c.sends || code != c.code {
			t.Errorf("%q: want %d sends and exit code %d, got %d and %d", c.args, c.sends, c.code, len(r.sends), code)
		}
		want := "Error: argument \"x\" is wrong: invalid id value\nCommand failed " + file + ":3\n"
		if withoutNotes(stderr) != want {
			t.Errorf("%q: stderr: want\n%sgot\n%s", c.args, want, stderr)
		}
	}
}

// Of a file full of mistakes the first ones are told.
func TestBatchCheckFirstTellsSome(t *testing.T) {
	in := strings.NewReader(strings.Repeat("nexthop add id x\n", 3*checkTells))
	code, stderr := runBatch(&recorder{}, in, "--check-first", "-batch", "-")
	if n := strings.Count(stderr, "Command failed"); code != exitUsage || n != checkTells {
		t.Errorf("want exit code %d and %d mistakes, got %d and %d", exitUsage, checkTells, code, n)
	}
}

func TestBatchCannotOpen(t *testing.T) {
	dir := t.TempDir()
	for file, why := range map[string]string{
		filepath.Join(dir, "nosuch"): "No such file or directory",
		dir:                          "Is a directory",
	} {
		code, stderr := runBatch(&recorder{}, nil, "-batch", file)
		want := fmt.Sprintf("Cannot open file %q for reading: %s\n", file, why)
		if code != exitSyntax || stderr != want {
			t.Errorf("want exit code 1 and %sgot %d and %s", want, code, stderr)
		}
	}
}

// Packs stay within what goes into one datagram, and large ones ask for the
// last acknowledgement alone.
func TestBatchPackSizes(t *testing.T) {
	var lines strings.Builder
	const n = 1000
	for i := range n {
		fmt.Fprintf(&lines, "nexthop add id %d blackhole\n", i+1)
	}
	r := &recorder{}
	if code, stderr := runBatch(r, strings.NewReader(lines.String()), "-batch", "-"); code != exitOK || stderr != "" {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	next := uint32(1)
	for _, s := range r.sends {
		size := 0
		for i, m := range s {
			size += m.WireLen()
			ack := len(s) <= packAcks || i == len(s)-1
			if (m.Flags&nl.Ack != 0) != ack {
				t.Errorf("message %d of %d: acknowledgement asked for: want %v", i, len(s), ack)
			}
			var nh rt.Nexthop
			if err := rt.DecodeNexthop(&nh, m.Body); err != nil || nh.ID.V != next {
				t.Fatalf("want nexthop %d, got %d, %v", next, nh.ID.V, err)
			}
			next++
		}
		if len(s) > packMsgs || size > packBytes {
			t.Errorf("a pack of %d messages, %d bytes", len(s), size)
		}
	}
	if next != n+1 || len(r.sends) != (n+packMsgs-1)/packMsgs {
		t.Errorf("%d of %d objects in %d sends", next-1, n, len(r.sends))
	}
}

// What is there is done before more is waited for.
func TestBatchDoesNotWait(t *testing.T) {
	in, w := io.Pipe()
	sent := make(chan string)
	r := &recorder{refuse: func(m *nl.Msg) *nl.Error { sent <- saidOne(m); return nil }}
	ended := make(chan int)
	go func() {
		code, _ := runBatch(r, in, "-batch", "-")
		ended <- code
	}()
	line := "nexthop add id 1 blackhole\n"
	for range 3 {
		// The end of a line and the beginning of the next.
		if _, err := io.WriteString(w, line+"nexthop add "); err != nil {
			t.Fatal(err)
		}
		line = "id 1 blackhole\n"
		if got, want := <-sent, "add nh 1!"; got != want {
			t.Errorf("want %s, got %s", want, got)
		}
	}
	if _, err := io.WriteString(w, "id x"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if code := <-ended; code != exitUsage {
		t.Errorf("exit code of the last line: want %d, got %d", exitUsage, code)
	}
}

func TestBatchLines(t *testing.T) {
	long := strings.Repeat("x", 3*batchChunk)
	many := strings.Repeat("w ", maxBatchWords)
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"blank lines", "\n \t\r\n\n", ""},
		{"words", "a b\tc\r\nd", "1:a|b|c 2:d"},
		{"no newline at the end", "a", "1:a"},
		{"quotes", `a 'b c' "d 'e" ''` + "\n", "1:a|b c|d 'e|"},
		{"a quote inside a word is none", "a'b c'\n", "1:a'b|c'"},
		{"what follows a quote is a word", `"a"b'c'` + "\n", "1:a|b'c'"},
		{"comments", "# a\na # b\na#b\n'a # b'\n", "2:a 3:a 4:error: Unterminated quoted string"},
		{"joined", "a \\\nb\\\nc\nd\n", "3:a|bc 4:d"},
		{"a comment does not join", "a # \\\nb\n", "1:a 2:b"},
		{"a comment in a joined line", "a \\\nb # c \\\nd\n", "2:a|b 3:d"},
		{"a backslash elsewhere", "a\\ b \\\r\nc\\\\\nd\ne\\", "1:a\\|b|\\ 3:c\\d 4:e\\"},
		{"a backslash that comes to the end", "a\\\\\n\nb\n", "3:ab"},
		{"joined with nothing", "a\nb\\\n", "1:a error: Missing continuation line"},
		{"NUL ends a line", "a\x00b\\\nc\n", "1:a 2:c"},
		{"bytes", "a\xff\xfe \xc3\n", "1:a\xff\xfe|\xc3"},
		{"a long line", "a " + long + "\nb\n", "1:a|" + long + " 2:b"},
		{"a long comment", "#" + long + "\nb\n", "2:b"},
		{"as many words as there may be", many + "\n", "1:" + strings.TrimSuffix(strings.Repeat("w|", maxBatchWords), "|")},
		{"one more", many + "w\nb\n", "1:error: Too many arguments to command 2:b"},
		{"a quote that ends nowhere", "a \"b\nc\n", "1:error: Unterminated quoted string 2:c"},
	} {
		for _, size := range []int{1, 7, 1 << 20} {
			if len(c.in) > batchChunk && size < 7 {
				continue
			}
			if got := readAll(newBatchLines(&pieces{c.in, size}, nil)); got != c.want {
				t.Errorf("%s, read by %d: want %.200q, got %.200q", c.name, size, c.want, got)
			}
		}
	}
}

// pieces reads a text a few bytes at a time.
type pieces struct {
	s string
	n int
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.s == "" {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), p.n)], p.s)
	p.s = p.s[n:]
	return n, nil
}

func readAll(l *batchLines) string {
	var out []string
	for {
		words, err := l.next()
		switch {
		case errors.Is(err, io.EOF):
			return strings.Join(out, " ")
		case errors.Is(err, errTooManyWords), errors.Is(err, errNoEndQuote):
			out = append(out, fmt.Sprintf("%d:error: %s", l.line, err))
		case err != nil:
			return strings.Join(append(out, "error: "+err.Error()), " ")
		default:
			out = append(out, fmt.Sprintf("%d:%s", l.line, strings.Join(words, "|")))
		}
	}
}

// A read that fails does not make a command of what it left.
func TestBatchLinesReadFails(t *testing.T) {
	broken := errors.New("broken")
	l := newBatchLines(io.MultiReader(strings.NewReader("a\nroute del 10.0.0.0/8"), errReader{broken}), nil)
	if words, err := l.next(); err != nil || !slices.Equal(words, []string{"a"}) {
		t.Fatalf("want a, got %q, %v", words, err)
	}
	if words, err := l.next(); !errors.Is(err, broken) {
		t.Fatalf("want %v, got %q, %v", broken, words, err)
	}
}

type errReader struct{ err error }

func (e errReader) Read([]byte) (int, error) { return 0, e.err }

// FuzzBatchLines compares the reader with a second one that works on the
// whole text at once; how the text arrives must not matter.
func FuzzBatchLines(f *testing.F) {
	f.Add("route add 10.0.0.0/8 via 192.0.2.1 # a\n\nnexthop \\\n add 'id' \"1\"\n", 3)
	f.Add("a \\\n# b\\\nc\x00\\\nd 'e\n", 1)
	f.Add("\\\n\\\n\\", 2)
	f.Add(strings.Repeat("w ", maxBatchWords)+"\\\nw w", 100)
	f.Fuzz(func(t *testing.T, in string, size int) {
		got := readAll(newBatchLines(&pieces{in, max(size, 1)}, nil))
		if want := readAllPlain(in); got != want {
			t.Errorf("want %q, got %q", want, got)
		}
	})
}

// readAllPlain is readAll written for plainness.
func readAllPlain(in string) string {
	var out []string
	physical := strings.SplitAfter(in, "\n")
	if physical[len(physical)-1] == "" {
		physical = physical[:len(physical)-1]
	}
	clip := func(s string) string {
		s, _, _ = strings.Cut(s, "\x00")
		s, _, _ = strings.Cut(s, "#")
		return s
	}
	for i := 0; i < len(physical); i++ {
		line := clip(physical[i])
		for strings.HasSuffix(line, "\\\n") {
			if i++; i == len(physical) {
				return strings.Join(append(out, "error: Missing continuation line"), " ")
			}
			line = strings.TrimSuffix(line, "\\\n") + clip(physical[i])
		}
		words, err := splitPlain(line)
		switch {
		case err != nil:
			out = append(out, fmt.Sprintf("%d:error: %s", i+1, err))
		case len(words) > 0:
			out = append(out, fmt.Sprintf("%d:%s", i+1, strings.Join(words, "|")))
		}
	}
	return strings.Join(out, " ")
}

func splitPlain(line string) (words []string, err error) {
	const blank = " \t\r\n"
	for {
		line = strings.TrimLeft(line, blank)
		switch {
		case line == "":
			return words, nil
		case len(words) == maxBatchWords:
			return words, errTooManyWords
		}
		word, rest := line, ""
		if q := line[:1]; q == "'" || q == "\"" {
			var ends bool
			if word, rest, ends = strings.Cut(line[1:], q); !ends {
				return words, errNoEndQuote
			}
		} else if n := strings.IndexAny(line, blank); n >= 0 {
			word, rest = line[:n], line[n:]
		}
		words, line = append(words, word), rest
	}
}

// sink takes what it is sent, at no cost.
type sink struct{ recorder }

func (*sink) Send(context.Context, []nl.Msg, func(int, *nl.Error), func(int, nl.Msg)) error {
	return nil
}

// Get knows one device.
func (*sink) Get(_ context.Context, _ nl.Msg, reply func(nl.Msg) error) error {
	link := attr.Put(make([]byte, 16), unix.IFLA_IFNAME, []byte("v0\x00"))
	link[4] = 7
	return reply(nl.Msg{Header: nl.Header{Type: unix.RTM_NEWLINK}, Body: link})
}

// BenchmarkBatchAdd is everything but the kernel; an operation is a line.
func BenchmarkBatchAdd(b *testing.B) {
	var lines strings.Builder
	const n = 10000
	for i := range n {
		fmt.Fprintf(&lines, "route add 10.%d.%d.%d/32 via 192.0.2.2 dev v0\n", i>>16, i>>8&255, i&255)
	}
	b.ReportAllocs()
	for i := 0; i < b.N; i += n {
		if code, stderr := runBatch(&sink{}, strings.NewReader(lines.String()), "-batch", "-"); code != exitOK {
			b.Fatal(code, stderr)
		}
	}
}

// A batch begins with single messages, as ip sends them; then its packs
// double.
func TestBatchBeginsOneByOne(t *testing.T) {
	var in strings.Builder
	for i := range 30 {
		fmt.Fprintf(&in, "nexthop add id %d blackhole\n", i+1)
	}
	r := &recorder{}
	if code, stderr := runBatchFrom(4, r, strings.NewReader(in.String()), "-batch", "-"); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	sum := 0
	for i, s := range r.sends {
		sum += len(s)
		if i < 4 && len(s) != 1 || i > 0 && len(s) > 2*len(r.sends[i-1]) {
			t.Errorf("send %d has %d messages", i, len(s))
		}
	}
	if sum != 30 || len(r.sends) > 12 {
		t.Errorf("%d messages in %d sends", sum, len(r.sends))
	}
}
