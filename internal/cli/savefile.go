package cli

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"golang.org/x/sys/unix"

	"nhctl/internal/cli/out"
	"nhctl/internal/nl"
	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

var ne = binary.NativeEndian

// The file of `route save`, in host byte order:
//
//	u32 0x45311224              as ip writes it
//	netlink messages            each at a multiple of 4 bytes
//
// RTM_NEWROUTE messages are those of the dump, byte for byte. Before the first
// of them that needs it stands a record of nhctl's own, an NLMSG_NOOP message
// with flags, sequence number and port id 0. `ip route restore` hands records
// to the kernel, which acknowledges and ignores them; `ip route showdump`
// says "Not a route" and goes on. A record's body is
//
//	u8[4] "nhct", u16 version 1, u16 kind, u32 0
//	netlink attributes          above RTA_MAX, so that ip looks at none
//
// and its kinds are
//
//	1 device    1001 u32 index, 1002 string name
//	2 nexthop   1003 an RTM_NEWNEXTHOP message with its header
//
// A device stands before the first message, also inside a record, that holds
// its index; an object before the first route that uses it; a member before
// the first group. Readers skip kinds they do not know and refuse versions
// they do not know.
const (
	saveMagic = 0x45311224

	recordMagic   = "nhct"
	recordVersion = 1
	recordHeader  = 12
	recordDevice  = 1
	recordNexthop = 2

	recordIndex   = 1001
	recordName    = 1002
	recordMessage = 1003
)

// maxSaved is the longest message that a file may hold: above what a route
// with a full RTA_MULTIPATH takes.
const maxSaved = 128 << 10

func beginRecord(kind uint16) []byte {
	b := append(make([]byte, 0, 64), recordMagic...)
	b = ne.AppendUint16(b, recordVersion)
	b = ne.AppendUint16(b, kind)
	return ne.AppendUint32(b, 0)
}

func endRecord(body []byte) []byte {
	m := nl.Msg{Header: nl.Header{Type: nl.TypeNoop}, Body: body}
	return m.AppendTo(nil)
}

func deviceRecord(index uint32, name string) []byte {
	b := attr.Put(beginRecord(recordDevice), recordIndex, ne.AppendUint32(nil, index))
	return endRecord(attr.Put(b, recordName, append([]byte(name), 0)))
}

// nexthopRecord is nil for a message that is too long for an attribute: a
// group of more than 8000 members.
func nexthopRecord(m nl.Msg) []byte {
	raw := m.AppendTo(nil)
	if len(raw) > math.MaxUint16-attr.HeaderLen {
		return nil
	}
	return endRecord(attr.Put(beginRecord(recordNexthop), recordMessage, raw))
}

// A record is what an NLMSG_NOOP message of ours says; kind 0 is none of ours
// or of a kind that is not known.
type record struct {
	kind  uint16
	index uint32
	name  string
	msg   nl.Msg
}

func readRecord(body []byte) (r record, err error) {
	if len(body) < recordHeader || string(body[:4]) != recordMagic {
		return r, nil
	}
	if v := ne.Uint16(body[4:]); v != recordVersion {
		return r, fmt.Errorf("record of version %d, which this nhctl does not know", v)
	}
	if err := attr.Check(body[recordHeader:]); err != nil {
		return r, err
	}
	for run := body[recordHeader:]; ; {
		typ, p, rest, ok := attr.Next(run)
		if !ok {
			break
		}
		switch typ {
		case recordIndex:
			if len(p) == 4 {
				r.index = ne.Uint32(p)
			}
		case recordName:
			r.name = string(bytes.TrimSuffix(p, []byte{0}))
		case recordMessage:
			m, _, ok, err := nl.Next(p)
			if err != nil {
				return r, err
			}
			if ok {
				r.msg = m
			}
		}
		run = rest
	}
	switch r.kind = ne.Uint16(body[6:]); r.kind {
	case recordDevice:
		if r.index == 0 || r.name == "" || len(r.name) > 127 || bytes.IndexByte([]byte(r.name), 0) >= 0 {
			return r, errors.New("record of a device without index or name")
		}
	case recordNexthop:
		var n rt.Nexthop
		if r.msg.Type != unix.RTM_NEWNEXTHOP {
			return r, fmt.Errorf("record of a nexthop holds %s", rt.TypeName(r.msg.Type))
		}
		if err := rt.DecodeNexthop(&n, r.msg.Body); err != nil {
			return r, err
		}
		if n.ID.V == 0 {
			return r, errors.New("record of a nexthop without id")
		}
	default:
		r.kind = 0
	}
	return r, nil
}

