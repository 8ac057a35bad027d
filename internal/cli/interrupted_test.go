package cli

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl"
	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// raced is a kernel whose first dumps are marked as raced by a change and
// lack what a change moved out of their way.
type raced struct {
	partial, whole []nl.Msg // what a raced dump tells, and what is there
	times          int      // how many dumps are raced
	dumps          int
	sent           []nl.Msg
}

func (r *raced) Dump(_ context.Context, _ nl.Msg, f func(nl.Msg) error) error {
	r.dumps++
	msgs, err := r.whole, error(nil)
	if r.dumps <= r.times {
		msgs, err = r.partial, nl.ErrDumpInterrupted
	}
	for _, m := range msgs {
		if ferr := f(m); ferr != nil {
			return ferr
		}
	}
	return err
}

func (r *raced) Do(_ context.Context, req nl.Msg, _ func(nl.Msg) error) error {
	r.sent = append(r.sent, req)
	return nil
}

func (r *raced) Get(context.Context, nl.Msg, func(nl.Msg) error) error { return unix.ENODEV }

func (r *raced) Send(_ context.Context, reqs []nl.Msg, _ func(int, *nl.Error), _ func(int, nl.Msg)) error {
	for _, m := range reqs {
		m.Body = bytes.Clone(m.Body)
		r.sent = append(r.sent, m)
	}
	r.whole = nil // they are gone
	return nil
}

func (r *raced) Close() error { return nil }

func (r *raced) run(args ...string) (code int, stdout, stderr string) {
	var out, errs strings.Builder
	env := &Env{
		In: strings.NewReader(""), Out: &out, Err: &errs,
		Getenv: func(string) string { return "" },
		Dial:   func(DialOptions) (nl.Conn, error) { return r, nil },
	}
	code = Run(env, append([]string{"nhctl"}, args...))
	return code, out.String(), errs.String()
}

func routeMsg(metric uint32) nl.Msg {
	r := rt.Route{RouteHeader: rt.RouteHeader{
		Family: unix.AF_INET, DstLen: 24, HeaderTable: unix.RT_TABLE_MAIN, Type: unix.RTN_BLACKHOLE, Protocol: unix.RTPROT_BOOT,
	}}
	r.Dst = attr.Some(rt.AddrFrom([]byte{198, 51, 100, 0}))
	r.Priority = attr.Some(metric)
	return nl.Msg{Header: nl.Header{Type: unix.RTM_NEWROUTE}, Body: r.Append(nil)}
}

// --exact must not take a raced dump for the truth: it may lack the twin that
// it is there to find.
func TestExactTakesRacedDumpAgain(t *testing.T) {
	one, twins := []nl.Msg{routeMsg(1)}, []nl.Msg{routeMsg(1), routeMsg(2)}
	r := &raced{partial: one, whole: twins, times: 2}
	code, _, stderr := r.run("--exact", "route", "del", "198.51.100.0/24")
	if code != exitProtected || len(r.sent) != 0 || r.dumps != 3 {
		t.Errorf("want exit %d after 3 dumps and nothing sent; got %d after %d, sent %d\n%s", exitProtected, code, r.dumps, len(r.sent), stderr)
	}
	r = &raced{partial: one, whole: one, times: 1000}
	code, _, stderr = r.run("--exact", "route", "del", "198.51.100.0/24")
	if code != exitInconsistent || len(r.sent) != 0 {
		t.Errorf("want exit %d and nothing sent; got %d, sent %d\n%s", exitInconsistent, code, len(r.sent), stderr)
	}
}

// nexthop flush goes on behind a raced dump until nothing is left.
func TestNexthopFlushTakesRacedDumpAgain(t *testing.T) {
	nh := func(id uint32) nl.Msg {
		n := rt.Nexthop{ID: attr.Some(id)}
		return nl.Msg{Header: nl.Header{Type: unix.RTM_NEWNEXTHOP}, Body: n.Append(nil)}
	}
	r := &raced{whole: []nl.Msg{nh(1), nh(2), nh(3)}, times: 1}
	code, stdout, stderr := r.run("nexthop", "flush")
	if code != exitOK || stdout != "Flushed 3 nexthops\n" || len(r.sent) != 3 {
		t.Errorf("exit %d, stdout %q, stderr %q, sent %d", code, stdout, stderr, len(r.sent))
	}
}
