package sock

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"syscall"

	"nhctl/internal/nl"
)

// A transport is the descriptor under a Conn. Its errors are bare errnos; it
// repeats nothing and judges nothing, so that a script can stand in for it.
type transport interface {
	// send sends one datagram to the kernel.
	send(b []byte) error
	// recv reads one datagram into b without waiting: EAGAIN when none is
	// queued.
	recv(b []byte) (datagram, error)
	// wait returns when recv has something to say; a done ctx is its error.
	wait(ctx context.Context) error
	close() error
}

// A datagram is what recv read: n bytes, 0 at the end of the stream, from the
// port of the sender, which is 0 for the kernel.
type datagram struct {
	n         int
	from      uint32
	truncated bool // was longer than the buffer
}

// Conn is an rtnetlink socket in the network namespace of the thread that
// called Dial. It implements nl.Conn.
type Conn struct {
	t    transport
	port uint32 // ours, to which the kernel's answers are addressed
	room int    // bytes of answers that may be queued: the effective SO_RCVBUF
	seq  uint32
	in   []byte
	out  []byte
	tap  func(sent bool, datagram []byte)
}

var _ nl.Conn = (*Conn)(nil)

// Sizes in bytes. A dump's datagrams grow to 32 KiB when the reader offers
// as much; the largest single message is a route with a full RTA_MULTIPATH,
// a little above 64 KiB. sendBuf must hold what Send packs into a datagram.
//
// ackRoom is what an acknowledgement takes of the receive buffer, where the
// kernel counts its own structures, too (skb->truesize). With NETLINK_CAP_ACK
// and the longest texts kernel 6.18 counted 832.
const (
	recvSize = 128 << 10
	sendBuf  = 1 << 20
	packSize = 48 << 10
	packMax  = 256
	ackRoom  = 1 << 10
)

// errOverrun is ENOBUFS from a read: the receive buffer was full, and the
// kernel threw away what it had to say.
var errOverrun = fmt.Errorf("answers of the kernel were lost, the receive buffer is too small: %w", syscall.ENOBUFS)

// Close closes the socket.
func (c *Conn) Close() error { return c.t.close() }

func (c *Conn) send(b []byte) error {
	if c.tap != nil {
		c.tap(true, b)
	}
	for {
		err := c.t.send(b)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, syscall.EINTR), errors.Is(err, syscall.EAGAIN):
			continue
		}
		return fmt.Errorf("send to rtnetlink: %w", err)
	}
}

func (c *Conn) sendOne(req nl.Msg, flags uint16) (seq uint32, err error) {
	c.seq++
	req.Seq, req.Port = c.seq, 0
	req.Flags |= flags
	c.out = req.AppendTo(c.out[:0])
	return c.seq, c.send(c.out)
}

// recv waits for a datagram from the kernel; with poll it returns nil when
// nothing is queued.
func (c *Conn) recv(ctx context.Context, poll bool) ([]byte, error) {
	if c.in == nil {
		c.in = make([]byte, recvSize)
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		d, err := c.t.recv(c.in)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN) && poll:
			return nil, nil
		case errors.Is(err, syscall.EAGAIN):
			if err := c.t.wait(ctx); err != nil {
				return nil, err
			}
			continue
		case errors.Is(err, syscall.ENOBUFS):
			return nil, errOverrun
		case err != nil:
			return nil, fmt.Errorf("netlink receive: %w", err)
		case d.n == 0:
			return nil, errors.New("netlink socket was closed")
		case d.from != 0:
			continue // another process, not the kernel
		}
		if c.tap != nil {
			c.tap(false, c.in[:d.n])
		}
		if d.truncated {
			return nil, fmt.Errorf("netlink message longer than %d bytes", len(c.in))
		}
		return c.in[:d.n], nil
	}
}

// each gives the messages that answer seq to f until f says stop. Others are
// late answers to a request that was given up.
func (c *Conn) each(ctx context.Context, seq uint32, f func(nl.Msg) (stop bool, err error)) error {
	for {
		b, err := c.recv(ctx, false)
		if err != nil {
			return err
		}
		var stop bool
		var ferr error
		err = nl.Split(b, func(m nl.Msg) bool {
			if m.Port != c.port || m.Seq != seq {
				return true
			}
			stop, ferr = f(m)
			return !stop && ferr == nil
		})
		switch {
		case ferr != nil:
			return ferr
		case err != nil:
			return err
		case stop:
			return nil
		}
	}
}

// Do implements nl.Conn.
func (c *Conn) Do(ctx context.Context, req nl.Msg, reply func(nl.Msg) error) error {
	return c.talk(ctx, req, nl.Ack, func(m nl.Msg) (bool, error) {
		if reply == nil {
			return false, nil
		}
		return false, reply(m)
	})
}

