package sock

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"nhctl/internal/nl"
)

// ourPort is the port of a scripted Conn; its first request has number 1.
const ourPort = 77

// A read is one answer of a scripted transport.
type read struct {
	b         []byte
	from      uint32
	truncated bool
	err       error
}

// script is a transport that answers reads from a list; what was sent it
// keeps. It knows nothing of the kernel: each test says what comes.
type script struct {
	reads  []read
	sends  []error // what send returns, then nil
	sent   [][]byte
	waits  int
	closed bool
}

func (s *script) send(b []byte) error {
	if len(s.sends) > 0 {
		err := s.sends[0]
		s.sends = s.sends[1:]
		if err != nil {
			return err
		}
	}
	s.sent = append(s.sent, bytes.Clone(b))
	return nil
}

func (s *script) recv(b []byte) (datagram, error) {
	if len(s.reads) == 0 {
		return datagram{}, syscall.EAGAIN
	}
	r := s.reads[0]
	s.reads = s.reads[1:]
	return datagram{n: copy(b, r.b), from: r.from, truncated: r.truncated}, r.err
}

var errScriptEnds = errors.New("waits for more than the script has")

// wait returns at once while there is more to read; behind the script only a
// context ends it.
func (s *script) wait(ctx context.Context) error {
	s.waits++
	if len(s.reads) > 0 {
		return ctx.Err()
	}
	if ctx.Done() == nil {
		return errScriptEnds
	}
	<-ctx.Done()
	return ctx.Err()
}

func (s *script) close() error { s.closed = true; return nil }

func scripted(reads ...read) (*Conn, *script) {
	s := &script{reads: reads}
	return &Conn{t: s, port: ourPort, room: 1 << 20}, s
}

// dg is a datagram from the kernel.
func dg(msgs ...nl.Msg) read {
	var b []byte
	for i := range msgs {
		b = msgs[i].AppendTo(b)
	}
	return read{b: b}
}

// entry is an answer that is no acknowledgement; its body is a word.
func entry(seq uint32, body string) nl.Msg {
	return nl.Msg{Header: nl.Header{Type: 24, Flags: nl.Multi, Seq: seq, Port: ourPort}, Body: []byte(body)}
}

// ack is an acknowledgement without attributes, capped.
func ack(seq uint32, no syscall.Errno) nl.Msg {
	body := binary.NativeEndian.AppendUint32(nil, uint32(-int32(no)))
	body = append(body, make([]byte, nl.HeaderLen)...)
	return nl.Msg{Header: nl.Header{Type: nl.TypeError, Flags: nl.Capped, Seq: seq, Port: ourPort}, Body: body}
}

func done(seq uint32, flags uint16, no syscall.Errno) nl.Msg {
	return nl.Msg{
		Header: nl.Header{Type: nl.TypeDone, Flags: nl.Multi | flags, Seq: seq, Port: ourPort},
		Body:   binary.NativeEndian.AppendUint32(nil, uint32(-int32(no))),
	}
}

// to is m with another port in its header.
func to(port uint32, m nl.Msg) nl.Msg { m.Port = port; return m }

func flagged(flags uint16, m nl.Msg) nl.Msg { m.Flags |= flags; return m }

// request is any request; the scripts do not look at it.
func request(flags uint16) nl.Msg {
	return nl.Msg{Header: nl.Header{Type: 24, Flags: nl.Request | flags}, Body: make([]byte, 12)}
}

// words takes the bodies of replies.
func words(got *[]string) func(nl.Msg) error {
	return func(m nl.Msg) error { *got = append(*got, string(m.Body)); return nil }
}

// check compares an error: want is part of its text, or "" for none.
func check(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("want no error, got %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("want an error with %q, got %v", want, err)
	}
}

