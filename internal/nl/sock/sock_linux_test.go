package sock

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl"
	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/nltest"
)

func TestMain(m *testing.M) {
	nltest.Enter()
	os.Exit(m.Run())
}

// limit is what a test of a kernel may take: an answer that does not come is
// a failure, not a test that hangs.
const limit = 20 * time.Second

// nexthop is a request about a blackhole object, the one kind that needs no
// device but lo.
func nexthop(typ, flags uint16, id uint32) nl.Msg {
	b := make([]byte, 8) // struct nhmsg
	if typ == unix.RTM_NEWNEXTHOP {
		b[0] = unix.AF_INET
	}
	b = attr.Put(b, unix.NHA_ID, binary.NativeEndian.AppendUint32(nil, id))
	if typ == unix.RTM_NEWNEXTHOP {
		b = attr.Put(b, unix.NHA_BLACKHOLE, nil)
	}
	return nl.Msg{Header: nl.Header{Type: typ, Flags: nl.Request | flags}, Body: b}
}

const addNew = nl.Create | nl.Excl

func adds(flags uint16, n int) (reqs []nl.Msg) {
	for id := range n {
		reqs = append(reqs, nexthop(unix.RTM_NEWNEXTHOP, addNew|flags, uint32(id+1)))
	}
	return reqs
}

func deletes(flags uint16, n int) (reqs []nl.Msg) {
	for id := range n {
		reqs = append(reqs, nexthop(unix.RTM_DELNEXTHOP, flags, uint32(id+1)))
	}
	return reqs
}

// onKernel calls f with a socket in a network namespace of its own, in which
// lo is up; sizes grows by the messages of each datagram that was sent.
func onKernel(t *testing.T, rcvbuf int, f func(ctx context.Context, c *Conn, sizes *[]int) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	err := nltest.InNamespace(func() error {
		var sizes []int
		c, err := Dial(Options{RcvBuf: rcvbuf, Strict: true, Tap: func(sent bool, b []byte) {
			if !sent {
				return
			}
			n := 0
			_ = nl.Split(b, func(nl.Msg) bool { n++; return true })
			sizes = append(sizes, n)
		}})
		if err != nil {
			return err
		}
		defer c.Close()
		up := nl.Msg{Header: nl.Header{Type: unix.RTM_NEWLINK, Flags: nl.Request}, Body: make([]byte, unix.SizeofIfInfomsg)}
		binary.NativeEndian.PutUint32(up.Body[4:], 1)            // ifi_index: lo
		binary.NativeEndian.PutUint32(up.Body[8:], unix.IFF_UP)  // ifi_flags
		binary.NativeEndian.PutUint32(up.Body[12:], unix.IFF_UP) // ifi_change
		if err := c.Do(ctx, up, nil); err != nil {
			return fmt.Errorf("set lo up: %w", err)
		}
		sizes = nil
		return f(ctx, c, &sizes)
	})
	if err != nil {
		t.Error(err)
	}
}

// ids lists the objects that there are.
func ids(ctx context.Context, c *Conn) (list []uint32, err error) {
	req := nl.Msg{Header: nl.Header{Type: unix.RTM_GETNEXTHOP, Flags: nl.Request}, Body: make([]byte, 8)}
	err = c.Dump(ctx, req, func(m nl.Msg) error {
		for run := m.Body[8:]; ; {
			typ, p, rest, ok := attr.Next(run)
			if !ok {
				return fmt.Errorf("an object without NHA_ID: % x", m.Body)
			}
			if typ == unix.NHA_ID {
				list = append(list, binary.NativeEndian.Uint32(p))
				return nil
			}
			run = rest
		}
	})
	return list, err
}

// countIs is an error unless there are n objects.
func countIs(ctx context.Context, c *Conn, n int) error {
	list, err := ids(ctx, c)
	if err == nil && len(list) != n {
		err = fmt.Errorf("want %d objects, the kernel has %d", n, len(list))
	}
	return err
}

// refusals sends and collects the indices that were refused, in the order of
// their answers.
func refusals(ctx context.Context, c *Conn, reqs []nl.Msg) (no map[int]*nl.Error, order []int, err error) {
	no = map[int]*nl.Error{}
	err = c.Send(ctx, reqs, func(i int, e *nl.Error) {
		no[i] = e
		order = append(order, i)
	}, nil)
	return no, order, err
}

