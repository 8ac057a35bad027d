// Package sock is the only package that opens a netlink socket.
package sock

import (
	"context"
	"errors"
	"fmt"
	"time"

	vnl "github.com/vishvananda/netlink/nl"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
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

// A socket is the transport that reaches the kernel.
type socket struct {
	s  *vnl.NetlinkSocket
	fd int
}

// Dial opens a socket.
func Dial(o Options) (*Conn, error) {
	vs, err := vnl.GetNetlinkSocketAt(netns.None(), netns.None(), unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open netlink socket: %w", err)
	}
	s := &socket{s: vs, fd: vs.GetFd()}
	c := &Conn{t: s, tap: o.Tap, seq: uint32(time.Now().Unix())}
	if c.room, err = s.setup(o); err == nil {
		c.port, err = vs.GetPid()
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("set up netlink socket: %w", err)
	}
	return c, nil
}

// setup sets the options and returns the size of the receive buffer, which
// the kernel bounds and doubles (sock_setsockopt in net/core/sock.c).
func (s *socket) setup(o Options) (rcvbuf int, err error) {
	if o.RcvBuf > 0 {
		if err := unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, o.RcvBuf); err != nil {
			return 0, fmt.Errorf("set SO_RCVBUF: %w", err)
		}
	}
	// Not allowed or not known: the defaults serve, but slower.
	if unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, sendBuf) != nil {
		_ = unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_SNDBUF, sendBuf)
	}
	_ = unix.SetsockoptInt(s.fd, unix.SOL_NETLINK, unix.NETLINK_EXT_ACK, 1)
	// Refusals without the request, which the Conn has, all take the same room.
	_ = unix.SetsockoptInt(s.fd, unix.SOL_NETLINK, unix.NETLINK_CAP_ACK, 1)
	if o.Strict {
		_ = unix.SetsockoptInt(s.fd, unix.SOL_NETLINK, unix.NETLINK_GET_STRICT_CHK, 1)
	}
	rcvbuf, err = unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
	if err != nil {
		return 0, fmt.Errorf("read SO_RCVBUF: %w", err)
	}
	return rcvbuf, nil
}

func (s *socket) close() error {
	s.s.Close()
	return nil
}

func (s *socket) send(b []byte) error {
	return unix.Sendto(s.fd, b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
}

func (s *socket) recv(b []byte) (datagram, error) {
	n, _, flags, from, err := unix.Recvmsg(s.fd, b, nil, 0)
	if err != nil {
		return datagram{}, err
	}
	sa, ok := from.(*unix.SockaddrNetlink)
	if !ok {
		return datagram{}, nil // a netlink datagram has a sender; the end has none
	}
	return datagram{n: n, from: sa.Pid, truncated: flags&unix.MSG_TRUNC != 0}, nil
}

// wait returns when there is something to read or ctx is done.
func (s *socket) wait(ctx context.Context) error {
	fds := []unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN}}
	if ctx.Done() != nil {
		var pipe [2]int
		if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
			return fmt.Errorf("pipe: %w", err)
		}
		written := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			_, _ = unix.Write(pipe[1], []byte{0})
			close(written)
		})
		defer func() {
			if !stop() {
				<-written // or it would write to whatever has the number next
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