func TestDo(t *testing.T) {
	for _, c := range []struct {
		name  string
		reads []read
		words []string
		err   string
	}{
		{"yes", []read{dg(ack(1, 0))}, nil, ""},
		{"no", []read{dg(ack(1, syscall.EEXIST))}, nil, "file exists"},
		{"echo before the ack, one datagram", []read{dg(entry(1, "echo"), ack(1, 0))}, []string{"echo"}, ""},
		{"echo before the ack, two datagrams", []read{dg(entry(1, "echo")), dg(ack(1, 0))}, []string{"echo"}, ""},
		{"late answer to another request", []read{dg(ack(0, syscall.EEXIST)), dg(entry(0, "late")), dg(ack(1, 0))}, nil, ""},
		{"answer to another port", []read{dg(to(78, ack(1, syscall.EEXIST)), ack(1, 0))}, nil, ""},
		{"notification", []read{dg(to(0, entry(0, "event"))), dg(ack(1, 0))}, nil, ""},
		{"datagram of another process", []read{{b: dg(ack(1, syscall.EEXIST)).b, from: 99}, dg(ack(1, 0))}, nil, ""},
		{"interrupted by a signal", []read{{err: syscall.EINTR}, dg(ack(1, 0))}, nil, ""},
		{"not there yet", []read{{err: syscall.EAGAIN}, dg(ack(1, 0))}, nil, ""},
		{"truncated", []read{{b: dg(ack(1, 0)).b, truncated: true}}, nil, "longer than 131072 bytes"},
		{"overrun", []read{{err: syscall.ENOBUFS}}, nil, "answers of the kernel were lost"},
		{"end", []read{{}}, nil, "was closed"},
		{"closed under it", []read{{err: syscall.EBADF}}, nil, "netlink receive: bad file descriptor"},
		{"broken framing", []read{{b: dg(ack(1, 0)).b[:20]}}, nil, "says length 36 with 20 bytes left"},
		{"short acknowledgement", []read{dg(nl.Msg{Header: nl.Header{Type: nl.TypeError, Seq: 1, Port: ourPort}})}, nil, "acknowledgement of 0 bytes"},
		{"nothing", nil, nil, errScriptEnds.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, s := scripted(c.reads...)
			var got []string
			err := conn.Do(context.Background(), request(0), words(&got))
			check(t, err, c.err)
			if !slices.Equal(got, c.words) {
				t.Errorf("want replies %q, got %q", c.words, got)
			}
			m, _, _, err := nl.Next(s.sent[0])
			if err != nil || m.Seq != 1 || m.Port != 0 || m.Flags != nl.Request|nl.Ack {
				t.Errorf("sent %+v, %v; want number 1 and a question for an acknowledgement", m.Header, err)
			}
		})
	}
}

func TestDoErrorHoldsRequest(t *testing.T) {
	conn, _ := scripted(dg(ack(1, syscall.EEXIST)))
	req := request(nl.Create)
	var e *nl.Error
	if err := conn.Do(context.Background(), req, nil); !errors.As(err, &e) || !errors.Is(err, syscall.EEXIST) {
		t.Fatalf("want an *nl.Error EEXIST, got %v", err)
	}
	if e.Request == nil || e.Request.Flags != req.Flags || !bytes.Equal(e.Request.Body, req.Body) {
		t.Errorf("want the caller's request in the error, got %+v", e.Request)
	}
}

// A reply's error gives a request up; what still comes does not disturb the
// next one.
func TestGivenUp(t *testing.T) {
	conn, _ := scripted(dg(entry(1, "a"), entry(1, "b")), dg(ack(1, syscall.EEXIST)), dg(ack(2, 0)))
	enough := errors.New("enough")
	n := 0
	err := conn.Do(context.Background(), request(0), func(nl.Msg) error { n++; return enough })
	if !errors.Is(err, enough) || n != 1 {
		t.Errorf("want the reply's own error after 1 message, got %v after %d", err, n)
	}
	if err := conn.Do(context.Background(), request(0), nil); err != nil {
		t.Errorf("the request behind it: %v", err)
	}
}

func TestGet(t *testing.T) {
	for _, c := range []struct {
		name  string
		reads []read
		words []string
		err   string
	}{
		{"answer", []read{dg(entry(1, "answer"))}, []string{"answer"}, ""},
		{"no more than one", []read{dg(entry(1, "a"), entry(1, "b"))}, []string{"a"}, ""},
		{"no", []read{dg(ack(1, syscall.ENOENT))}, nil, "no such file"},
		{"late dump", []read{dg(entry(0, "late"), done(0, 0, 0)), dg(entry(1, "answer"))}, []string{"answer"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, s := scripted(c.reads...)
			var got []string
			check(t, conn.Get(context.Background(), request(0), words(&got)), c.err)
			if !slices.Equal(got, c.words) {
				t.Errorf("want %q, got %q", c.words, got)
			}
			if m, _, _, _ := nl.Next(s.sent[0]); m.Flags != nl.Request {
				t.Errorf("sent flags %#x, want NLM_F_REQUEST alone", m.Flags)
			}
		})
	}
}

