package cli

import (
	"context"
	"io"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl"
	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// endless is a kernel with many routes, all told from one buffer, as a socket
// does.
type endless struct {
	raced
	routes int
}

func (e *endless) Dump(_ context.Context, _ nl.Msg, f func(nl.Msg) error) error {
	r := rt.Route{RouteHeader: rt.RouteHeader{
		Family: unix.AF_INET, DstLen: 32, HeaderTable: unix.RT_TABLE_MAIN, Type: unix.RTN_UNICAST, Protocol: unix.RTPROT_BGP,
	}}
	r.Gateway = attr.Some(rt.AddrFrom([]byte{192, 0, 2, 1}))
	r.Dst = attr.Some(rt.AddrFrom([]byte{10, 0, 0, 0}))
	body := r.Append(nil)
	at := strings.Index(string(body), "\x0a\x00\x00\x00")
	for i := range e.routes {
		body[at+1], body[at+2], body[at+3] = byte(i>>16), byte(i>>8), byte(i)
		if err := f(nl.Msg{Header: nl.Header{Type: unix.RTM_NEWROUTE}, Body: body}); err != nil {
			return err
		}
	}
	return nil
}

// Listing a million routes takes the memory of listing one: nothing is kept
// and nothing is allocated for a route.
func TestShowInConstantMemory(t *testing.T) {
	for _, args := range []string{"route show", "-json route show", "--format jsonl route show", "-details route show table all"} {
		const routes = 200_000
		c := &endless{routes: routes}
		env := &Env{
			In: strings.NewReader(""), Out: io.Discard, Err: io.Discard,
			Getenv: func(string) string { return "" },
			Dial:   func(DialOptions) (nl.Conn, error) { return c, nil },
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if code := Run(env, append([]string{"nhctl"}, strings.Fields(args)...)); code != exitOK {
			t.Errorf("%s: exit code %d", args, code)
		}
		runtime.ReadMemStats(&after)
		if n := after.Mallocs - before.Mallocs; n > routes/20 {
			t.Errorf("%s: %d allocations for %d routes", args, n, routes)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 {
			t.Errorf("%s: %d bytes allocated in all", args, n)
		}
	}
}
