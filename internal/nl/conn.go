package nl

import (
	"context"
	"errors"
)

// ErrDumpInterrupted says that a dump ended well but that the kernel marked
// it as raced by a change (NLM_F_DUMP_INTR). What was delivered may lack
// entries or hold some twice.
var ErrDumpInterrupted = errors.New("dump was interrupted and may be inconsistent")

// Conn talks to a kernel's rtnetlink. A Conn is used by one goroutine at a
// time.
type Conn interface {
	// Do sends one request and waits for its acknowledgement, which it asks
	// for. Messages that the kernel sends back before it (echoes, answers)
	// go to reply, which may be nil; their bodies are valid during the call
	// only. A no is an *Error; so is a yes with a remark, with Errno 0.
	Do(ctx context.Context, req Msg, reply func(Msg) error) error

	// Get sends one request and waits for the single message or the error
	// that answers it; no acknowledgement is asked for.
	Get(ctx context.Context, req Msg, reply func(Msg) error) error

	// Dump sends a dump request and gives each entry to f, whose error ends
	// the dump and is returned. ErrDumpInterrupted is returned after all
	// entries were given.
	Dump(ctx context.Context, req Msg, f func(Msg) error) error

	// Send sends many requests, packed, with the flags they have, and calls
	// done with the index and the answer of each that was refused or remarked
	// upon. It waits for the acknowledgements that were asked for; a refusal
	// of a request that asked for none is there as soon as it was sent, since
	// rtnetlink works within the send. What else comes back (echoes) goes to
	// reply, which may be nil. The error is the socket's; one that is ENOBUFS
	// says that answers were lost: how requests went that done was not called
	// for is then not known.
	Send(ctx context.Context, reqs []Msg, done func(i int, err *Error), reply func(i int, m Msg)) error

	Close() error
}