func TestDump(t *testing.T) {
	for _, c := range []struct {
		name  string
		reads []read
		words []string
		err   string
	}{
		{"empty", []read{dg(done(1, 0, 0))}, nil, ""},
		{"in parts", []read{dg(entry(1, "a"), entry(1, "b")), dg(entry(1, "c")), dg(done(1, 0, 0))}, []string{"a", "b", "c"}, ""},
		{"done beside the last", []read{dg(entry(1, "a"), done(1, 0, 0))}, []string{"a"}, ""},
		{"raced, said by an entry", []read{dg(entry(1, "a"), flagged(nl.DumpIntr, entry(1, "b")), entry(1, "c")), dg(done(1, 0, 0))}, []string{"a", "b", "c"}, nl.ErrDumpInterrupted.Error()},
		{"raced, said by the end", []read{dg(entry(1, "a")), dg(done(1, nl.DumpIntr, 0))}, []string{"a"}, nl.ErrDumpInterrupted.Error()},
		{"another's dump raced", []read{dg(flagged(nl.DumpIntr, entry(0, "late"))), dg(done(1, 0, 0))}, nil, ""},
		{"done with an error", []read{dg(entry(1, "a")), dg(done(1, 0, syscall.EINVAL))}, []string{"a"}, "invalid argument"},
		{"raced and done with an error", []read{dg(done(1, nl.DumpIntr, syscall.EINVAL))}, nil, "invalid argument"},
		{"refused at once", []read{dg(ack(1, syscall.EOPNOTSUPP))}, nil, "not supported"},
		{"refused in the middle", []read{dg(entry(1, "a"), ack(1, syscall.EPERM))}, []string{"a"}, "not permitted"},
		{"done without a number", []read{dg(nl.Msg{Header: nl.Header{Type: nl.TypeDone, Seq: 1, Port: ourPort}})}, nil, ""},
		{"overrun", []read{dg(entry(1, "a")), {err: syscall.ENOBUFS}}, []string{"a"}, "answers of the kernel were lost"},
		{"truncated", []read{dg(entry(1, "a")), {b: dg(entry(1, "b")).b, truncated: true}}, []string{"a"}, "longer than"},
		{"end", []read{dg(entry(1, "a")), {}}, []string{"a"}, "was closed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, s := scripted(c.reads...)
			var got []string
			err := conn.Dump(context.Background(), request(0), words(&got))
			check(t, err, c.err)
			if !slices.Equal(got, c.words) {
				t.Errorf("want %q, got %q", c.words, got)
			}
			var e *nl.Error
			if errors.As(err, &e) && e.Request == nil {
				t.Error("the refusal does not hold its request")
			}
			if m, _, _, _ := nl.Next(s.sent[0]); m.Flags != nl.Request|nl.Dump {
				t.Errorf("sent flags %#x, want NLM_F_REQUEST|NLM_F_DUMP", m.Flags)
			}
		})
	}
}

// sendAll sends and writes down what was told, one word each.
func sendAll(conn *Conn, reqs []nl.Msg) (told []string, err error) {
	err = conn.Send(context.Background(), reqs,
		func(i int, e *nl.Error) {
			if e.Request != &reqs[i] {
				told = append(told, fmt.Sprintf("%d: another request", i))
			}
			told = append(told, fmt.Sprintf("%d no: %s", i, e.Errno))
		},
		func(i int, m nl.Msg) { told = append(told, fmt.Sprintf("%d says %s", i, m.Body)) })
	return told, err
}