func TestKernelPack(t *testing.T) {
	for _, c := range []struct {
		name  string
		flags uint16
	}{{"each asks", nl.Ack}, {"none asks", 0}} {
		t.Run(c.name, func(t *testing.T) {
			onKernel(t, 1<<20, func(ctx context.Context, conn *Conn, sizes *[]int) error {
				no, _, err := refusals(ctx, conn, adds(c.flags, 256))
				if err != nil {
					return err
				}
				if len(no) > 0 {
					t.Errorf("refused: %v", no)
				}
				// A system that bounds SO_RCVBUF below 256 KiB takes two sends.
				if want := min(256, conn.room/ackRoom); (*sizes)[0] != want {
					t.Errorf("want %d messages in the first datagram, got %d", want, *sizes)
				}
				return countIs(ctx, conn, 256)
			})
		})
	}
}

// Refusals in the middle of a pack are told with the index of their request,
// whether it asked for an acknowledgement or not, and what stands around them
// is done.
func TestKernelRefusalsInPack(t *testing.T) {
	for _, c := range []struct {
		name  string
		flags uint16
	}{{"each asks", nl.Ack}, {"none asks", 0}} {
		t.Run(c.name, func(t *testing.T) {
			onKernel(t, 1<<20, func(ctx context.Context, conn *Conn, _ *[]int) error {
				reqs := adds(c.flags, 256)
				reqs[7] = nexthop(unix.RTM_NEWNEXTHOP, addNew|c.flags, 7)   // stands at index 6
				reqs[100] = nexthop(unix.RTM_DELNEXTHOP, c.flags, 1000)     // there is none
				reqs[255] = nexthop(unix.RTM_NEWNEXTHOP, addNew|c.flags, 1) // stands at index 0
				reqs[200].Body = attr.Put(slices.Clone(reqs[200].Body), 77, []byte("abc"))
				no, order, err := refusals(ctx, conn, reqs)
				if err != nil {
					return err
				}
				if want := []int{7, 100, 200, 255}; !slices.Equal(order, want) {
					t.Errorf("want refusals of %d, got %d: %v", want, order, no)
				}
				for i, want := range map[int]unix.Errno{7: unix.EEXIST, 100: unix.ENOENT, 200: unix.EINVAL, 255: unix.EEXIST} {
					e := no[i]
					switch {
					case e == nil:
					case e.Errno != want:
						t.Errorf("%d: want %v, got %v", i, want, e)
					case e.Request != &reqs[i]:
						t.Errorf("%d: the error holds another request", i)
					}
				}
				// The offset counts from the header of its own message, not from
				// the datagram's beginning: nlmsghdr 16, nhmsg 8, NHA_ID 8,
				// NHA_BLACKHOLE 4.
				if e := no[200]; e != nil && e.Text != "" && e.Offset != 36 {
					t.Errorf("want the unknown attribute at offset 36, got %d (%v)", e.Offset, e)
				}
				return countIs(ctx, conn, 252)
			})
		})
	}
}

// Whatever the receive buffer, all acknowledgements and all refusals arrive.
// 600 objects are what `-rcvbuf 4096 nexthop flush` failed with.
func TestKernelSmallReceiveBuffer(t *testing.T) {
	for _, rcvbuf := range []int{1, 4096, 32 << 10} {
		for _, c := range []struct {
			name  string
			flags uint16
		}{{"each asks", nl.Ack}, {"none asks", 0}, {"echoes", nl.Ack | nl.Echo}} {
			t.Run(fmt.Sprintf("%d/%s", rcvbuf, c.name), func(t *testing.T) {
				onKernel(t, rcvbuf, func(ctx context.Context, conn *Conn, sizes *[]int) error {
					const n = 600
					if no, _, err := refusals(ctx, conn, adds(c.flags, n)); err != nil || len(no) > 0 {
						return fmt.Errorf("add: %v, refused: %v", err, no)
					}
					if most := slices.Max(*sizes); most > max(1, conn.room/ackRoom) {
						t.Errorf("%d messages in a datagram, with a buffer of %d", most, conn.room)
					}
					if err := countIs(ctx, conn, n); err != nil {
						return err
					}
					no, _, err := refusals(ctx, conn, adds(c.flags, n))
					if err != nil || len(no) != n {
						return fmt.Errorf("add again: %v, %d of %d refused", err, len(no), n)
					}
					if no, _, err := refusals(ctx, conn, deletes(c.flags, n)); err != nil || len(no) > 0 {
						return fmt.Errorf("delete: %v, refused: %v", err, no)
					}
					return countIs(ctx, conn, 0)
				})
			})
		}
	}
}