// Get implements nl.Conn.
func (c *Conn) Get(ctx context.Context, req nl.Msg, reply func(nl.Msg) error) error {
	return c.talk(ctx, req, 0, func(m nl.Msg) (bool, error) { return true, reply(m) })
}

func (c *Conn) talk(ctx context.Context, req nl.Msg, flags uint16, f func(nl.Msg) (bool, error)) error {
	seq, err := c.sendOne(req, flags)
	if err != nil {
		return err
	}
	return c.each(ctx, seq, func(m nl.Msg) (bool, error) {
		if m.Type != nl.TypeError {
			return f(m)
		}
		e, err := nl.ParseAck(m)
		if err != nil {
			return true, err
		}
		if e != nil {
			e.Request = &req
			return true, e
		}
		return true, nil
	})
}

// Dump implements nl.Conn.
func (c *Conn) Dump(ctx context.Context, req nl.Msg, f func(nl.Msg) error) error {
	seq, err := c.sendOne(req, nl.Dump)
	if err != nil {
		return err
	}
	interrupted := false
	err = c.each(ctx, seq, func(m nl.Msg) (bool, error) {
		interrupted = interrupted || m.Flags&nl.DumpIntr != 0
		switch m.Type {
		case nl.TypeDone:
			if e := nl.ParseDone(m); e != nil {
				e.Request = &req
				return true, e
			}
			return true, nil
		case nl.TypeError:
			e, err := nl.ParseAck(m)
			if err != nil || e == nil {
				return true, err
			}
			e.Request = &req
			return true, e
		}
		return false, f(m)
	})
	if err == nil && interrupted {
		return nl.ErrDumpInterrupted
	}
	return err
}

// Send implements nl.Conn. The kernel works through a datagram's messages in
// order within the send itself (netlink_unicast_kernel of af_netlink.c), so
// that all answers are queued when it returns. They must fit in the receive
// buffer until then, which is why a small one makes small datagrams. When some
// were lost all the same, those that are there are told before the error.
func (c *Conn) Send(ctx context.Context, reqs []nl.Msg, done func(i int, err *nl.Error), reply func(i int, m nl.Msg)) error {
	for first := 0; first < len(reqs); {
		if err := ctx.Err(); err != nil {
			return err
		}
		c.out = c.out[:0]
		base := c.seq + 1
		acks := 0
		n := first + c.fits(reqs[first:])
		for _, m := range reqs[first:n] {
			c.seq++
			m.Seq, m.Port = c.seq, 0
			if m.Flags&nl.Ack != 0 {
				acks++
			}
			c.out = m.AppendTo(c.out)
		}
		if err := c.send(c.out); err != nil {
			return err
		}
		if err := c.answers(ctx, reqs[first:n], base, acks,
			func(i int, e *nl.Error) { done(first+i, e) },
			func(i int, m nl.Msg) {
				if reply != nil {
					reply(first+i, m)
				}
			}); err != nil {
			return err
		}
		first = n
	}
	return nil
}

// fits is how many of the requests go into one datagram, at least one. Any of
// them may be refused, so each counts as an answer, and one with NLM_F_ECHO as
// another that is as long as itself; the kernel rounds lengths up to the next
// power of two.
func (c *Conn) fits(reqs []nl.Msg) int {
	size, room := 0, 0
	for i := range reqs {
		n := reqs[i].WireLen()
		size += n
		room += ackRoom
		if reqs[i].Flags&nl.Echo != 0 {
			room += ackRoom + 2*n
		}
		if i == packMax || i > 0 && (size > packSize || room > c.room) {
			return i
		}
	}
	return len(reqs)
}

// answers reads until all acknowledgements that were asked for are there,
// then what else is queued.
func (c *Conn) answers(ctx context.Context, reqs []nl.Msg, base uint32, acks int, done func(int, *nl.Error), reply func(int, nl.Msg)) error {
	var lost error
	for {
		b, err := c.recv(ctx, acks == 0 || lost != nil)
		if errors.Is(err, errOverrun) {
			lost = err // the kernel says it before what is still queued
			continue
		}
		if err != nil || b == nil {
			return cmp.Or(err, lost)
		}
		var bad error
		err = nl.Split(b, func(m nl.Msg) bool {
			i := m.Seq - base
			if m.Port != c.port || i >= uint32(len(reqs)) {
				return true
			}
			if m.Type != nl.TypeError {
				reply(int(i), m)
				return true
			}
			var e *nl.Error
			if e, bad = nl.ParseAck(m); bad != nil {
				return false
			}
			if reqs[i].Flags&nl.Ack != 0 {
				acks--
			}
			if e != nil {
				e.Request = &reqs[i]
				done(int(i), e)
			}
			return true
		})
		if err = cmp.Or(err, bad); err != nil {
			return err
		}
	}
}