func TestSend(t *testing.T) {
	asks, silent := request(nl.Ack), request(0)
	for _, c := range []struct {
		name  string
		reqs  []nl.Msg
		reads []read
		told  []string
		err   string
	}{
		{"nothing", nil, nil, nil, ""},
		{"all went well", []nl.Msg{asks, asks, asks}, []read{dg(ack(1, 0)), dg(ack(2, 0)), dg(ack(3, 0))}, nil, ""},
		{
			"refused in the middle",
			[]nl.Msg{asks, asks, asks},
			[]read{dg(ack(1, 0)), dg(ack(2, syscall.EEXIST)), dg(ack(3, 0))},
			[]string{"1 no: file exists"},
			"",
		},
		{
			"acknowledgements out of order",
			[]nl.Msg{asks, asks, asks},
			[]read{dg(ack(3, 0), ack(1, syscall.EEXIST)), dg(ack(2, syscall.ENOENT))},
			[]string{"0 no: file exists", "1 no: no such file or directory"},
			"",
		},
		{"none asks, none refused", []nl.Msg{silent, silent}, nil, nil, ""},
		{
			"refused without being asked",
			[]nl.Msg{silent, silent, silent},
			[]read{dg(ack(2, syscall.ESRCH))},
			[]string{"1 no: no such process"},
			"",
		},
		{
			"the last alone asks",
			[]nl.Msg{silent, silent, asks},
			[]read{dg(ack(1, syscall.ESRCH)), {err: syscall.EAGAIN}, dg(ack(3, 0))},
			[]string{"0 no: no such process"},
			"",
		},
		{
			"echoes before the acknowledgements and behind the last",
			[]nl.Msg{asks, asks},
			[]read{dg(entry(1, "echo")), dg(ack(1, 0)), dg(entry(2, "echo"), ack(2, 0), entry(2, "more")), dg(entry(1, "late"))},
			[]string{"0 says echo", "1 says echo", "1 says more", "0 says late"},
			"",
		},
		{
			"answers to others",
			[]nl.Msg{asks},
			[]read{dg(ack(0, syscall.EPERM), ack(2, syscall.EPERM), to(5, ack(1, syscall.EPERM))), {b: dg(ack(1, syscall.EPERM)).b, from: 5}, dg(ack(1, 0))},
			nil, "",
		},
		{
			// The kernel reports the overrun first, then what it had queued.
			"overrun",
			[]nl.Msg{asks, asks, asks},
			[]read{{err: syscall.ENOBUFS}, dg(ack(1, syscall.EEXIST)), dg(ack(2, 0))},
			[]string{"0 no: file exists"},
			"answers of the kernel were lost",
		},
		{"truncated", []nl.Msg{asks}, []read{{b: dg(ack(1, 0)).b, truncated: true}}, nil, "longer than"},
		{"end", []nl.Msg{asks, asks}, []read{dg(ack(1, 0)), {}}, nil, "was closed"},
		{"short acknowledgement", []nl.Msg{asks}, []read{dg(nl.Msg{Header: nl.Header{Type: nl.TypeError, Seq: 1, Port: ourPort}, Body: []byte{0}})}, nil, "acknowledgement of 1 bytes"},
		{"broken framing", []nl.Msg{asks}, []read{{b: []byte{1, 2, 3}}}, nil, "3 bytes left"},
		{"one acknowledgement missing", []nl.Msg{asks, asks}, []read{dg(ack(2, 0))}, nil, errScriptEnds.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, s := scripted(c.reads...)
			told, err := sendAll(conn, c.reqs)
			check(t, err, c.err)
			if !slices.Equal(told, c.told) {
				t.Errorf("want %q, got %q", c.told, told)
			}
			if len(s.reads) > 0 {
				t.Errorf("%d datagrams were not read", len(s.reads))
			}
			if c.name == "overrun" && !errors.Is(err, syscall.ENOBUFS) {
				t.Errorf("%v is not ENOBUFS", err)
			}
		})
	}
}

// Numbers run over: an index is a difference.
func TestSendNumbersWrap(t *testing.T) {
	conn, _ := scripted(dg(ack(0xffffffff, 0), ack(0, syscall.EEXIST), ack(1, 0)))
	conn.seq = 0xfffffffe
	asks := request(nl.Ack)
	told, err := sendAll(conn, []nl.Msg{asks, asks, asks})
	if want := []string{"1 no: file exists"}; err != nil || !slices.Equal(told, want) {
		t.Errorf("want %q, got %q, %v", want, told, err)
	}
}

func TestSendPacks(t *testing.T) {
	small, echo, big := request(0), request(nl.Echo), request(0)
	big.Body = make([]byte, 20<<10)
	long := request(0)
	long.Body = make([]byte, 60<<10)
	for _, c := range []struct {
		name string
		room int
		reqs []nl.Msg
		want []int // messages in each datagram
	}{
		{"packMax", 1 << 20, slices.Repeat([]nl.Msg{small}, 600), []int{256, 256, 88}},
		{"packSize", 1 << 20, slices.Repeat([]nl.Msg{big}, 5), []int{2, 2, 1}},
		{"longer than packSize", 1 << 20, []nl.Msg{small, long, small}, []int{1, 1, 1}},
		{"8 KiB of room", 8 << 10, slices.Repeat([]nl.Msg{small}, 20), []int{8, 8, 4}},
		{"echoes take room", 8 << 10, slices.Repeat([]nl.Msg{echo}, 7), []int{3, 3, 1}},
		{"less room than for one", 100, slices.Repeat([]nl.Msg{small}, 3), []int{1, 1, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, s := scripted()
			conn.room = c.room
			if told, err := sendAll(conn, c.reqs); err != nil || told != nil {
				t.Fatalf("%q, %v", told, err)
			}
			var got []int
			seq := uint32(0)
			for _, b := range s.sent {
				n := 0
				if err := nl.Split(b, func(m nl.Msg) bool {
					n++
					if seq++; m.Seq != seq {
						t.Fatalf("message %d has number %d", seq, m.Seq)
					}
					return true
				}); err != nil {
					t.Fatal(err)
				}
				got = append(got, n)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("want datagrams of %d messages, got %d", c.want, got)
			}
		})
	}
}

