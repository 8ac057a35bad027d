package cli

import (
	"io"

	"nhctl/internal/nl"
	"nhctl/internal/nl/sock"
)

// Env is what the commands may use of the world. Nothing below Main looks at
// os.Stdout, the environment or the clock.
type Env struct {
	In       io.Reader
	Out, Err io.Writer
	InTTY    bool // standard input is a terminal
	OutTTY   bool
	Width    int // columns of the terminal; 0 unknown
	Getenv   func(string) string
	Dial     func(DialOptions) (nl.Conn, error)
	Etc, Usr string // directories of iproute2's name files
	Singles  int    // commands of a batch that go one by one before packs begin
}

// DialOptions are what a command asks of a socket.
type DialOptions struct {
	Strict bool
	RcvBuf int
	Tap    func(sent bool, datagram []byte)
}

// dialKernel opens a socket to this kernel.
func dialKernel(o DialOptions) (nl.Conn, error) {
	return sock.Dial(sock.Options{Strict: o.Strict, RcvBuf: o.RcvBuf, Tap: o.Tap})
}
