// Package sock is the only package that opens a netlink socket.
package sock

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	vnl "github.com/vishvananda/netlink/nl"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"nhctl/internal/nl"
)

// Options of a socket.
type Options struct {
	// RcvBuf is the size asked for with SO_RCVBUF, in bytes; 0 leaves the
	// kernel's.
	RcvBuf int
	// Strict asks for NETLINK_GET_STRICT_CHK, under which the kernel filters
	// dumps and refuses what it does not know. A kernel without it (below
	// 4.20) is no error: user space filters anyway.
	Strict bool
	// Tap sees every datagram; its bytes are valid during the call only.
	Tap func(sent bool, datagram []byte)
}

// Conn is an rtnetlink socket in the network namespace of the thread that
// called Dial. It implements nl.Conn.
type Conn struct {
	s    *vnl.NetlinkSocket
	fd   int
	port uint32
	seq  uint32
	in   []byte
	out  []byte
	tap  func(sent bool, datagram []byte)
}

var _ nl.Conn = (*Conn)(nil)

// Sizes in bytes. A dump's datagrams grow to 32 KiB when the reader offers
// as much; the largest single message is a route with a full RTA_MULTIPATH,
// a little above 64 KiB. sendBuf must hold what Send packs into a datagram.
const (
	recvSize = 128 << 10
	sendBuf  = 1 << 20
	packSize = 48 << 10
	packMax  = 256
)

// Dial opens a socket.
func Dial(o Options) (*Conn, error) {
	s, err := vnl.GetNetlinkSocketAt(netns.None(), netns.None(), unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open netlink socket: %w", err)
	}
	c := &Conn{s: s, fd: s.GetFd(), tap: o.Tap, seq: uint32(time.Now().Unix())}
	if err := c.setup(o); err != nil {
		s.Close()
		return nil, err
	}
	return c, nil
}

func (c *Conn) setup(o Options) error {
	if o.RcvBuf > 0 {
		if err := unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, o.RcvBuf); err != nil {
			return fmt.Errorf("set SO_RCVBUF: %w", err)
		}
	}
	// Not allowed or not known: the defaults serve, but slower.
	if unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, sendBuf) != nil {
		_ = unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_SNDBUF, sendBuf)
	}
	_ = unix.SetsockoptInt(c.fd, unix.SOL_NETLINK, unix.NETLINK_EXT_ACK, 1)
	if o.Strict {
		_ = unix.SetsockoptInt(c.fd, unix.SOL_NETLINK, unix.NETLINK_GET_STRICT_CHK, 1)
	}
	port, err := c.s.GetPid()
	if err != nil {
		return fmt.Errorf("netlink port: %w", err)
	}
	c.port = port
	return nil
}

// Close closes the socket.
func (c *Conn) Close() error {
	c.s.Close()
	return nil
}

func (c *Conn) send(b []byte) error {
	if c.tap != nil {
		c.tap(true, b)
	}
	for {
		err := unix.Sendto(c.fd, b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN):
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

// recv waits for a datagram from the kernel.
func (c *Conn) recv(ctx context.Context) ([]byte, error) { return c.recvFlags(ctx, false) }

// recvFlags is recv; with poll it returns nil when nothing is queued.
func (c *Conn) recvFlags(ctx context.Context, poll bool) ([]byte, error) {
	if c.in == nil {
		c.in = make([]byte, recvSize)
	}
	for {
		n, _, flags, from, err := unix.Recvmsg(c.fd, c.in, nil, 0)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN) && poll:
			return nil, nil
		case errors.Is(err, unix.EAGAIN):
			if err := c.wait(ctx); err != nil {
				return nil, err
			}
			continue
		case err != nil:
			return nil, fmt.Errorf("netlink receive: %w", err)
		}
		if sa, ok := from.(*unix.SockaddrNetlink); !ok || sa.Pid != 0 {
			continue // another process, not the kernel
		}
		if flags&unix.MSG_TRUNC != 0 {
			return nil, fmt.Errorf("netlink message longer than %d bytes", len(c.in))
		}
		if n == 0 {
			return nil, errors.New("netlink socket was closed")
		}
		if c.tap != nil {
			c.tap(false, c.in[:n])
		}
		return c.in[:n], nil
	}
}

// wait returns when there is something to read or ctx is done.
func (c *Conn) wait(ctx context.Context) error {
	fds := []unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLIN}}
	if ctx.Done() != nil {
		var pipe [2]int
		if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
			return fmt.Errorf("pipe: %w", err)
		}
		stop := context.AfterFunc(ctx, func() { _, _ = unix.Write(pipe[1], []byte{0}) })
		defer func() {
			if !stop() {
				// The function runs or has run: it needs the pipe a moment more.
				for n := 0; n == 0; {
					n, _ = unix.Read(pipe[0], make([]byte, 1))
					runtime.Gosched()
				}
			}
			unix.Close(pipe[0])
			unix.Close(pipe[1])
		}()
		fds = append(fds, unix.PollFd{Fd: int32(pipe[0]), Events: unix.POLLIN})
	}
	for {
		_, err := unix.Poll(fds, -1)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("poll: %w", err)
		}
		return ctx.Err()
	}
}

// each gives the messages that answer seq to f until f says stop.
func (c *Conn) each(ctx context.Context, mine func(seq uint32) bool, f func(nl.Msg) (stop bool, err error)) error {
	for {
		b, err := c.recv(ctx)
		if err != nil {
			return err
		}
		var stop bool
		var ferr error
		err = nl.Split(b, func(m nl.Msg) bool {
			if m.Port != c.port || !mine(m.Seq) {
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

func only(seq uint32) func(uint32) bool { return func(s uint32) bool { return s == seq } }

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
	return c.each(ctx, only(seq), func(m nl.Msg) (bool, error) {
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
	err = c.each(ctx, only(seq), func(m nl.Msg) (bool, error) {
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
// that all answers are queued when it returns.
func (c *Conn) Send(ctx context.Context, reqs []nl.Msg, done func(i int, err *nl.Error), reply func(i int, m nl.Msg)) error {
	for first := 0; first < len(reqs); {
		c.out = c.out[:0]
		base := c.seq + 1
		acks := 0
		n := first
		for n < len(reqs) && n-first < packMax && (n == first || len(c.out)+reqs[n].WireLen() <= packSize) {
			m := reqs[n]
			c.seq++
			m.Seq, m.Port = c.seq, 0
			if m.Flags&nl.Ack != 0 {
				acks++
			}
			c.out = m.AppendTo(c.out)
			n++
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

// answers reads until all acknowledgements that were asked for are there,
// then what else is queued.
func (c *Conn) answers(ctx context.Context, reqs []nl.Msg, base uint32, acks int, done func(int, *nl.Error), reply func(int, nl.Msg)) error {
	for {
		b, err := c.recvFlags(ctx, acks == 0)
		if err != nil || b == nil {
			return err
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