// Index and request of a refusal count across datagrams.
func TestSendIndexAcrossPacks(t *testing.T) {
	conn, _ := scripted(dg(ack(1, 0)), dg(ack(2, 0)), read{err: syscall.EAGAIN}, dg(ack(3, syscall.EEXIST)))
	conn.room = 2 * ackRoom
	told, err := sendAll(conn, slices.Repeat([]nl.Msg{request(nl.Ack)}, 3))
	if want := []string{"2 no: file exists"}; err != nil || !slices.Equal(told, want) {
		t.Errorf("want %q, got %q, %v", want, told, err)
	}
}

// After answers were lost nothing more is sent.
func TestSendStopsAfterOverrun(t *testing.T) {
	conn, s := scripted(read{err: syscall.ENOBUFS})
	conn.room = 2 * ackRoom
	_, err := sendAll(conn, slices.Repeat([]nl.Msg{request(nl.Ack)}, 5))
	if !errors.Is(err, syscall.ENOBUFS) || len(s.sent) != 1 {
		t.Errorf("want ENOBUFS after 1 datagram, got %v after %d", err, len(s.sent))
	}
}

func TestSendFails(t *testing.T) {
	conn, s := scripted(dg(ack(1, 0)))
	s.sends = []error{syscall.EINTR, syscall.EAGAIN, nil, syscall.EPERM}
	if err := conn.Do(context.Background(), request(0), nil); err != nil {
		t.Errorf("a send that a signal interrupts is not repeated: %v", err)
	}
	check(t, conn.Do(context.Background(), request(0), nil), "send to rtnetlink: operation not permitted")
}

func TestContext(t *testing.T) {
	calls := map[string]func(ctx context.Context, c *Conn) error{
		"Do":   func(ctx context.Context, c *Conn) error { return c.Do(ctx, request(0), nil) },
		"Get":  func(ctx context.Context, c *Conn) error { return c.Get(ctx, request(0), nil) },
		"Dump": func(ctx context.Context, c *Conn) error { return c.Dump(ctx, request(0), nil) },
		"Send": func(ctx context.Context, c *Conn) error {
			return c.Send(ctx, []nl.Msg{request(nl.Ack)}, nil, nil)
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			conn, s := scripted()
			ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			defer cancel()
			if err := call(ctx, conn); !errors.Is(err, context.DeadlineExceeded) || s.waits != 1 {
				t.Errorf("while it waits: want the context's error after 1 wait, got %v after %d", err, s.waits)
			}
		})
	}
	// A dump that never pauses ends with its context, too.
	ctx, cancel := context.WithCancel(context.Background())
	conn, s := scripted(dg(entry(1, "a")), dg(entry(1, "b")))
	err := conn.Dump(ctx, request(0), func(nl.Msg) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) || len(s.reads) != 1 {
		t.Errorf("in a dump: want context.Canceled with 1 datagram left, got %v with %d", err, len(s.reads))
	}
	if err := conn.Send(ctx, []nl.Msg{request(0)}, nil, nil); !errors.Is(err, context.Canceled) || len(s.sent) != 1 {
		t.Errorf("a send under a context that is done: got %v, sent %d datagrams", err, len(s.sent)-1)
	}
}

// The tap sees what was sent and all that the kernel sent, also what cannot
// be used.
func TestTap(t *testing.T) {
	conn, s := scripted(read{b: []byte{9}, from: 5}, dg(to(5, entry(9, "other's"))), read{b: dg(ack(1, 0)).b, truncated: true})
	var got []string
	conn.tap = func(sent bool, b []byte) { got = append(got, fmt.Sprint(sent, len(b))) }
	check(t, conn.Do(context.Background(), request(0), nil), "longer than")
	if want := []string{"true 28", "false 24", "false 36"}; !slices.Equal(got, want) {
		t.Errorf("want %q, got %q", want, got)
	}
	if conn.Close(); !s.closed {
		t.Error("Close does not close the descriptor")
	}
}