// A dumpError is what is wrong with a file; text is ip's line where ip has
// one.
type dumpError struct {
	text string
	at   int64
	err  error
}

func (e *dumpError) Error() string {
	if e.err == nil {
		return e.text
	}
	return fmt.Sprintf("message at byte %d: %s", e.at, e.err)
}

// readDump gives the messages behind the magic number to f, whose error ends
// it. Bodies are valid during the call only.
func readDump(r io.Reader, f func(nl.Msg) error) error {
	at := int64(4)
	var head [nl.HeaderLen]byte
	var body []byte
	for {
		n, err := io.ReadFull(r, head[:])
		if n == 0 && errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return truncated(at, err)
		}
		size := int64(ne.Uint32(head[:]))
		if size < nl.HeaderLen || size > maxSaved {
			return &dumpError{text: fmt.Sprintf("!!!malformed message: len=%d @%d", int32(size), at+nl.HeaderLen), at: at}
		}
		want := attr.Align(int(size)) - nl.HeaderLen
		if cap(body) < want {
			body = make([]byte, want)
		}
		body = body[:want]
		if _, err := io.ReadFull(r, body); err != nil {
			return truncated(at, err)
		}
		m := nl.Msg{Header: nl.Header{
			Type: ne.Uint16(head[4:]), Flags: ne.Uint16(head[6:]), Seq: ne.Uint32(head[8:]), Port: ne.Uint32(head[12:]),
		}, Body: body[: size-nl.HeaderLen : size-nl.HeaderLen]}
		if err := f(m); err != nil {
			var exit exitError
			if errors.As(err, &exit) {
				return err
			}
			return &dumpError{at: at, err: err}
		}
		at += nl.HeaderLen + int64(want)
	}
}

func truncated(at int64, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &dumpError{text: "rtnl-from_file: truncated message", at: at}
	}
	return fmt.Errorf("read: %w", err)
}

// badDump reports what readDump returned; what says what did not happen.
func (a *app) badDump(err error, what string) error {
	var exit exitError
	var e *dumpError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit):
		return err
	case errors.As(err, &e) && e.err == nil:
		fmt.Fprintf(a.env.Err, "%s\n", e.text)
		a.note("the message at byte %d is broken; %s", e.at, what)
	default:
		a.note("%s; %s", out.AppendSafe(nil, err.Error()), what)
	}
	return exitError(exitKernel)
}

// checkMagic reads the first 4 bytes.
func (a *app) checkMagic(r io.Reader) error {
	if a.env.InTTY {
		io.WriteString(a.env.Err, "Can't restore route dump from a terminal\n")
		return exitError(exitSyntax)
	}
	var b [4]byte
	n, _ := io.ReadFull(r, b[:])
	if v := ne.Uint32(b[:]); v != saveMagic {
		fmt.Fprintf(a.env.Err, "Magic mismatch (%d elems, %x magic)\n", n/4, v)
		a.note("standard input is no file that `route save` wrote")
		return exitError(exitSyntax)
	}
	return nil
}

// checkRoute says what the file may not hold of a route.
func checkRoute(r *rt.Route, m nl.Msg) error {
	if m.Type != unix.RTM_NEWROUTE {
		return fmt.Errorf("%s where a route should be", rt.TypeName(m.Type))
	}
	if err := rt.DecodeRoute(r, m.Body); err != nil {
		return err
	}
	for _, u := range r.Unknown {
		if u.Type&attr.TypeMask == unix.RTA_MULTIPATH {
			return errors.New("RTA_MULTIPATH that breaks off")
		}
	}
	return nil
}