// With more packed than the buffer has room for the kernel loses answers, and
// Send says so, after those that it got.
func TestKernelOverrun(t *testing.T) {
	onKernel(t, 4096, func(ctx context.Context, conn *Conn, _ *[]int) error {
		if no, _, err := refusals(ctx, conn, adds(nl.Ack, 100)); err != nil || len(no) > 0 {
			return fmt.Errorf("add: %v, refused: %v", err, no)
		}
		room := conn.room
		conn.room = 1 << 20 // a lie
		no, order, err := refusals(ctx, conn, adds(nl.Ack, 100))
		if !errors.Is(err, unix.ENOBUFS) || !strings.Contains(err.Error(), "lost") {
			t.Errorf("want an error that says that answers were lost, got %v", err)
		}
		if len(no) == 0 || len(no) == 100 || !slices.IsSorted(order) || order[len(order)-1] != len(order)-1 {
			t.Errorf("want the first refusals of 100, got %d", order)
		}
		// The socket goes on.
		conn.room = room
		if no, _, err := refusals(ctx, conn, deletes(nl.Ack, 100)); err != nil || len(no) > 0 {
			return fmt.Errorf("delete: %v, refused: %v", err, no)
		}
		return countIs(ctx, conn, 0)
	})
}

// A refusal comes back without its request and with all that it says.
func TestKernelCapsRefusals(t *testing.T) {
	onKernel(t, 0, func(ctx context.Context, conn *Conn, _ *[]int) error {
		var answer []byte
		conn.tap = func(sent bool, b []byte) {
			if !sent {
				answer = slices.Clone(b)
			}
		}
		bad := nexthop(unix.RTM_NEWNEXTHOP, addNew, 1)
		bad.Body = attr.Put(bad.Body, 77, []byte("abc"))
		var e *nl.Error
		if err := conn.Do(ctx, bad, nil); !errors.As(err, &e) || e.Errno != unix.EINVAL || e.Text == "" || e.Offset != 36 {
			return fmt.Errorf("want EINVAL with a text and offset 36, got %+v", err)
		}
		m, _, _, err := nl.Next(answer)
		if err != nil {
			return err
		}
		if m.Flags != nl.Capped|nl.AckTLVs {
			t.Errorf("want NLM_F_CAPPED|NLM_F_ACK_TLVS, got %#x", m.Flags)
		}
		if request, _, _ := nl.AckParts(m); len(request) != nl.HeaderLen {
			t.Errorf("want the request's header alone, got % x", request)
		}
		return nil
	})
}

// Do gives the echo, then takes the yes.
func TestKernelEcho(t *testing.T) {
	onKernel(t, 0, func(ctx context.Context, conn *Conn, _ *[]int) error {
		var types []uint16
		err := conn.Do(ctx, nexthop(unix.RTM_NEWNEXTHOP, addNew|nl.Echo, 5), func(m nl.Msg) error {
			types = append(types, m.Type)
			return nil
		})
		if want := []uint16{unix.RTM_NEWNEXTHOP}; err != nil || !slices.Equal(types, want) {
			return fmt.Errorf("want echoes %d, got %d, %v", want, types, err)
		}
		return conn.Get(ctx, nexthop(unix.RTM_GETNEXTHOP, 0, 5), func(m nl.Msg) error {
			if m.Type != unix.RTM_NEWNEXTHOP {
				t.Errorf("want an object, got type %d", m.Type)
			}
			return nil
		})
	})
}

// A wait that nothing ends but its context ends with it.
func TestWaitEndsWithContext(t *testing.T) {
	onKernel(t, 0, func(_ context.Context, conn *Conn, _ *[]int) error {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		if _, err := conn.recv(ctx, false); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("want context.DeadlineExceeded, got %v", err)
		}
		return nil
	})
}
